"""Responses of the service: their types, and which errors can be retried."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import msgspec

from loadgen.errors import CallerRefused, RateLimited, RequestRejected, ServiceUnavailable

# After these codes the loader sends the same batch again.
_RETRIED_CODES = {"UNAVAILABLE", "OUTCOME_UNKNOWN", "DATABASE_BUSY", "WRITES_BUSY"}
# Retried like 5xx: the request may succeed later.
_RETRIED_STATUSES = {HTTPStatus.REQUEST_TIMEOUT}
_CALLER_STATUSES = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class UserError(msgspec.Struct, gc=False):
    """An expected error of one task or of the whole mutation."""

    message: str
    code: str
    field: list[str] | None = None


class ItemResult(msgspec.Struct, rename="camel", gc=False):
    """The result for one task of a batch. The task exists if there are no errors."""

    user_errors: list[UserError]
    created: bool = False


class CreateTasksPayload(msgspec.Struct, rename="camel"):
    """The payload of `createTasks`: one result for each task of the batch, in the same order."""

    results: list[ItemResult]
    user_errors: list[UserError]


class CreateTasksData(msgspec.Struct, rename="camel"):
    """The `data` of the `createTasks` mutation."""

    create_tasks: CreateTasksPayload


class CreateListPayload(msgspec.Struct, rename="camel"):
    """The payload of `createTaskList`. The list exists if there are no errors."""

    user_errors: list[UserError]


class CreateListData(msgspec.Struct, rename="camel"):
    """The `data` of the `createTaskList` mutation."""

    create_task_list: CreateListPayload


class NamedList(msgspec.Struct):
    """A task list."""

    id: str
    name: str


class PageInfo(msgspec.Struct, rename="camel"):
    """Whether there is a next page, and the cursor before it."""

    has_next_page: bool
    end_cursor: str | None


class ListConnection(msgspec.Struct, rename="camel"):
    """A page of task lists."""

    nodes: list[NamedList]
    page_info: PageInfo


class ListsData(msgspec.Struct, rename="camel"):
    """The `data` of the query for the task lists."""

    task_lists: ListConnection


class TotalCount(msgspec.Struct, rename="camel"):
    """The field of TaskConnection that the loader reads."""

    total_count: int


class TotalData(msgspec.Struct):
    """The `data` of the query for the total number of tasks."""

    tasks: TotalCount


class GraphQLError(msgspec.Struct):
    """An entry in the `errors` of a response."""

    message: str
    extensions: dict[str, Any] | None = None


class _Response(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[GraphQLError] = []


_decode_response = msgspec.json.Decoder(_Response).decode


def response_data(status: int, headers: Mapping[str, str], body: bytes) -> msgspec.Raw:
    """Return the `data` of a response, not decoded yet.

    Raises RateLimited for 429, and ServiceUnavailable for 408, 5xx and the GraphQL error codes that mean a retry, such
    as UNAVAILABLE. A retry is safe because every task has a fixed id: the service creates no task twice. Raises
    CallerRefused for 401 and 403 with a GraphQL error, and RequestRejected for every other error, and if the response
    is not GraphQL.
    """
    try:
        response = _decode_response(body)
    except msgspec.DecodeError:
        response = None
    _check_status(status, headers, body, response)
    if response is None:
        raise RequestRejected(f"the response is not from a GraphQL service: {_excerpt(body)}")
    if response.errors:
        message = _messages(response.errors)
        codes = {(error.extensions or {}).get("code") for error in response.errors}
        raise ServiceUnavailable(message) if codes & _RETRIED_CODES else RequestRejected(message)
    return response.data


def _check_status(status: int, headers: Mapping[str, str], body: bytes, response: _Response | None) -> None:
    if status == HTTPStatus.OK:
        return
    detail = _messages(response.errors) if response and response.errors else _excerpt(body)
    reason = f"HTTP {status}: {detail}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(reason, _retry_after(headers.get("retry-after")))
    if status in _RETRIED_STATUSES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ServiceUnavailable(reason, _retry_after(headers.get("retry-after")))
    if status in _CALLER_STATUSES and response and response.errors:
        raise CallerRefused(f"{reason} The loader sends the token from --token or MILLITASK_TOKEN.")
    raise RequestRejected(reason)


def _messages(errors: list[GraphQLError]) -> str:
    return "; ".join(dict.fromkeys(error.message for error in errors))


def _excerpt(body: bytes) -> str:
    text = " ".join(body[:1000].decode(errors="replace").split())
    return (text[:200] + "…" if len(text) > 200 else text) or "(empty)"


def _retry_after(value: str | None) -> float | None:
    """Return the seconds from now, or None if the header is missing or is neither seconds nor a date."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
