"""The attempts of a caller in one workspace to reach another: each a request, and the same with something unknown.

An unknown id or cursor has the form of a foreign one, but names nothing. A caller learns
nothing if it cannot tell the two answers apart.
"""

import base64
import binascii
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from cache.redis.position import pack_position
from schema.ids import new_id
from tests.leaks.world import ORDERS, Side, World

LIST = "id name archivedAt createdBy updatedBy"
TASK = f"id title description status createdBy updatedBy dueAt assignee labels metadata externalId list {{ {LIST} }}"
RESULT = f"{{ results {{ task {{ {TASK} }} userErrors {{ code message }} }} userErrors {{ code message }} }}"
FIELDS = f"{{ task {{ {TASK} }} userErrors {{ field code message }} }}"


class Attempt(NamedTuple):
    """Two requests that must get the same response, except for `names`: the foreign and the unknown name in them.

    kind: for the report. get: whether the requests are sent by GET.
    """

    kind: str
    foreign: dict[str, Any]
    unknown: dict[str, Any]
    names: tuple[str, str] = ("", "")
    get: bool = False


Make = Callable[[World, Side, Side], Attempt]


def _of_id(kind: str, document: str, *, deleted: bool = False, **variables: Any) -> Make:
    """Return what makes attempts whose only difference is the variable `id`."""

    def make(world: World, _own: Side, other: Side) -> Attempt:
        foreign = world.random.choice(other.deleted if deleted else other.ids)
        unknown = str(new_id())
        requests = [{"query": document, "variables": {"id": id_, **variables}} for id_ in (foreign, unknown)]
        return Attempt(kind, requests[0], requests[1], (foreign, unknown))

    return make


def _nodes(world: World, own: Side, other: Side) -> Attempt:
    foreign, unknown = world.random.choice(other.ids), str(new_id())
    document = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on Task {{ {TASK} }} }} }}"
    beside = [world.random.choice(own.ids) for _ in range(world.random.randrange(4))]
    requests = [{"query": document, "variables": {"ids": [*beside, id_]}} for id_ in (foreign, unknown)]
    return Attempt("nodes", requests[0], requests[1], (foreign, unknown))


def _create(world: World, _own: Side, other: Side) -> Attempt:
    """The id of a foreign task is free in every other workspace."""
    if not other.spare:
        return _task(world, _own, other)
    foreign, unknown = other.spare.pop(), str(new_id())
    document = f'mutation ($id: ID!) {{ createTask(input: {{id: $id, title: "mine", status: DONE}}) {FIELDS} }}'
    requests = [{"query": document, "variables": {"id": id_}} for id_ in (foreign, unknown)]
    return Attempt("createTask", requests[0], requests[1], (foreign, unknown))


def _bulk(name: str, change: str = "") -> Make:
    """Return what makes attempts of a bulk mutation, of one foreign task beside unknown ones."""
    kind = name[0].upper() + name[1:-1]
    policies = ("SKIP_INVALID", "ALL_OR_NONE")

    def make(world: World, _own: Side, other: Side) -> Attempt:
        foreign, unknown = world.random.choice(other.deleted if name == "restoreTasks" else other.ids), str(new_id())
        inputs = f"errorPolicy: {world.random.choice(policies)}, tasks: $tasks"
        fields = RESULT if name != "deleteTasks" else RESULT.replace(f"task {{ {TASK} }}", "deletedTaskId")
        document = f"mutation ($tasks: [{kind}Input!]!) {{ {name}(input: {{ {inputs} }}) {fields} }}"
        beside = [{"id": str(new_id())} for _ in range(world.random.randrange(3))]
        items = [[*beside, {"id": id_} | ({"title": change} if change else {})] for id_ in (foreign, unknown)]
        requests = [{"query": document, "variables": {"tasks": each}} for each in items]
        return Attempt(name, requests[0], requests[1], (foreign, unknown))

    return make


def _page_document(order: str, argument: str) -> str:
    fields = f"pageInfo {{ startCursor endCursor }} nodes {{ {TASK} }}"
    if order == "DELETED":
        fields = f"pageInfo {{ startCursor endCursor }} nodes {{ task {{ {TASK} }} }}"
        return f"query ($cursor: String) {{ deletedTasks(first: 5, {argument}: $cursor) {{ {fields} }} }}"
    return f"query ($cursor: String) {{ tasks(first: 5, orderBy: {order}, {argument}: $cursor) {{ {fields} }} }}"


def _cursor(world: World, _own: Side, other: Side) -> Attempt:
    order = world.random.choice([*ORDERS, "DELETED"])
    document = _page_document(order, world.random.choice(["after", "before"]))
    foreign = world.random.choice(other.cursors[order])
    unknown = base64.urlsafe_b64encode(secrets.token_bytes(29)).rstrip(b"=").decode()
    requests = [{"query": document, "variables": {"cursor": cursor}} for cursor in (foreign, unknown)]
    return Attempt("cursor", requests[0], requests[1])


def _forged_cursor(world: World, own: Side, other: Side) -> Attempt:
    """A foreign position with a valid checksum names a place in the own list, like one of an unknown task.

    The unknown id follows from the foreign one, so that both requests are repeated equally often. A page that the own
    workspace has read before is quicker.
    """
    order = world.random.choice([*ORDERS, "DELETED"])
    document = _page_document(order, world.random.choice(["after", "before"]))
    raw = base64.urlsafe_b64decode(world.random.choice(other.cursors[order]) + "=")
    kind, score = raw[:1], int.from_bytes(raw[1:9])
    packed = [pack_position(kind, score, id_, own.name) for id_ in (raw[9:25], sha256(raw[9:25]).digest()[:16])]
    cursors = [base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in packed]
    requests = [{"query": document, "variables": {"cursor": cursor}} for cursor in cursors]
    return Attempt("forged cursor", requests[0], requests[1])


def _damaged_cursor(world: World, own: Side, other: Side) -> Attempt:
    """A foreign cursor with another number of a workspace, or with the plain checksum."""
    raw = base64.urlsafe_b64decode(world.random.choice(other.cursors["NEWEST"]) + "=")
    plain = raw[:25] + binascii.crc32(raw[:25]).to_bytes(4)
    guessed = raw[:25] + secrets.token_bytes(4)
    forged = guessed if own.name == "default" else world.random.choice([plain, guessed])
    cursors = [base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in (forged, secrets.token_bytes(29))]
    document = _page_document("NEWEST", "after")
    requests = [{"query": document, "variables": {"cursor": cursor}} for cursor in cursors]
    return Attempt("damaged cursor", requests[0], requests[1])


def _search(world: World, _own: Side, other: Side) -> Attempt:
    document = f"query ($words: String!) {{ searchTasks(query: $words) {{ nodes {{ {TASK} }} }} }}"
    shape = world.random.choice(["{}", '"about {}"', "{} about", "{}"])
    foreign = other.marker[: world.random.choice([9, 14, len(other.marker)])]
    unknown = ("secret" + secrets.token_hex(8))[: len(foreign)]
    requests = [{"query": document, "variables": {"words": shape.format(text)}} for text in (foreign, unknown)]
    return Attempt("search", requests[0], requests[1])


def _persisted(world: World, _own: Side, other: Side) -> Attempt:
    requests = [
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_}}}
        for hash_ in (other.document_hash, secrets.token_hex(32))
    ]
    return Attempt("persisted query", requests[0], requests[1], get=world.random.random() < 0.5)


def _cached_page(world: World, _own: Side, _other: Side) -> Attempt:
    """The page that the other workspace has just read with these variables, and one that is not read yet."""
    # A variable that the document does not define has no effect, but is part of the key of a cached page.
    order = world.random.choice(ORDERS)
    requests = [
        {"query": PAGE_DOCUMENT, "variables": {"order": order, "unused": secrets.token_hex(4)}} for _ in range(2)
    ]
    return Attempt("cached page", requests[0], requests[1])


PAGE_DOCUMENT = f"""query ($order: TaskOrder!) {{
  tasks(first: 20, orderBy: $order) {{ totalCount nodes {{ {TASK} }} pageInfo {{ endCursor }} }}
}}"""
_task = _of_id("task", f"query ($id: ID!) {{ task(id: $id) {{ {TASK} }} }}")
MUTATION = "mutation ($id: ID!) {{ {name}(input: {{ id: $id {more} }}) {fields} }}"
DELETED = "{ deletedTaskId userErrors { field code message } }"


def _edit(name: str, more: str = "", *, deleted: bool = False) -> Make:
    fields = DELETED if name == "deleteTask" else FIELDS
    return _of_id(name, MUTATION.format(name=name, more=more, fields=fields), deleted=deleted)


ATTEMPTS: list[Make] = [
    _task,
    _of_id("task, deleted", f"query ($id: ID!) {{ task(id: $id) {{ {TASK} }} }}", deleted=True),
    _of_id("node", f"query ($id: ID!) {{ node(id: $id) {{ id ... on Task {{ {TASK} }} }} }}"),
    _of_id("deletedTask", f"query ($id: ID!) {{ deletedTask(id: $id) {{ task {{ {TASK} }} }} }}", deleted=True),
    _nodes,
    _edit("updateTask", ', title: "taken over"'),
    _edit("updateTask", ', title: "taken over", expectedVersion: 1'),
    _edit("completeTask"),
    _edit("reopenTask"),
    _edit("deleteTask"),
    _edit("restoreTask", deleted=True),
    _edit("restoreTask"),
    _create,
    _bulk("updateTasks", "taken over"),
    _bulk("deleteTasks"),
    _bulk("restoreTasks"),
    _cursor,
    _cursor,
    _forged_cursor,
    _damaged_cursor,
    _search,
    _persisted,
    _cached_page,
]
