"""GraphQL requests: their fields, the check of each field, and the errors that stop a request before it runs."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from api.graphql.json_text import NotJson, encode_json
from api.graphql.json_text import decode_json as decode_text
from api.graphql.response import OperationRecord

_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_ABSENT, _NULL = msgspec.Raw(b"null"), ord("n")
# The fields of a request: the type of each, and how an error message names that type.
FIELD_TYPES: dict[str, tuple[type, str]] = {
    "query": (str, "a string"),
    "documentId": (str, "a string"),
    # The name that Relay's documentation gives to the id.
    "doc_id": (str, "a string"),
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
        details: Mapping[str, int | str] | None = None,
        **headers: str,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.extensions = {"code": code, **(details or {})}
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
    doc_id: str | None = msgspec.field(default=None, name="doc_id")

    def __post_init__(self) -> None:
        # Some clients send an empty name for an operation without a name.
        if self.operation_name == "":
            self.operation_name = None
        if self.doc_id is not None and self.document_id is None:
            self.document_id = self.doc_id

    @property
    def variables(self) -> dict[str, Any] | None:
        """The decoded variables. Raises `RequestError`: a number can be too large."""
        return _decode_object(self.raw_variables, "variables")

    def variables_of(self, names: Collection[str]) -> dict[str, Any] | None:
        """Return the decoded variables of these names. Raises `RequestError`.

        Others are ignored, as by compiled operations: even if they hold a number that is too large.
        """
        if not _is_given(self.raw_variables):
            return None
        try:
            members = _decode_members(self.raw_variables)
        except msgspec.DecodeError:
            return {name: value for name, value in (self.variables or {}).items() if name in names}
        return {name: decode_json(bytes(members[name]), "variables") for name in names if name in members}

    @property
    def has_extensions(self) -> bool:
        """Whether the request has the member `extensions`, which can be null."""
        return self.raw_extensions is not _ABSENT

    @property
    def extensions(self) -> dict[str, Any]:
        """The decoded extensions. Raises `RequestError`."""
        return _decode_object(self.raw_extensions, "extensions") or {}


def _is_given(raw: msgspec.Raw) -> bool:
    return raw is not _ABSENT and memoryview(raw)[0] != _NULL


def _decode_object(raw: msgspec.Raw, name: str) -> dict[str, Any] | None:
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
        raw_variables=msgspec.Raw(encode_json(given.get("variables"))),
        raw_extensions=msgspec.Raw(encode_json(given.get("extensions"))),
        doc_id=given.get("doc_id"),
    )


def decode_json(text: str | bytes, name: str) -> Any:
    """Return the decoded JSON. `name` says in error messages which part of the request it is. Raises `RequestError`."""
    if not text:
        raise RequestError(400, f"No JSON was sent as {name}. Send an object.")
    try:
        return decode_text(text)
    except NotJson as error:
        raise RequestError(400, f"The JSON of the {name} cannot be read: {error}") from error
