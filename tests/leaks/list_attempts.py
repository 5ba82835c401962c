"""The attempts to reach the lists of another workspace, and to find its external ids."""

import base64
import secrets

from schema.ids import new_id
from tests.leaks.attempts import FIELDS, LIST, Attempt, Make
from tests.leaks.world import SIZES, Side, World

LIST_FIELDS = f"{{ taskList {{ {LIST} }} userErrors {{ field code message }} }}"
LIST_NODE = f"query ($id: ID!) {{ node(id: $id) {{ id ... on TaskList {{ {LIST} }} }} }}"


def _of_list(kind: str, document: str) -> Make:
    """Return what makes attempts whose only difference is the id of a list."""

    def make(world: World, own: Side, other: Side) -> Attempt:
        foreign, unknown = world.random.choice(other.lists), str(new_id())
        requests = [{"query": document, "variables": {"id": id_, "own": own.ids[-1]}} for id_ in (foreign, unknown)]
        return Attempt(kind, requests[0], requests[1], (foreign, unknown))

    return make


def _create_list(world: World, own: Side, other: Side) -> Attempt:
    """The id of a foreign list is free in every other workspace."""
    if not other.spare_lists:
        return _of_list("node of a list", LIST_NODE)(world, own, other)
    foreign, unknown = other.spare_lists.pop(), str(new_id())
    document = f'mutation ($id: ID!) {{ createTaskList(input: {{id: $id, name: "mine"}}) {LIST_FIELDS} }}'
    requests = [{"query": document, "variables": {"id": id_}} for id_ in (foreign, unknown)]
    return Attempt("createTaskList", requests[0], requests[1], (foreign, unknown))


def _external_id(world: World, _own: Side, other: Side) -> Attempt:
    """The external id of a foreign task is free in every other workspace."""
    names = f"{other.name}-{world.random.randrange(SIZES[other.name])}", secrets.token_hex(8)
    document = """mutation ($name: String!) {
      createTask(input: {externalId: $name, title: "mine", status: DONE}) {
        task { title description externalId version list { name } } userErrors { field code message } } }"""
    requests = [{"query": document, "variables": {"name": name}} for name in names]
    return Attempt("external id", requests[0], requests[1], names)


def _list_cursor(world: World, _own: Side, other: Side) -> Attempt:
    """A cursor of a list is no secret: the service takes any id in it as a place among the caller's lists."""
    cursor = world.random.choice(other.cursors["LISTS"][:3])  # not of lists that `_create_list` uses
    kind, _, id_ = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
    raw = f"{kind}:{id_[:13]}{str(new_id())[13:]}".encode()
    cursors = (cursor, base64.urlsafe_b64encode(raw).rstrip(b"=").decode())
    document = f"""query ($cursor: String) {{
      taskLists(first: 5, after: $cursor) {{ pageInfo {{ startCursor endCursor }} nodes {{ {LIST} }} }} }}"""
    requests = [{"query": document, "variables": {"cursor": cursor}} for cursor in cursors]
    return Attempt("cursor of a list", requests[0], requests[1])


LIST_ATTEMPTS: list[Make] = [
    _list_cursor,
    _of_list("node of a list", LIST_NODE),
    _of_list(
        "updateTaskList",
        'mutation ($id: ID!) { updateTaskList(input: {id: $id, name: "taken over", archived: true}) '
        f"{LIST_FIELDS} }}",
    ),
    _of_list(
        "move to a list", f"mutation ($id: ID!, $own: ID!) {{ updateTask(input: {{id: $own, listId: $id}}) {FIELDS} }}"
    ),
    _of_list(
        "create in a list", f'mutation ($id: ID!) {{ createTask(input: {{title: "mine", listId: $id}}) {FIELDS} }}'
    ),
    _create_list,
    _external_id,
]
