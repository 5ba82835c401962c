"""GraphQL requests: their fields, the check of each field, and the errors that stop a request before it runs."""

import json
from typing import Any

import msgspec

from api.graphql.response import OperationRecord

_decode, _encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode
_ABSENT = msgspec.Raw(b"null")
# The fields of a request: the type of each, and how an error message names that type.
FIELD_TYPES: dict[str, tuple[type, str]] = {
    "query": (str, "a string"),
    "documentId": (str, "a string"),
    "operationName": (str, "a string"),
    "variables": (dict, "an object"),
    "extensions": (dict, "an object"),
}


class RequestError(Exception):
    """A request that the service refuses to run: an HTTP status, a message for people and a code for programs."""

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
        self.record = OperationRecord(code)

    @property
    def formatted(self) -> dict[str, Any]:
        """The error as it stands in a response's `errors`."""
        return {"message": str(self), "extensions": self.extensions}


class GraphQLRequest(msgspec.Struct, rename="camel"):
    """One operation as the client sent it. Without a `query`, its hash names a stored document.

    `raw_variables` and `raw_extensions` are the JSON of an object, or null. They are decoded on each use.
    """

    query: str | None = None
    document_id: str | None = None
    operation_name: str | None = None
    raw_variables: msgspec.Raw = msgspec.field(default=_ABSENT, name="variables")
    raw_extensions: msgspec.Raw = msgspec.field(default=_ABSENT, name="extensions")

    @property
    def variables(self) -> dict[str, Any] | None:
        """The decoded variables. Raises `RequestError`: a number can be too large."""
        return self._decode(self.raw_variables, "variables")

    @property
    def extensions(self) -> dict[str, Any]:
        """The decoded extensions. Raises `RequestError`."""
        return self._decode(self.raw_extensions, "extensions") or {}

    def _decode(self, raw: msgspec.Raw, name: str) -> dict[str, Any] | None:
        decoded: dict[str, Any] | None = None if raw is _ABSENT else decode_json(bytes(raw), name)
        return decoded


_decode_request = msgspec.json.Decoder(GraphQLRequest).decode


def decode_request(body: bytes) -> GraphQLRequest | None:
    """Return the request of a body, or None if the body is anything but a valid request. `parse_request` says why."""
    try:
        # The decoder skips the members that it does not decode, and then does not check their encoding.
        if not body.isascii():
            body.decode()
        request = _decode_request(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return request if _is_object(request.raw_variables) and _is_object(request.raw_extensions) else None


def _is_object(raw: msgspec.Raw) -> bool:
    """Return whether the JSON is an object or null."""
    return raw is _ABSENT or memoryview(raw)[0] in b"{n"


def parse_request(given: Any) -> GraphQLRequest:
    """Return the request that a decoded JSON object describes. Raises `RequestError`."""
    if not isinstance(given, dict):
        raise RequestError(400, 'A request must be a JSON object: {"query": "…", "variables": {…}}.')
    for name, (type_, description) in FIELD_TYPES.items():
        if given.get(name) is not None and not isinstance(given[name], type_):
            raise RequestError(400, f"{name} must be {description}.")
    return GraphQLRequest(
        query=given.get("query"),
        document_id=given.get("documentId"),
        operation_name=given.get("operationName"),
        raw_variables=msgspec.Raw(_encode(given.get("variables"))),
        raw_extensions=msgspec.Raw(_encode(given.get("extensions"))),
    )


def decode_json(text: str | bytes, name: str) -> Any:
    """Return the decoded JSON. `name` says in error messages which part of the request it is. Raises `RequestError`."""
    if not text:
        raise RequestError(400, f"The {name} is empty. Send JSON.")
    try:
        return _decode(text)
    except RecursionError:
        raise RequestError(400, f"The {name} is nested too deeply to be read. Use fewer levels.") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise RequestError(400, _json_problem(text, name, str(error))) from error


def _json_problem(text: str | bytes, name: str, problem: str) -> str:
    if problem.startswith("Number out of range"):
        return f"The {name} cannot be read: it contains a number of more than 1.8e308. Use a smaller number."
    # Python's own decoder accepts unpaired surrogates. Text that only msgspec rejects contains one.
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return f"The {name} is not valid JSON: {problem.rstrip('.')}."
    return f"The {name} is not valid JSON: it contains an unpaired surrogate (\\ud800 to \\udfff). Remove it."
