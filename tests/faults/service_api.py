"""The service's GraphQL API: the documents that the clients send, and the parsing of responses to completions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.faults.history import Completion, ObservedTask, Outcome
from tests.faults.views import ASSIGNEES, BASE_VIEWS, LABELS, LISTS, NOT_DUE, STATUSES, View

_TASK = "{ id version status title expiresAt assignee labels listId dueAt priority createdAt }"
_ERRORS = "userErrors { code message }"
TASK = f"query ($id: ID!) {{ task(id: $id) {_TASK} }}"
NODES = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Task {_TASK} }} }}"
PAGE = f"""
query (
  $first: Int, $after: String, $last: Int, $before: String, $page: Int, $where: TaskWhere, $order: TaskOrder!
) {{
  tasks(
    first: $first, after: $after, last: $last, before: $before, page: $page, where: $where, orderBy: $order
  ) {{
    nodes {_TASK} totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
  }}
}}
"""
# Several fields of one answer, which the page cache keeps as a whole.
PAGE_AND_COUNTS = f"""
query ($first: Int, $status: TaskStatus) {{
  tasks(first: $first, status: $status) {{ nodes {_TASK} totalCount pageInfo {{ hasNextPage hasPreviousPage }} }}
  taskCounts {{ all todo inProgress done }}
}}
"""
PAGE_AND_FACETS = f"""
query ($first: Int, $where: TaskWhere, $order: TaskOrder!, $status: TaskStatus, $assignee: String) {{
  tasks(first: $first, where: $where, orderBy: $order) {{
    nodes {_TASK} totalCount pageInfo {{ hasNextPage hasPreviousPage }}
  }}
  assignees: facets(by: ASSIGNEE) {{ value count }}
  labels: facets(by: LABEL) {{ value count }}
  assigneesOfStatus: facets(by: ASSIGNEE, where: {{ status: $status }}) {{ value count }}
  statusesOfAssignee: facets(by: STATUS, where: {{ assignee: $assignee }}) {{ value count }}
}}
"""
_MATCHING_TASKS = f"{{ nodes {_TASK} pageInfo {{ hasNextPage hasPreviousPage }} }}"
SEARCH = f"query ($query: String!) {{ searchTasks(query: $query, first: 100) {_MATCHING_TASKS} }}"
FILTER = f"query ($filter: TaskFilter!) {{ filterTasks(filter: $filter, first: 100) {_MATCHING_TASKS} }}"
_NEW_LISTS = "".join(
    f'list{n}: createTaskList(input: {{ name: "{n}", id: "{id_}" }}) {{ {_ERRORS} }} ' for n, id_ in enumerate(LISTS)
)
CREATE_LISTS = f"mutation {{ {_NEW_LISTS} }}"
CREATE = f"mutation ($input: CreateTaskInput!) {{ createTask(input: $input) {{ task {_TASK} {_ERRORS} }} }}"
_WRITES_OF_ONE = {
    verb: f"mutation ($input: {verb.title()}TaskInput!) {{ {verb}Task(input: $input) {{ task {_TASK} {_ERRORS} }} }}"
    for verb in ("update", "complete", "reopen", "restore")
}
UPDATE, COMPLETE, REOPEN, RESTORE = _WRITES_OF_ONE.values()
DELETE = f"mutation ($input: DeleteTaskInput!) {{ deleteTask(input: $input) {{ deletedTaskId {_ERRORS} }} }}"
_BULK_RESULTS = {"delete": "deletedTaskId"} | dict.fromkeys(("create", "update", "restore"), f"task {_TASK}")
BULK = {
    verb: f"""
mutation ($input: {verb.title()}TasksInput!) {{
  {verb}Tasks(input: $input) {{ results {{ {result} {_ERRORS} }} {_ERRORS} }}
}}
"""
    for verb, result in _BULK_RESULTS.items()
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OUTCOMES = {
    "UNAVAILABLE": Outcome.UNAVAILABLE,
    "BUSY": Outcome.UNAVAILABLE,
    "DATABASE_BUSY": Outcome.UNAVAILABLE,
    "WRITES_BUSY": Outcome.UNAVAILABLE,
    "DEEP_PAGES_BUSY": Outcome.UNAVAILABLE,
    "REQUEST_TIMEOUT": Outcome.UNAVAILABLE,
    "OUTCOME_UNKNOWN": Outcome.UNKNOWN,
    # A masked error does not tell whether a write took effect.
    "INTERNAL_SERVER_ERROR": Outcome.UNKNOWN,
}
# With these codes the task did not exist when the write held its row lock.
_MISSING_CODES = frozenset(("NOT_FOUND", "ID_TAKEN"))
_REJECTION_CODES = _MISSING_CODES | {"VERSION_CONFLICT", "IN_PAST", "NOT_DONE"}


@dataclass(frozen=True)
class Response:
    """The data of a response; without data, the completion of the failed operation."""

    data: Any
    failure: Completion


async def execute(http: httpx.AsyncClient, url: str, document: str, variables: dict[str, Any]) -> Response:
    """Send one request. A failure becomes an outcome; an invalid request raises AssertionError."""
    try:
        response = await http.post(f"{url}/graphql", json={"query": document, "variables": variables})
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return Response(None, Completion(Outcome.UNAVAILABLE, "NO_CONNECTION"))
    except httpx.TransportError as error:
        return Response(None, Completion(Outcome.UNKNOWN, f"NO_ANSWER {type(error).__name__}"))
    body = response.json()
    if body.get("errors"):
        code = body["errors"][0]["extensions"]["code"]
        assert code in _OUTCOMES, body
        return Response(None, Completion(_OUTCOMES[code], code))
    return Response(body["data"], Completion())


def parse_task(node: dict[str, Any]) -> ObservedTask:
    """Return a task of a response."""
    expires_at = node["expiresAt"]
    return ObservedTask(
        *(node["id"], node["version"], node["status"], node["title"]),
        expires_at=None if expires_at is None else datetime.fromisoformat(expires_at).timestamp(),
        assignee=node["assignee"],
        labels=tuple(node["labels"]),
        list_id=node["listId"],
        due=node["dueAt"] or NOT_DUE,
        priority=node["priority"],
        created_at=(datetime.fromisoformat(node["createdAt"]) - _EPOCH) // timedelta(microseconds=1),
    )


def parse_lookup(response: Response, ids: list[str]) -> Completion:
    """Return the completion of `task` or `nodes`."""
    if response.data is None:
        return response.failure
    nodes = response.data["nodes"] if "nodes" in response.data else [response.data["task"]]
    tasks = tuple(parse_task(node) for node in nodes if node is not None)
    assert all(node is None or node["id"] == id_ for id_, node in zip(ids, nodes, strict=True)), nodes
    return Completion(tasks=tasks, missing={id_: None for id_, node in zip(ids, nodes, strict=True) if node is None})


def parse_page(response: Response) -> Completion:
    """Return the completion of `tasks`, `searchTasks` or `filterTasks`, the first field of the response."""
    if response.data is None:
        return response.failure
    page = next(iter(response.data.values()))
    return Completion(tasks=tuple(map(parse_task, page["nodes"])), total=page.get("totalCount"))


def parse_counts(response: Response) -> dict[View, Completion]:
    """Return the completion of `taskCounts` for each view."""
    counts = response.data["taskCounts"]
    views = dict(zip(BASE_VIEWS, ("all", "todo", "inProgress", "done"), strict=True))
    return {view: Completion(total=counts[name]) for view, name in views.items()}


def parse_facets(response: Response, status: str, assignee: str) -> dict[View, Completion]:
    """Return the completion of the facets of `PAGE_AND_FACETS` for each view that they count."""
    data = response.data
    found: dict[View, int] = {}
    facets: dict[str, dict[str, View]] = {
        "assignees": {value: (value,) for value in ASSIGNEES},
        "labels": {value: (value,) for value in LABELS},
        "assigneesOfStatus": {value: (value, status) for value in ASSIGNEES},
        "statusesOfAssignee": {value: (assignee, value) for value in STATUSES},
    }
    for name, views in facets.items():
        counts = {facet["value"]: facet["count"] for facet in data[name]}
        assert counts.keys() <= views.keys(), counts
        assert all(counts.values()), counts
        found |= {view: counts.get(value, 0) for value, view in views.items()}
    return {view: Completion(total=count) for view, count in found.items()}


def parse_write(response: Response, id_: str, deleted_version: int | None = None) -> Completion:
    """Return the completion of a write of one task. `deleted_version` is the version that a delete makes, if known."""
    if response.data is None:
        return response.failure
    [payload] = response.data.values()
    return _parse_item(payload, id_, deleted_version)


def parse_bulk_create(response: Response, ids: list[str]) -> Completion:
    """Return the completion of a bulk create."""
    if response.data is None:
        return response.failure
    [payload] = response.data.values()
    assert not payload["userErrors"], payload
    missing: dict[str, int | None] = {}
    for id_, result in zip(ids, payload["results"], strict=True):
        if result["userErrors"]:
            missing |= _parse_rejection(result, id_).missing
        else:
            assert result["task"]["id"] == id_, payload
    tasks = tuple(parse_task(result["task"]) for result in payload["results"] if result["task"])
    return Completion(tasks=tasks, missing=missing)


def parse_bulk_write(
    response: Response, deleted_versions: dict[str, int | None], *, all_or_none: bool
) -> dict[str, Completion]:
    """Return the completion for each id of an update, a delete or a restore of many tasks.

    `deleted_versions` has every id of the request, with the version that a delete of it makes, if known.
    """
    if response.data is None:
        return dict.fromkeys(deleted_versions, response.failure)
    [payload] = response.data.values()
    assert not payload["userErrors"], payload
    results = dict(zip(deleted_versions, payload["results"], strict=True))
    if all_or_none:
        assert len({bool(result["userErrors"]) for result in results.values()}) == 1, payload
    return {id_: _parse_item(result, id_, deleted_versions[id_]) for id_, result in results.items()}


def _parse_item(payload: dict[str, Any], id_: str, deleted_version: int | None) -> Completion:
    if payload["userErrors"]:
        return _parse_rejection(payload, id_)
    if payload.get("deletedTaskId"):
        assert payload["deletedTaskId"] == id_, payload
        return Completion(missing={id_: deleted_version})
    assert payload["task"]["id"] == id_, payload
    return Completion(tasks=(parse_task(payload["task"]),))


def _parse_rejection(payload: dict[str, Any], id_: str) -> Completion:
    code = payload["userErrors"][0]["code"]
    assert code in _REJECTION_CODES, payload
    return Completion(Outcome.REJECTED, code, missing={id_: None} if code in _MISSING_CODES else {})


def to_iso(timestamp: float) -> str:
    """Return a time in the format that the API takes."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat()
