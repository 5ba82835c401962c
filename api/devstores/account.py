"""The operating system account of PostgreSQL, which refuses to run as root."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from api.devstores.errors import StoreSetupError
from api.devstores.server import Account


def ordinary_account(postgres: Path) -> Account:
    """Return an account that can run PostgreSQL and is not root. Raises `StoreSetupError` if there is none.

    If this process is root, a user namespace is tried first, then an unprivileged user.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    user = _unprivileged_user()
    for account in (_namespace_account(user), Account(user.pw_uid, user.pw_gid, switch=True)):
        if account is not None and _can_run(account, postgres):
            return account
    raise StoreSetupError(
        f"PostgreSQL refuses to run as root, this system does not allow user namespaces, and the user {user.pw_name} "
        f"cannot read {postgres}. Run the service as an ordinary user, move it to a folder that all users can read, "
        "or set DATABASE_URL."
    )


def run_as(account: Account, command: tuple[str, ...], *, lock: int | None = None) -> str:
    """Run a command under an account and return its output. Raises `CalledProcessError`."""
    user = account.uid if account.switch else None
    completed = subprocess.run(
        [*account.wrapper, *command],
        check=True,
        capture_output=True,
        text=True,
        # The other user may have no access to the current folder.
        cwd="/",
        user=user,
        group=account.gid if account.switch else None,
        extra_groups=[] if account.switch else None,
        pass_fds=() if lock is None else (lock,),
    )
    return completed.stdout


def _unprivileged_user() -> pwd.struct_passwd:
    # initdb requires a user that has a name.
    for name in ("nobody", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return max(pwd.getpwall(), key=lambda user: user.pw_uid)


def _namespace_account(user: pwd.struct_passwd) -> Account | None:
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    mapping = (f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}")
    # Outside of the namespace the process is still root, so the files belong to root.
    return Account(0, 0, wrapper=(unshare, "-U", *mapping))


def _can_run(account: Account, postgres: Path) -> bool:
    try:
        run_as(account, (str(postgres), "--version"))
    except (OSError, subprocess.SubprocessError):
        return False
    return True
