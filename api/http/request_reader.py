"""Read GraphQL requests from the query string or the body of an HTTP request."""

from typing import Any

from starlette.requests import Request

from api.graphql.request import FIELD_TYPES, GraphQLRequest, RequestError, decode_json, parse_request


async def read_requests(request: Request, max_batch: int) -> GraphQLRequest | list[GraphQLRequest]:
    """Return the GraphQL request, or a list if the body is a batch of up to `max_batch`. Raises `RequestError`."""
    if request.method == "GET":
        return _read_query_string(request)
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        # This check also protects against cross-site request forgery: a browser asks for permission (a CORS
        # preflight) before another site's page may send this content type.
        raise RequestError(
            415,
            'Send the request as application/json: {"query": "…", "variables": {…}}. '
            f'Its content type was "{content_type[:100]}".',
            "UNSUPPORTED_MEDIA_TYPE",
        )
    body = decode_json(await request.body(), "body")
    if isinstance(body, list):
        return _parse_batch(body, max_batch)
    return parse_request(body)


def _read_query_string(request: Request) -> GraphQLRequest:
    given: dict[str, Any] = {name: value for name, value in request.query_params.items() if name in FIELD_TYPES}
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = decode_json(given[name], name) if given[name] else None
    return parse_request(given)


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
