"""The operations as GraphQL, and what their answers say, in the words of a history."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.faults.history import Answer, Outcome, Seen

_TASK = "{ id version status title expiresAt }"
_ERRORS = "userErrors { code message }"
TASK = f"query ($id: ID!) {{ task(id: $id) {_TASK} }}"
NODES = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Task {_TASK} }} }}"
PAGE = f"""
query (
  $first: Int, $after: String, $last: Int, $before: String, $page: Int, $status: TaskStatus, $order: TaskOrder!
) {{
  tasks(
    first: $first, after: $after, last: $last, before: $before, page: $page, status: $status, orderBy: $order
  ) {{
    nodes {_TASK} totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
  }}
}}
"""
_MATCHES = f"{{ nodes {_TASK} pageInfo {{ hasNextPage hasPreviousPage }} }}"
SEARCH = f"query ($query: String!) {{ searchTasks(query: $query, first: 100) {_MATCHES} }}"
FILTER = f"query ($filter: TaskFilter!) {{ filterTasks(filter: $filter, first: 100) {_MATCHES} }}"
CREATE = f"mutation ($input: CreateTaskInput!) {{ createTask(input: $input) {{ task {_TASK} {_ERRORS} }} }}"
_ONE = {
    verb: f"mutation ($input: {verb.title()}TaskInput!) {{ {verb}Task(input: $input) {{ task {_TASK} {_ERRORS} }} }}"
    for verb in ("update", "complete", "reopen", "restore")
}
UPDATE, COMPLETE, REOPEN, RESTORE = _ONE.values()
DELETE = f"mutation ($input: DeleteTaskInput!) {{ deleteTask(input: $input) {{ deletedTaskId {_ERRORS} }} }}"
_RESULTS = {"delete": "deletedTaskId"} | dict.fromkeys(("create", "update", "restore"), f"task {_TASK}")
MANY = {
    verb: f"""
mutation ($input: {verb.title()}TasksInput!) {{
  {verb}StoreClient(input: $input) {{ results {{ {result} {_ERRORS} }} {_ERRORS} }}
}}
"""
    for verb, result in _RESULTS.items()
}

_OUTCOMES = {
    "UNAVAILABLE": Outcome.UNAVAILABLE,
    "BUSY": Outcome.UNAVAILABLE,
    "REQUEST_TIMEOUT": Outcome.UNAVAILABLE,
    "OUTCOME_UNKNOWN": Outcome.UNKNOWN,
    # It is masked, so it says nothing of what became of a write.
    "INTERNAL_SERVER_ERROR": Outcome.UNKNOWN,
}
# The task was not there when the write had its row locked.
_GONE = frozenset(("NOT_FOUND", "ID_TAKEN"))
_REFUSALS = _GONE | {"VERSION_CONFLICT", "IN_PAST", "NOT_DONE"}


@dataclass(frozen=True)
class Said:
    """The data of an answer; or, without any, why there is none."""

    data: Any
    answer: Answer


async def ask(http: httpx.AsyncClient, url: str, document: str, variables: dict[str, Any]) -> Said:
    """One request. Whatever goes wrong is an outcome, but for what is wrong with the request itself."""
    try:
        response = await http.post(f"{url}/graphql", json={"query": document, "variables": variables})
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return Said(None, Answer(Outcome.UNAVAILABLE, "NO_CONNECTION"))
    except httpx.TransportError as error:
        return Said(None, Answer(Outcome.UNKNOWN, f"NO_ANSWER {type(error).__name__}"))
    body = response.json()
    if body.get("errors"):
        code = body["errors"][0]["extensions"]["code"]
        assert code in _OUTCOMES, body
        return Said(None, Answer(_OUTCOMES[code], code))
    return Said(body["data"], Answer())


def seen(node: dict[str, Any]) -> Seen:
    """A task of an answer."""
    ends = node["expiresAt"]
    expires_at = None if ends is None else datetime.fromisoformat(ends).timestamp()
    return Seen(node["id"], node["version"], node["status"], node["title"], expires_at)


def look_up(said: Said, ids: list[str]) -> Answer:
    """Of `task` and `nodes`."""
    if said.data is None:
        return said.answer
    nodes = said.data["nodes"] if "nodes" in said.data else [said.data["task"]]
    there = tuple(seen(node) for node in nodes if node is not None)
    assert all(node is None or node["id"] == id_ for id_, node in zip(ids, nodes, strict=True)), nodes
    return Answer(seen=there, gone={id_: None for id_, node in zip(ids, nodes, strict=True) if node is None})


def page(said: Said) -> Answer:
    """Of `tasks`, `searchTasks` and `filterTasks`."""
    if said.data is None:
        return said.answer
    [found] = said.data.values()
    return Answer(seen=tuple(map(seen, found["nodes"])), total=found.get("totalCount"))


def written(said: Said, id_: str, gone_at: int | None = None) -> Answer:
    """Of a mutation of one task; `gone_at` is the version that a delete has made, if it is known."""
    if said.data is None:
        return said.answer
    [payload] = said.data.values()
    return _item(payload, id_, gone_at)


def many_written(said: Said, ids: list[str]) -> Answer:
    """Of a bulk create."""
    if said.data is None:
        return said.answer
    [payload] = said.data.values()
    assert not payload["userErrors"], payload
    gone: dict[str, int | None] = {}
    for id_, result in zip(ids, payload["results"], strict=True):
        if result["userErrors"]:
            gone |= _refused(result, id_).gone
        else:
            assert result["task"]["id"] == id_, payload
    return Answer(seen=tuple(seen(result["task"]) for result in payload["results"] if result["task"]), gone=gone)


def each_written(said: Said, gone_at: dict[str, int | None], *, all_or_none: bool) -> dict[str, Answer]:
    """Of an update, a delete or a restore of many: of each id; `gone_at` as for one."""
    if said.data is None:
        return dict.fromkeys(gone_at, said.answer)
    [payload] = said.data.values()
    assert not payload["userErrors"], payload
    results = dict(zip(gone_at, payload["results"], strict=True))
    if all_or_none:
        assert len({bool(result["userErrors"]) for result in results.values()}) == 1, payload
    return {id_: _item(result, id_, gone_at[id_]) for id_, result in results.items()}


def _item(payload: dict[str, Any], id_: str, gone_at: int | None) -> Answer:
    if payload["userErrors"]:
        return _refused(payload, id_)
    if payload.get("deletedTaskId"):
        assert payload["deletedTaskId"] == id_, payload
        return Answer(gone={id_: gone_at})
    assert payload["task"]["id"] == id_, payload
    return Answer(seen=(seen(payload["task"]),))


def _refused(payload: dict[str, Any], id_: str) -> Answer:
    code = payload["userErrors"][0]["code"]
    assert code in _REFUSALS, payload
    return Answer(Outcome.REFUSED, code, gone={id_: None} if code in _GONE else {})


def iso(moment: float) -> str:
    """A time of day as the service takes it."""
    return datetime.fromtimestamp(moment, UTC).isoformat()
