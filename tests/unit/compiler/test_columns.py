import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
import strawberry

from compiler import CompilerOptions
from tests.unit.compiler.checks import data_of, same


@strawberry.type
class Leaf:
    name: str
    count: int
    share: float | None = None
    kinds: list[str] | None = None

    @strawberry.field
    def cursor(self) -> str:
        if self.count == 13:
            raise ValueError("13")
        return f"c{self.count}"


@strawberry.type
class Branch:
    leaf: Leaf
    leaves: list[Leaf]
    maybe: Leaf | None = None
    lists: list[list[Leaf] | None] | None = None


class Lazy:
    """An object with attributes that are awaitable, each time a new one."""

    count = 1
    share = None
    kinds = ()

    @property
    def name(self) -> Any:
        return asyncio.sleep(0, "awaited")


class Stored:
    """An object with an attribute that can be awaited once."""

    count, share, kinds = 1, None, ["a"]

    def __init__(self) -> None:
        self.name = asyncio.sleep(0, "stored")


def leaf(count: int, **more: Any) -> Any:
    return Leaf(name=f"n{count}", count=count, **more)


LISTS: list[list[Any]] = [
    [],
    [leaf(1), leaf(2)],
    [leaf(1), leaf(13)],
    [leaf(1), leaf(2**40)],
    [leaf(1), Leaf(name=None, count=1)],  # type: ignore[arg-type]
    [leaf(1), Leaf(name=5, count=True)],  # type: ignore[arg-type]
    [leaf(1, share=0.5, kinds=["a"]), leaf(2, share=3, kinds=["b", None])],
    [leaf(1, share=float("nan")), leaf(2, kinds=("a", "b")), leaf(3, kinds=[])],
    [leaf(1), None, leaf(2)],
    [leaf(1), ValueError("an item"), leaf(2)],
    [Lazy(), leaf(1)],
    [leaf(1), object()],
]
SELECTIONS = ["name count", "name count share kinds", "__typename", "cursor count", "name cursor n: name"]
CALLS: list[int] = []


def cursors(leaves: Sequence[Leaf]) -> list[str]:
    CALLS.append(len(leaves))
    if any(leaf.count == 13 for leaf in leaves):
        raise ValueError("one of them is 13")
    return [f"c{leaf.count}" for leaf in leaves]


@strawberry.type
class Query:
    @strawberry.field
    def leaves(self, index: int) -> list[Leaf]:
        return LISTS[index]

    @strawberry.field
    def maybe_leaves(self, index: int) -> list[Leaf | None] | None:
        return LISTS[index]

    @strawberry.field
    def branches(self, index: int) -> list[Branch]:
        leaves = LISTS[index]
        return [
            Branch(leaf=leaf, leaves=leaves[:2], maybe=leaf, lists=[leaves, None, []] if leaves else None)
            for leaf in leaves
        ]

    @strawberry.field
    def stored(self) -> list[Leaf]:
        return [leaf(1), cast("Leaf", Stored())]


SCHEMA = strawberry.Schema(Query)
OPTIONS = CompilerOptions(batch_resolvers={("Leaf", "cursor"): cursors})


@pytest.mark.parametrize("index", range(len(LISTS)))
@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("options", [CompilerOptions(), OPTIONS])
async def test_lists_of_any_values(index: int, selection: str, options: CompilerOptions) -> None:
    await same(SCHEMA, f"{{ leaves(index: {index}) {{ {selection} }} }}", options=options)
    await same(SCHEMA, f"{{ maybeLeaves(index: {index}) {{ {selection} }} }}", options=options)


@pytest.mark.parametrize("index", range(len(LISTS)))
@pytest.mark.parametrize("selection", SELECTIONS)
async def test_nested_lists(index: int, selection: str) -> None:
    for field in ("leaf", "maybe", "leaves", "lists"):
        await same(SCHEMA, f"{{ branches(index: {index}) {{ {field} {{ {selection} }} }} }}", options=OPTIONS)


async def test_attribute_that_can_be_awaited_once() -> None:
    await data_of(SCHEMA, "{ stored { name count } }")


async def test_batch_resolver_is_called_once_for_a_list() -> None:
    CALLS.clear()
    await data_of(SCHEMA, "{ leaves(index: 1) { cursor } branches(index: 1) { leaves { cursor } } }", options=OPTIONS)
    assert CALLS == [2, 4]


@pytest.mark.parametrize("batch", [lambda leaves: ["one"], lambda leaves: 5, lambda leaves: [None for _ in leaves]])
async def test_batch_resolver_that_returns_nonsense_is_not_used(batch: Any) -> None:
    options = CompilerOptions(batch_resolvers={("Leaf", "cursor"): batch})
    assert (await data_of(SCHEMA, "{ leaves(index: 1) { cursor } }", options=options))["leaves"][0]["cursor"] == "c1"


async def test_list_of_scalars_is_copied() -> None:
    @strawberry.type
    class Changing:
        own: strawberry.Private[list[str]]

        @strawberry.field
        def kinds(self) -> list[str]:
            return self.own

        @strawberry.field
        def change(self) -> int:
            self.own.append("b")
            return len(self.own)

    @strawberry.type
    class Root:
        @strawberry.field
        def changing(self) -> Changing:
            return Changing(own=["a"])

    found = await data_of(strawberry.Schema(Root), "{ changing { kinds change } }")
    assert found == {"changing": {"kinds": ["a"], "change": 2}}


class Counted:
    """An object that counts how often its attributes are read."""

    reads = 0
    count, share, kinds = 1, None, ["a"]

    @property
    def name(self) -> str:
        Counted.reads += 1
        return "counted"


async def test_values_of_the_usual_kind_are_read_once() -> None:
    LISTS.append([Counted(), Counted()])
    try:
        for field, times in (("leaves", 2), ("maybeLeaves", 2), ("branches", 12)):
            Counted.reads = 0
            body = "{ name count }" if times == 2 else "{ leaf { name } maybe { name } leaves { name } lists { name } }"
            await data_of(SCHEMA, f"{{ {field}(index: {len(LISTS) - 1}) {body} }}")
            # Once by each executor.
            assert Counted.reads == 2 * times
    finally:
        LISTS.pop()
