"""Spans of round trips to Redis, by the semantic conventions of OpenTelemetry for Redis."""

from collections.abc import Awaitable, Sequence
from functools import cache
from hashlib import sha1
from typing import Any, get_args

import hiredis
from opentelemetry.trace import SpanKind, Status, StatusCode

from cache.redis.endpoint import Endpoint
from cache.redis.script_texts import ScriptName, script_sha
from db.tracing import span

_EVALSHA, _EVAL = b"EVALSHA", b"EVAL"
_DEFAULT_PORT = 6379
# Redis does not know a script after its start, so the text is sent next.
_NO_SCRIPT = "NOSCRIPT"


async def traced(sending: Awaitable[list[Any]], packed: bytes, number: int, endpoint: Endpoint | None) -> list[Any]:
    """Await the replies to packed commands in a span of their round trip. `number` is that of the commands."""
    operation, script = _described(packed, number)
    attributes: dict[str, str | int] = {"db.system.name": "redis", "db.operation.name": operation}
    if script:
        attributes["db.stored_procedure.name"] = script
    if number > 1:
        attributes["db.operation.batch.size"] = number
    if endpoint is not None:
        attributes |= _server(endpoint)
    with span(f"{operation} {script}".rstrip(), attributes, SpanKind.CLIENT) as recorded:
        replies = await sending
        error = next((reply for reply in replies if type(reply) is hiredis.ReplyError), None)
        if recorded is not None and error is not None:
            # Without the text behind it, which can hold arguments.
            prefix = str(error).partition(" ")[0]
            recorded.set_attribute("db.response.status_code", prefix)
            if prefix != _NO_SCRIPT:
                recorded.set_attribute("error.type", prefix)
                recorded.set_status(Status(StatusCode.ERROR))
        return replies


def first_words(packed: bytes, number: int) -> list[bytes]:
    """Return up to `number` words at the beginning of a packed command. Values are never parsed by their contents."""
    words, position = [], packed.index(b"\r\n") + 2
    count = int(packed[1 : position - 2])
    for _ in range(min(number, count)):
        start = packed.index(b"\r\n", position) + 2
        end = start + int(packed[position + 1 : start - 2])
        words.append(packed[start:end])
        position = end + 2
    return words


def _described(packed: bytes, number: int) -> tuple[str, str]:
    """Return the name of the operation, and that of the script or an empty string."""
    if number != 1:
        return "PIPELINE", ""
    name, *arguments = first_words(packed, 2)
    if name == _EVALSHA:
        return "EVALSHA", _scripts().get(arguments[0], "")
    if name == _EVAL:
        return "EVAL", _scripts().get(sha1(arguments[0]).hexdigest().encode(), "")  # noqa: S324 - names a script
    return name.decode(), ""


@cache
def _scripts() -> dict[bytes, str]:
    names: Sequence[ScriptName] = get_args(ScriptName)
    return {script_sha(name, sharded=sharded).encode(): name for name in names for sharded in (False, True)}


def _server(endpoint: Endpoint) -> dict[str, str | int]:
    address: Any = endpoint.address
    path = getattr(address, "path", None)
    if path is not None:
        return {"server.address": str(path)}
    host: dict[str, str | int] = {"server.address": str(address.host)}
    return host if address.port == _DEFAULT_PORT else host | {"server.port": int(address.port)}
