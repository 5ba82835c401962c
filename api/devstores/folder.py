"""The data folder: its layout, its lock and the folder of the sockets."""

import fcntl
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from api.devstores.errors import StoreSetupError

# The path of a socket is limited to 104 bytes on macOS and 108 on Linux, including "/.s.PGSQL.5432".
_MAX_PATH_BYTES = 85
# Commas, spaces and percent signs have a meaning in connection strings.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
# After a service was killed, its stores need a moment to end. A new start waits this long for them.
_LOCK_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class DataFolder:
    """The folder with the data, the logs and the sockets of the embedded stores."""

    path: Path

    @property
    def postgres(self) -> Path:
        """The data folder of PostgreSQL."""
        return self.path / "postgres"

    @property
    def lock(self) -> Path:
        """The file that is locked while the stores run."""
        return self.path / "lock"

    @property
    def sockets(self) -> Path:
        """The folder of the sockets: `run`, or a temporary folder if the path does not suit a socket."""
        preferred = self.path / "run"
        if _suits_sockets(preferred):
            return preferred
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        temporary = Path(tempfile.gettempdir()) / f"millitask-{digest}"
        if not _suits_sockets(temporary):
            raise StoreSetupError(
                f"the paths of the data folder {self.path} and of the temporary folder {temporary.parent} do not suit "
                f"a socket: they must have at most {_MAX_PATH_BYTES} bytes, of letters, digits and / . _ - only. "
                "Set MILLITASK_DATA_DIR or TMPDIR to another folder."
            )
        return temporary

    def log(self, name: str) -> Path:
        """Return the log file of a store."""
        return self.path / f"{name}.log"

    def create(self) -> None:
        """Create the folder, accessible to this user only, unless it exists. Raises `StoreSetupError`."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreSetupError(
                f"cannot create the data folder {self.path}: {error.strerror}. "
                "Set MILLITASK_DATA_DIR to a folder that you can write to."
            ) from None

    def remove(self) -> None:
        """Delete the data, the logs and the sockets, but no other files of the folder.

        The lock file stays, because another process may be waiting for the lock.
        """
        names = ("postgres", "postgres.new")
        for folder in (*(self.path / name for name in names), self.sockets):
            shutil.rmtree(folder, ignore_errors=True)
        for name in ("postgres.log", "postgres.log.1", "redis.log", "redis.log.1"):
            (self.path / name).unlink(missing_ok=True)

    def create_sockets(self, uid: int) -> None:
        """Create the folder of the sockets, accessible to this user only. Raises `StoreSetupError`."""
        folder = self.sockets
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        # Every user can create entries in the temporary folder, so this one could be another user's.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), uid}:
            raise StoreSetupError(f"{folder} belongs to another user. Remove it, or set TMPDIR to another folder.")
        folder.chmod(0o700)
        if os.geteuid() != uid:
            os.chown(folder, uid, -1)

    def acquire(self) -> int:
        """Lock the folder and return the file descriptor of the lock. Raises `StoreSetupError` if it is in use.

        The stores inherit the descriptor. The lock is therefore free only after the last store has ended, even if
        the parent was killed.
        """
        self.create()
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + _LOCK_TIMEOUT_SECONDS
        while not _try_lock(descriptor):
            owner = _owner(self.lock)
            if (owner is not None and _is_alive(owner)) or time.monotonic() > deadline:
                os.close(descriptor)
                user = f"process {owner}" if owner is not None else "another process"
                raise StoreSetupError(
                    f"the data folder {self.path} is in use by {user}. "
                    "Stop that process, or choose another MILLITASK_DATA_DIR (make run DATA=…)."
                )
            time.sleep(0.05)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return descriptor


def _suits_sockets(folder: Path) -> bool:
    return len(os.fsencode(folder)) <= _MAX_PATH_BYTES and _PLAIN_PATH.fullmatch(str(folder)) is not None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(lock: Path) -> int | None:
    text = lock.read_text().strip()
    return int(text) if text.isdigit() else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
