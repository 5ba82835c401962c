"""The error for each reason why Redis does not do what it was asked."""

import hiredis
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeout

from cache.errors import CacheUnavailable, IndexLost, RedisFull, StoreUnavailable
from db.errors import name_server

_CLUSTER = "This Redis is a node of a cluster and does not serve the keys of the service."

# The first words of replies of a node of a cluster that does not serve the slot of a key, or no longer all of its keys.
MOVED = ("MOVED", "ASK", "TRYAGAIN")
# The error of a script that uses a key which the node no longer has.
_NOT_LOCAL = "non local key"

# By the first word of Redis's reply. All others are "Redis refuses a command".
CAUSES = {
    "ASK": _CLUSTER,
    "BUSY": "Redis is busy with a script of another client.",
    "CLUSTERDOWN": _CLUSTER,
    "CROSSSLOT": _CLUSTER,
    "DENIED": "Redis is in protected mode and accepts no connection from another machine.",
    "LOADING": "Redis is loading its data.",
    "MASTERDOWN": "This Redis is a replica, and its primary is down.",
    "MISCONF": "Redis refuses writes because it cannot write its snapshot to disk.",
    "MOVED": _CLUSTER,
    "NOAUTH": "Redis requires a password, and REDIS_URL has none.",
    "NOPERM": "The Redis user of the service may not use a command, a key or a channel that the service needs.",
    "NOREPLICAS": "Redis refuses writes because it has too few replicas.",
    "READONLY": "This Redis is a replica and refuses writes.",
    "TRYAGAIN": _CLUSTER,
    "UNBLOCKED": "Redis became a replica.",
    "WRONGPASS": "Redis refuses the user or the password of REDIS_URL.",
}
_NOTHING_CHANGED = "Nothing was changed. Try again."


def unavailable(cause: BaseException, server: str = "") -> CacheUnavailable:
    """Return the error for a reply of Redis, or for a connection that failed. Raise it from its cause.

    server: the name of the server, for the log.
    """
    return name_server(_unavailable(cause), server)


def _unavailable(cause: BaseException) -> CacheUnavailable:
    if isinstance(cause, CacheUnavailable):
        return type(cause)(str(cause))  # a new one: several callers may wait for the same connection
    if isinstance(cause, TimeoutError | RedisTimeout):
        return CacheUnavailable(f"Redis does not answer in time. {_NOTHING_CHANGED}")
    if "max number of clients" in str(cause):
        return CacheUnavailable(f"Redis accepts no more connections (maxclients). {_NOTHING_CHANGED}")
    code = reply_code(cause)
    if code == "OOM":
        return RedisFull()
    if code in CAUSES:
        return CacheUnavailable(f"{CAUSES[code]} {_NOTHING_CHANGED}")
    if code:
        return CacheUnavailable(f"Redis refuses a command that the service needs. {_NOTHING_CHANGED}")
    return CacheUnavailable()


def has_moved(reply: BaseException) -> bool:
    """Return whether a node of a cluster says that a slot is moving or has moved to another node."""
    return reply_code(reply) in MOVED or _NOT_LOCAL in str(reply)


def moved_error(*, index: bool) -> StoreUnavailable:
    """Return the error of a request whose slot is moving or has moved. `index`: it needed an index of that node."""
    text = "The Redis cluster is moving, or has moved, the slot of the workspace to another node."
    return IndexLost(f"{text} {_NOTHING_CHANGED}") if index else CacheUnavailable(f"{text} {_NOTHING_CHANGED}")


def reply_code(cause: BaseException | None) -> str:
    """Return the first word of a reply with an error, or "" for any other cause."""
    # redis-py removes the word from the messages of the errors that it knows.
    if isinstance(cause, RedisError) and cause.status_code:
        return cause.status_code
    return str(cause).partition(" ")[0] if isinstance(cause, hiredis.ReplyError | ResponseError) else ""
