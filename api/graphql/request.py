"""What a client asks for over HTTP: operations out of a query string or a body, each checked before it is used."""

import json
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request

_decode = msgspec.json.Decoder().decode
_KINDS: dict[str, tuple[type, str]] = {
    "query": (str, "a string"),
    "documentId": (str, "a string"),
    "operationName": (str, "a string"),
    "variables": (dict, "an object"),
    "extensions": (dict, "an object"),
}


class RequestError(Exception):
    """A request that is answered without being run: the HTTP status, what is wrong, and a code for programs."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "BAD_REQUEST",
        numbers: dict[str, int] | None = None,
        **headers: str,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.extensions = {"code": code, **(numbers or {})}
        self.headers = headers


@dataclass(frozen=True)
class Operation:
    """One operation as it was asked for; its text may stand in a store of documents."""

    query: str | None = None
    document_id: str | None = None
    name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] = field(default_factory=dict)


async def read(request: Request, max_batch: int) -> Operation | list[Operation]:
    """The operation of a request, or those of a batch of up to `max_batch`. Raises `RequestError`."""
    if request.method == "GET":
        given: dict[str, Any] = {name: value for name, value in request.query_params.items() if name in _KINDS}
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = _json(given[name], name) if given[name] else None
        return operation(given)
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        # Also the reason why no page of another site can do anything here: this type takes a CORS preflight.
        raise RequestError(
            415,
            f'Send the request as application/json: {{"query": "…", "variables": {{…}}}}; "{content_type[:100]}" '
            "was sent.",
            "UNSUPPORTED_MEDIA_TYPE",
        )
    body = _json(await request.body(), "body")
    if isinstance(body, list):
        return _batch(body, max_batch)
    return operation(body)


def _batch(items: list[Any], most: int) -> list[Operation]:
    if most == 0:
        raise RequestError(400, "Batches are off: send each operation in a request of its own.", "BATCHING_DISABLED")
    if not 1 <= len(items) <= most:
        problem = f"A batch may be 1 to {most} operations, and {len(items)} were sent."
        raise RequestError(400, problem, "BATCH_TOO_LARGE", {"limit": most, "requested": len(items)})
    return [operation(item) for item in items]


def operation(given: Any) -> Operation:
    """An operation as JSON says it. Raises `RequestError`."""
    if not isinstance(given, dict):
        raise RequestError(400, 'The body must be a JSON object: {"query": "…", "variables": {…}}.')
    for name, (kind, words) in _KINDS.items():
        if given.get(name) is not None and not isinstance(given[name], kind):
            raise RequestError(400, f"{name} must be {words}.")
    return Operation(
        given.get("query"),
        given.get("documentId"),
        given.get("operationName"),
        given.get("variables"),
        given.get("extensions") or {},
    )


def _json(text: str | bytes, name: str) -> Any:
    try:
        return _decode(text)
    except RecursionError:
        raise RequestError(400, f"The {name} is nested deeper than it can be read. Flatten it.") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise RequestError(400, _not_json(text, name, str(error))) from error


def _not_json(text: str | bytes, name: str, problem: str) -> str:
    """What is wrong with it. Python's own reader takes halves of surrogate pairs, which no text may hold."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return f"The {name} is not JSON: {problem.rstrip('.')}."
    return f"The {name} is not JSON: it holds half a surrogate pair (\\ud800 to \\udfff alone). Leave it out."
