import json
from typing import Any, cast

import pytest
import strawberry

from compiler import CompilerOptions, EncodedType
from tests.unit.compiler.checks import data_of, messages, same


class Encoded:
    """An object with its JSON. Counts how often another attribute is read."""

    reads = 0

    def __init__(self, text: bytes) -> None:
        self.json = text

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        Encoded.reads += 1
        return json.loads(self.json).get(name) if name == "extra" else json.loads(self.json)[name]


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Task(Node):
    title: str
    size: int | None
    tags: list[str]
    extra: str | None = None

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, Encoded | Task)

    @strawberry.field
    def shout(self) -> str:
        return self.title.upper()


@strawberry.type
class Other(Node):
    title: str


@strawberry.type
class Edge:
    node: Task
    maybe: Task | None = None


def encoded(number: int, **more: Any) -> Encoded:
    task = {"id": str(number), "title": f'T"{number}\u2713 \\', "size": number or None, "tags": ["a"] * number}
    return Encoded(json.dumps({**task, "unknown": {"x": [1]}, **more}, ensure_ascii=number % 2 == 0).encode())


LISTS: dict[str, list[Any]] = {
    "encoded": [encoded(number, **({"extra": "x"} if number == 2 else {})) for number in range(4)],
    "empty": [],
    "nulls": [encoded(0), None, encoded(1)],
    "mixed": [encoded(0), Task(id=strawberry.ID("t"), title="plain", size=None, tags=[]), encoded(1)],
    "plain": [Task(id=strawberry.ID("t"), title="plain", size=3, tags=["x"])] * 2,
    "several": [encoded(1), Other(id=strawberry.ID("o"), title="other")],
    "broken": [encoded(0), Encoded(b'{"id": "x"}')],
    "nonsense": [Encoded(b"nonsense")],
}


@strawberry.type
class Query:
    @strawberry.field
    def tasks(self, name: str) -> list[Task | None]:
        return LISTS[name]

    @strawberry.field
    def nodes(self, name: str) -> list[Node | None]:
        return LISTS[name]

    @strawberry.field
    def edges(self, name: str) -> list[Edge]:
        return [Edge(node=task, maybe=task) for task in LISTS[name]]

    @strawberry.field
    async def task(self, name: str = "encoded") -> Task | None:
        return cast("Task", LISTS[name][0])

    @strawberry.field
    def node(self) -> Node:
        return cast("Node", LISTS["encoded"][1])


SCHEMA = strawberry.Schema(Query, types=[Task, Other])
OPTIONS = CompilerOptions(
    {
        "Task": EncodedType(
            Encoded,
            lambda task: task.json,
            frozenset({"id", "title", "size", "tags", "extra"}),
            {"extra": b"null"},
        )
    }
)
CUT = [
    "id title size tags",
    "tags size title id",
    "__typename id",
    "id kind: __typename __typename",
    "a: id title b: id",
    # The response keys are names of other members.
    "title: id id: title size tags",
    "only: title",
    # A member that the JSON may lack.
    "extra id more: extra",
]
RESOLVED = ["id shout", "id title @skip(if: true) shout"]


@pytest.mark.parametrize("name", ["encoded", "empty", "nulls", "mixed", "plain", "broken", "nonsense"])
@pytest.mark.parametrize("selection", CUT + RESOLVED)
async def test_lists(name: str, selection: str) -> None:
    await same(SCHEMA, f'{{ tasks(name: "{name}") {{ {selection} }} }}', options=OPTIONS)
    await same(SCHEMA, f'{{ edges(name: "{name}") {{ node {{ {selection} }} }} }}', options=OPTIONS)
    await same(SCHEMA, f'{{ edges(name: "{name}") {{ maybe {{ {selection} }} }} }}', options=OPTIONS)


@pytest.mark.parametrize("name", sorted(set(LISTS) - {"broken", "nonsense"}))
async def test_lists_of_interfaces(name: str) -> None:
    fragment = "id ... on Task { title size } ... on Other { title }"
    await same(SCHEMA, f'{{ nodes(name: "{name}") {{ {fragment} }} }}', options=OPTIONS)


@pytest.mark.parametrize("selection", CUT + RESOLVED)
async def test_single_objects(selection: str) -> None:
    await data_of(SCHEMA, f"{{ task {{ {selection} }} node {{ ... on Task {{ {selection} }} }} }}", options=OPTIONS)


@pytest.mark.parametrize("selection", CUT)
async def test_attributes_are_not_read(selection: str) -> None:
    document = f'{{ tasks(name: "encoded") {{ {selection} }} task {{ {selection} }} }}'
    before = Encoded.reads
    await data_of(SCHEMA, document, options=OPTIONS)
    by_both = Encoded.reads - before
    await data_of(SCHEMA, document)
    assert Encoded.reads - before - by_both == 2 * by_both


async def test_member_that_the_json_lacks_is_resolved_in_the_normal_way() -> None:
    found = await same(SCHEMA, '{ tasks(name: "broken") { id title } }', options=OPTIONS)
    assert messages(found) == ["'title'"]
