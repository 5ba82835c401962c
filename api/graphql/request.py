"""GraphQL requests: their fields, the check of each field, and the errors that stop a request before it runs."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode
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

    @property
    def formatted(self) -> dict[str, Any]:
        """The error as it stands in a response's `errors`."""
        return {"message": str(self), "extensions": self.extensions}


@dataclass(frozen=True)
class GraphQLRequest:
    """One operation as the client sent it. Without a `query`, its hash names a stored document."""

    query: str | None = None
    document_id: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] = field(default_factory=dict)


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
        variables=given.get("variables"),
        extensions=given.get("extensions") or {},
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
    # Python's own decoder accepts unpaired surrogates. Text that only msgspec rejects contains one.
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return f"The {name} is not valid JSON: {problem.rstrip('.')}."
    return f"The {name} is not valid JSON: it contains an unpaired surrogate (\\ud800 to \\udfff). Remove it."


def new_request_id() -> str:
    """Return a random request id: 16 hexadecimal digits."""
    return secrets.token_hex(8)
