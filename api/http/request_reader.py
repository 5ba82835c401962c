"""Read GraphQL requests from the query string or the body of an HTTP request."""

from typing import Any
from urllib.parse import parse_qsl

from api.graphql.request import (
    FIELD_TYPES,
    GraphQLRequest,
    RequestError,
    decode_json,
    decode_request,
    parse_request,
)
from api.http.incoming import IncomingRequest

_JSON = b"application/json"


def read_requests(request: IncomingRequest, body: bytes, max_batch: int) -> GraphQLRequest | list[GraphQLRequest]:
    """Return the GraphQL request, or a list if the body is a batch of up to `max_batch`. Raises `RequestError`."""
    if request.method == "GET":
        return _read_query_string(request.query_string)
    content_type = request.headers.get(b"content-type", b"")
    if content_type != _JSON and content_type.partition(b";")[0].strip().lower() != _JSON:
        # This check also protects against cross-site request forgery: a browser asks for permission (a CORS
        # preflight) before another site's page may send this content type.
        raise RequestError(
            415,
            'Send the request as application/json: {"query": "…", "variables": {…}}. '
            f'Its content type was "{content_type.decode("latin-1")[:100]}".',
            "UNSUPPORTED_MEDIA_TYPE",
        )
    encoding = request.headers.get(b"content-encoding", b"identity")
    if encoding.strip().lower() not in (b"identity", b""):
        raise RequestError(
            415,
            f'The body has the Content-Encoding "{encoding.decode("latin-1")[:100]}". Send it without compression.',
            "UNSUPPORTED_MEDIA_TYPE",
        )
    return decode_request(body) or _parse_body(decode_json(body, "body"), max_batch)


def _read_query_string(query_string: bytes) -> GraphQLRequest:
    members = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    given: dict[str, Any] = {name: value for name, value in members if name in FIELD_TYPES}
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = decode_json(given[name], name) if given[name] else None
    return parse_request(given)


def _parse_body(body: Any, max_batch: int) -> GraphQLRequest | list[GraphQLRequest]:
    """Return the request or the batch of a decoded body. Raises `RequestError`, which says what is wrong."""
    return _parse_batch(body, max_batch) if isinstance(body, list) else parse_request(body)


def _parse_batch(items: list[Any], max_batch: int) -> list[GraphQLRequest]:
    if max_batch == 0:
        raise RequestError(
            400, "This server does not accept batches. Send each operation in its own request.", "BATCHING_DISABLED"
        )
    if not 1 <= len(items) <= max_batch:
        raise RequestError(
            400,
            f"A batch must have 1 to {max_batch} operations; this one has {len(items)}. Split it into several batches.",
            "BATCH_TOO_LARGE",
            {"limit": max_batch, "requested": len(items)},
        )
    return [parse_request(item) for item in items]
