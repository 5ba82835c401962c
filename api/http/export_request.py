"""What a request to /export asks for: a format, and the view whose tasks it wants."""

from typing import NamedTuple, cast, get_args

from starlette.datastructures import QueryParams
from starlette.requests import Request

from api.graphql.request import RequestError
from db.task import Priority, Status
from db.views import View
from schema.errors import BadInput
from schema.resolvers.arguments import id_argument, text_argument
from schema.resolvers.field_checks import MAX_ASSIGNEE_CHARACTERS, MAX_LABEL_CHARACTERS

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8; header=present", "jsonl": "application/jsonl; charset=utf-8"}
_PARAMETERS = ("format", "list", "assignee", "label", "priority", "status")


class Wanted(NamedTuple):
    """What the query string asks for."""

    format: str
    view: View


def wanted_of(request: Request) -> Wanted:
    """Return what a request asks for. Raises `RequestError`, which names the parameter."""
    if request.method != "GET":
        raise RequestError(405, "Send an export by GET.", "METHOD_NOT_ALLOWED", Allow="GET")
    given = request.query_params
    if unknown := sorted(given.keys() - set(_PARAMETERS)):
        known = f"{', '.join(_PARAMETERS[:-1])} and {_PARAMETERS[-1]}"
        raise RequestError(400, f"Unknown parameter {unknown[0][:50]}. Known are {known}.")
    if repeated := [name for name in given if len(given.getlist(name)) > 1]:
        raise RequestError(400, f"{repeated[0]} is given more than once. Send it once.")
    format_ = _choice("format", given.get("format", "csv"), tuple(MEDIA_TYPES))
    if request.scope["http_version"] == "1.0":
        # Without chunks, the end of a response that is cut off looks like its end.
        raise RequestError(400, "An export needs HTTP/1.1, so that a cut response is noticed.")
    try:
        return Wanted(format_, _view(given))
    except BadInput as error:
        raise RequestError(400, error.message) from None


def unknown_list() -> RequestError:
    """Return the error for the id of a list that the workspace does not have."""
    return RequestError(400, "list is not the id of a list of this workspace. The query taskLists returns the ids.")


def _view(given: QueryParams) -> View:
    list_id, priority, status = given.get("list"), given.get("priority"), given.get("status")
    return View(
        list_id=None if list_id is None else id_argument("list", list_id),
        assignee=text_argument("assignee", given.get("assignee"), MAX_ASSIGNEE_CHARACTERS),
        label=text_argument("label", given.get("label"), MAX_LABEL_CHARACTERS),
        priority=None if priority is None else cast("Priority", _choice("priority", priority, get_args(Priority))),
        status=None if status is None else cast("Status", _choice("status", status, get_args(Status))),
    )


def _choice(name: str, value: str, values: tuple[str, ...]) -> str:
    if value not in values:
        raise RequestError(400, f"{name} must be one of {', '.join(values)}.")
    return value
