"""Checks of what the Redis user may do, and of whether this node of a cluster serves the keys of the service."""

from cache.errors import CacheUnavailable
from cache.redis.client import Redis
from cache.redis.failures import reply_code
from cache.redis.keys import Keys

# The rights that settings.md#redis-rights documents, for `ACL SETUSER`.
RIGHTS = "+@read +@write +@scripting +@pubsub +@connection +info +time"
_CLUSTER = ("ASK", "CLUSTERDOWN", "CROSSSLOT", "MOVED")
# What the commands of a user without a right are answered, outside of a script and in one.
_FORBIDDEN = ("NOPERM", "permission", "ACL", "can't run this command", "can't access")


async def access_problem(redis: Redis, workspace: str) -> str | None:
    """Return why the service can never use its keys and its channel on this server. Raises `CacheUnavailable`."""
    user = (await redis.primary()).user
    keys = Keys(workspace, 0)  # no index has the epoch 0
    probed = [keys.entries + b"probe", keys.indexes[0], keys.moving, keys.record(b"probe")]
    try:
        failures = await redis.script("probe", probed, keys.changes)
        async with redis.listen(keys.changes):
            pass
    except CacheUnavailable as error:
        code = reply_code(error.__cause__)
        if code in _CLUSTER and redis.sharded:
            raise  # the cluster is failing over or moves the slot
        if code in _CLUSTER:
            return (
                f"this server is a node of a cluster and does not serve the keys of the service ({error.__cause__}). "
                "Set REDIS_URL to redis+cluster://host:port,host:port, or to a server without cluster mode."
            )
        if code != "NOPERM":
            raise
        return _forbidden(user, workspace, str(error.__cause__))
    refused = [text for text in map(bytes.decode, failures) if any(word in text for word in _FORBIDDEN)]
    if not refused:
        return None
    return _forbidden(user, workspace, f"{', '.join(text.partition(' ')[0] for text in refused)}: {refused[0]}")


def _forbidden(user: str, workspace: str, said: str) -> str:
    return (
        f"the Redis user {user} lacks rights that the service needs ({said.rstrip('.')}). "
        f'To fix this, run: redis-cli ACL SETUSER {user} "~{{{workspace}}}:*" "&{{{workspace}}}:*" {RIGHTS}'
    )
