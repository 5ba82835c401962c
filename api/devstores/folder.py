"""The data folder: what lies where in it, where the sockets are, and who may use it."""

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

from api.devstores.errors import StoreError

# A socket's path has room for 104 bytes on macOS (108 on Linux), "/.s.PGSQL.5432" included.
_LONGEST = 85
# Commas, spaces and percent signs mean something in a connection string.
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
# For how long a start waits for the stores of a parent that was killed to end.
_PATIENCE = 20.0


@dataclass(frozen=True)
class DataFolder:
    """A folder that holds the data, logs and sockets of the embedded stores."""

    path: Path

    @property
    def postgres(self) -> Path:
        """Where PostgreSQL keeps its files."""
        return self.path / "postgres"

    @property
    def lock(self) -> Path:
        """The file whose lock says that the stores run."""
        return self.path / "lock"

    @property
    def sockets(self) -> Path:
        """Where the sockets are: in here, or in the temporary folder if the path does not suit."""
        here = self.path / "run"
        if _suits(here):
            return here
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        there = Path(tempfile.gettempdir()) / f"millitask-{digest}"
        if not _suits(there):
            raise StoreError(
                f"the path of the data folder {self.path} is too long or too unusual for a socket, "
                f"and so is that of the temporary folder; set TMPDIR or MILLITASK_DATA_DIR"
            )
        return there

    def log(self, name: str) -> Path:
        """Where a store writes its log."""
        return self.path / f"{name}.log"

    def create(self) -> None:
        """Make the folder."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot create the data folder {self.path}: {error.strerror}; "
                "set MILLITASK_DATA_DIR to a folder that can be written to"
            ) from None

    def remove(self) -> None:
        """Delete what is in it, but for the lock, which somebody may be waiting for."""
        # Nothing but what we made: the folder may hold other things of its owner's.
        names = ("postgres", "postgres.new")
        for folder in (*(self.path / name for name in names), self.sockets):
            shutil.rmtree(folder, ignore_errors=True)
        for name in ("postgres.log", "postgres.log.1", "redis.log", "redis.log.1"):
            (self.path / name).unlink(missing_ok=True)

    def create_sockets(self, uid: int) -> None:
        """Make the folder of the sockets, for this user alone."""
        folder = self.sockets
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        # In the temporary folder somebody else may have been there first.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), uid}:
            raise StoreError(f"{folder} belongs to somebody else; remove it, or set TMPDIR")
        folder.chmod(0o700)
        if os.geteuid() != uid:
            os.chown(folder, uid, -1)

    def acquire(self) -> int:
        """Lock the folder and return the lock, a file descriptor.

        The stores inherit it, so that it is free only when the last of them has ended: also
        after their parent was killed.
        """
        self.create()
        descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + _PATIENCE
        while not _try_lock(descriptor):
            owner = _owner(self.lock)
            if (owner is not None and _lives(owner)) or time.monotonic() > deadline:
                os.close(descriptor)
                who = f"process {owner}" if owner is not None else "another process"
                raise StoreError(
                    f"the data folder {self.path} is in use by {who}; "
                    "stop that one first, or choose another MILLITASK_DATA_DIR (make run DATA=…)"
                )
            time.sleep(0.05)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return descriptor


def _suits(folder: Path) -> bool:
    return len(os.fsencode(folder)) <= _LONGEST and _PLAIN.fullmatch(str(folder)) is not None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(lock: Path) -> int | None:
    text = lock.read_text().strip()
    return int(text) if text.isdigit() else None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
