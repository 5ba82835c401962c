"""What the service answers: the shapes that are decoded, and what each status means."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import msgspec

from loadgen.errors import Refused, Unavailable

# The codes after which the same batch is sent again.
_AGAIN = {"UNAVAILABLE", "OUTCOME_UNKNOWN"}
# Besides 5xx, the two statuses that mean "later" rather than "no".
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class UserError(msgspec.Struct, gc=False):
    """One expected error, of an item or of a whole mutation."""

    message: str
    code: str
    field: list[str] | None = None


class ItemResult(msgspec.Struct, rename="camel", gc=False):
    """What became of one task of a batch: no errors means that it is there."""

    user_errors: list[UserError]


class CreateTasksPayload(msgspec.Struct, rename="camel"):
    """The answer to one batch: one result for each of its tasks, in their order."""

    results: list[ItemResult]
    user_errors: list[UserError]


class CreateTasksData(msgspec.Struct, rename="camel"):
    """The data of `createTasks`."""

    create_tasks: CreateTasksPayload


class TotalCount(msgspec.Struct, rename="camel"):
    """The part of a TaskConnection that the loader asks for."""

    total_count: int


class TotalData(msgspec.Struct):
    """The data of the query for the total."""

    tasks: TotalCount


class GraphQLError(msgspec.Struct):
    """An entry of the `errors` of a response."""

    message: str
    extensions: dict[str, Any] | None = None


class _Response(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[GraphQLError] = []


_decode_response = msgspec.json.Decoder(_Response).decode


def data_of(status: int, headers: Mapping[str, str], body: bytes) -> msgspec.Raw:
    """The still encoded `data` of a response.

    Unavailable for 408, 429, 5xx and the GraphQL error codes UNAVAILABLE and OUTCOME_UNKNOWN: what
    was done of a batch is found done when it is sent again. Refused for every other error, and for
    an answer that is not GraphQL.
    """
    try:
        response = _decode_response(body)
    except msgspec.DecodeError:
        response = None
    _check_status(status, headers, body, response)
    if response is None:
        raise Refused(f"the answer is not that of a GraphQL service: {_excerpt(body)}")
    if response.errors:
        message = _messages(response.errors)
        codes = {(error.extensions or {}).get("code") for error in response.errors}
        raise Unavailable(message) if codes & _AGAIN else Refused(message)
    return response.data


def _check_status(status: int, headers: Mapping[str, str], body: bytes, response: _Response | None) -> None:
    if status == HTTPStatus.OK:
        return
    said = _messages(response.errors) if response and response.errors else _excerpt(body)
    reason = f"HTTP {status}: {said}"
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable(reason, _retry_after(headers.get("retry-after")))
    raise Refused(reason)


def _messages(errors: list[GraphQLError]) -> str:
    return "; ".join(dict.fromkeys(error.message for error in errors))


def _excerpt(body: bytes) -> str:
    text = " ".join(body[:1000].decode(errors="replace").split())
    return (text[:200] + "…" if len(text) > 200 else text) or "(empty)"


def _retry_after(value: str | None) -> float | None:
    """Seconds from now; the header holds seconds or a date. None if it is missing or neither."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
