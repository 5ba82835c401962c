"""Whom PostgreSQL runs as: it refuses to be root."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from api.devstores.errors import StoreError
from api.devstores.server import Account


def ordinary_account(postgres: Path) -> Account:
    """Return ourselves if we are not root; else a user namespace, or else an ordinary user."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    user = _somebody()
    for account in (_namespace(user), Account(user.pw_uid, user.pw_gid, switch=True)):
        if account is not None and _works(account, postgres):
            return account
    raise StoreError(
        f"PostgreSQL refuses to run as root, user namespaces are not allowed here, and the user "
        f"{user.pw_name} cannot reach {postgres}; run the service as an ordinary user, "
        "move it to a folder that everybody can read, or set DATABASE_URL"
    )


def _somebody() -> pwd.struct_passwd:
    # initdb wants a user that has a name.
    for name in ("nobody", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return max(pwd.getpwall(), key=lambda user: user.pw_uid)


def _namespace(user: pwd.struct_passwd) -> Account | None:
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    mapping = (f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}")
    # Outside of the namespace it is still root: the files stay root's.
    return Account(0, 0, wrapper=(unshare, "-U", *mapping))


def _works(account: Account, postgres: Path) -> bool:
    try:
        run_as(account, (str(postgres), "--version"))
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def run_as(account: Account, command: tuple[str, ...], *, lock: int | None = None) -> str:
    """Run a command to its end under an account and return what it says."""
    user = account.uid if account.switch else None
    done = subprocess.run(
        [*account.wrapper, *command],
        check=True,
        capture_output=True,
        text=True,
        # The folder we are in may be closed to the other user.
        cwd="/",
        user=user,
        group=account.gid if account.switch else None,
        extra_groups=[] if account.switch else None,
        pass_fds=() if lock is None else (lock,),
    )
    return done.stdout
