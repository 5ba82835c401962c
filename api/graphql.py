"""/graphql: HTTP in, a context for the request, HTTP out."""

import json
from typing import Any

import msgspec
import strawberry
from cross_web import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL as StrawberryGraphQL

from api.requests import error_response, request_id
from cache.store import Store
from cache.tasks import Tasks
from schema.context import Context

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_CODES = {400: "BAD_REQUEST", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


class GraphQL(StrawberryGraphQL[Context, None]):
    """Strawberry's view, with errors as JSON and a context of ours."""

    def __init__(self, schema: strawberry.Schema, store: Store) -> None:
        super().__init__(schema, subscription_protocols=())
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        try:
            response = await self.run(Request(scope, receive))
        except HTTPException as error:
            code = _CODES.get(error.status_code, "BAD_REQUEST")
            response = error_response(error.status_code, _reason(error), code)
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """A view of the tasks for this request alone."""
        assert isinstance(request, Request)
        return Context(Tasks(self._store), request_id(request))

    def encode_json(self, data: object) -> bytes:
        """Faster than the standard library by far."""
        return _encode(data)

    def decode_json(self, data: str | bytes) -> Any:
        """Malformed JSON is a ValueError, which the view answers with 400."""
        try:
            decoded = _decode(data)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise HTTPException(400, _not_json(data, str(error))) from error
        if not isinstance(decoded, dict | list):
            raise HTTPException(400, 'The body must be a JSON object: {"query": "…", "variables": {…}}.')
        return decoded


def _not_json(data: str | bytes, problem: str) -> str:
    """What is wrong with it. Python's own reader takes halves of surrogate pairs, which no text may hold."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return f"The body is not JSON: {problem.rstrip('.')}."
    return "The body is not JSON: it holds half a surrogate pair (\\ud800 to \\udfff alone). Leave it out."


def _reason(error: HTTPException) -> str:
    if error.reason == "Unsupported content type":
        return 'Send the request as application/json: {"query": "…", "variables": {…}}.'
    return error.reason
