"""A Strawberry schema whose resolvers return the inputs that they get, as text."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
from graphql import parse
from strawberry import UNSET
from strawberry.relay import GlobalID
from strawberry.scalars import JSON
from strawberry.types import get_object_definition

from compiler import CompiledOperation, compile_operation


@strawberry.enum
class Named(Enum):
    A = "A"
    B = "B"


@strawberry.enum
class Numbered(Enum):
    ONE = 1
    TWO = strawberry.enum_value(2, name="DEUX")


@strawberry.input
class Inner:
    id: strawberry.ID
    flag: bool = True
    note: str | None = None


@strawberry.input
class Outer:
    title: str
    named: Named = Named.B
    numbered: Numbered | None = UNSET
    inner: Inner | None = None
    many: list[Inner] = strawberry.field(default_factory=list)
    when: datetime | None = UNSET
    price: Decimal | None = None
    weight: float = 1.5
    json: JSON | None = UNSET
    plain: str | None = strawberry.field(name="renamedField", default="plain")
    nullable: int | None


@strawberry.input
class WithMaybe:
    number: strawberry.Maybe[int] = None
    text: strawberry.Maybe[str | None] = None


@strawberry.input
class WithId:
    node: GlobalID | None = None


@strawberry.input
class Wrapped:
    maybe: WithMaybe | None = None
    with_id: list[WithId] | None = None


@strawberry.input(one_of=True)
class Choice:
    a: int | None = UNSET
    b: Inner | None = UNSET


@strawberry.input
class Tree:
    name: str
    children: list["Tree"] | None = None


@strawberry.input
class Custom:
    a: str
    b: int | None = UNSET
    c: list[Inner] | None = None

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(a=None, b=None, c=None)
        self.__dict__.update({**values, "custom": sorted(values)})

    def __repr__(self) -> str:
        return str(self.__dict__)


@strawberry.input
class Converted:
    text: str
    named: Named | None = None
    count: int | None = UNSET


@strawberry.input
class Shelf:
    items: list[Converted]


def _from_input(type_: Any, given: Any, context: Any) -> Any:
    if given["text"] == "needs info":
        given = {**given, "text": context.info.field_name}
    return type_(**{**given, "text": f"{given['text']} {context.path} {context.convert('7', int)}"})


get_object_definition(Converted, strict=True).from_input = _from_input


@strawberry.type
class Query:
    @strawberry.field
    def outer(self, value: Outer) -> str:
        return repr(value)

    @strawberry.field
    def outers(self, value: list[list[Outer] | None] | None = None) -> str:
        return repr(value)

    @strawberry.field
    def wrapped(self, value: Wrapped) -> str:
        return repr(value)

    @strawberry.field
    def choice(self, value: Choice) -> str:
        return repr(value)

    @strawberry.field
    def tree(self, value: Tree) -> str:
        return repr(value)

    @strawberry.field
    async def custom(self, value: Custom) -> str:
        return repr(value)

    @strawberry.field
    async def shelf(self, value: Shelf, other: Converted | None = None) -> str:
        return repr((value, other))

    @strawberry.field
    def scalars(
        self,
        int: int | None = UNSET,  # noqa: A002
        float: float | None = UNSET,  # noqa: A002
        text: str = "default",
        flag: bool | None = None,
        id: strawberry.ID | None = UNSET,  # noqa: A002
        named: Named | None = Named.A,
        when: datetime | None = None,
        json: JSON | None = None,
        ids: list[strawberry.ID] | None = None,
        nodes: list[GlobalID] | None = None,
    ) -> str:
        return repr((int, float, text, flag, id, named, when, json, ids, nodes))


SCHEMA = strawberry.Schema(Query)
INNER: Any = {"id": "1"}
OUTER: Any = {"title": "t", "nullable": None}


def compiled(document: str) -> CompiledOperation:
    return compile_operation(SCHEMA._schema, parse(document))
