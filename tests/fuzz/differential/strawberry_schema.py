"""A Strawberry schema that uses what the compiler treats in its own way, and what it leaves to Strawberry."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.relay import GlobalID
from strawberry.scalars import JSON
from strawberry.types import get_object_definition

from compiler import CompilerOptions, EncodedType

T = TypeVar("T")
DAY = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@strawberry.enum
class Genre(Enum):
    POEM = "POEM"
    NOVEL = "NOVEL"


@strawberry.enum
class Level(Enum):
    LOW = 1
    HIGH = strawberry.enum_value(2, name="TOP")


@strawberry.interface
class Node:
    id: strawberry.ID


class Denied(BasePermission):
    message = "denied"

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return getattr(source, "id", "1") != "3"


class Upper(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        return str(next_(source, info, **kwargs)).upper()


@strawberry.type
class Book(Node):
    """Objects are of `EncodedBook`, which carries JSON, or of `PlainBook`."""

    title: str
    genre: Genre
    level: Level | None
    price: Decimal
    tags: list[str]
    published: datetime | None
    pages: int

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, EncodedBook | PlainBook | Book)

    @strawberry.field
    def shout(self, times: int = 1, suffix: str | None = None) -> str:
        if self.id == "2":
            raise ValueError("book 2 does not shout")
        return self.title.upper() * min(times, 3) + (suffix or "")

    @strawberry.field
    async def author(self, info: strawberry.Info) -> Annotated["Author", strawberry.lazy(__name__)] | None:
        await asyncio.sleep(0)
        return Author(id=strawberry.ID(f"author {self.id}"), name=str(info.path.as_list()), books_=[])

    @strawberry.field(permission_classes=[Denied])
    def secret(self) -> str | None:
        return f"secret of {self.id}"

    @strawberry.field(extensions=[Upper()])
    def loud(self, word: str = "hm") -> str:
        return f"{word} {self.id}"


@dataclass(frozen=True)
class PlainBook:
    id: str
    title: Any
    genre: Any = "POEM"
    level: Any = Level.HIGH
    price: Any = Decimal("1.50")
    tags: Any = ()
    published: Any = DAY
    pages: Any = 3


class EncodedBook:
    """A book that carries its JSON and decodes it when another attribute is read."""

    __slots__ = ("json",)

    def __init__(self, book: PlainBook) -> None:
        members = {
            "id": book.id,
            "title": book.title,
            "genre": book.genre,
            "level": None,
            "tags": list(book.tags),
            "published": None if book.published is None else book.published.isoformat(),
            "pages": book.pages,
        }
        self.json = msgspec.json.encode(members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        members = msgspec.json.decode(self.json)
        if name == "published":
            return members[name] and datetime.fromisoformat(members[name])
        return Decimal("2.5") if name == "price" else members[name]


@strawberry.type
class Author(Node):
    name: str
    books_: strawberry.Private[list[Any]]

    @strawberry.field
    def books(self, genre: Genre | None = None) -> list[Book]:
        return self.books_


@strawberry.type
class Edge(Generic[T]):
    node: T
    position: strawberry.Private[int]

    @strawberry.field
    def cursor(self) -> str:
        if self.position == 4:
            raise ValueError("no cursor for position 4")
        return f"c{self.position}"


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    nodes: list[T]
    first_edge: Edge[T] | None = None

    @strawberry.field
    async def total(self) -> int:
        return len(self.nodes)


@strawberry.type
class Failure:
    message: str
    path: list[str] | None = None


Found = Annotated[Book | Author | Failure, strawberry.union("Found")]


@strawberry.input
class Inner:
    id: strawberry.ID
    flag: bool = False
    maybe: strawberry.Maybe[int] = None


@strawberry.input
class BookInput:
    title: str
    genre: Genre = Genre.NOVEL
    level: Level | None = strawberry.UNSET
    price: Decimal | None = None
    tags: list[str] = strawberry.field(default_factory=lambda: ["new"])
    published: datetime | None = strawberry.UNSET
    pages: int | None = strawberry.field(default=7, name="pageCount")


@strawberry.input
class ShelfInput:
    books: list[BookInput]
    main: BookInput | None
    inner: Inner | None = None
    nested: list[list[BookInput] | None] | None = None


@strawberry.input
class FlatInput:
    text: str
    genre: Genre | None = None
    weight: float | None = strawberry.UNSET


def _flat_input(type_: type, given: Any, context: Any) -> Any:
    if given.get("text") == "null":
        raise ValueError("refused")
    return type_(**{**given, "text": f"{given['text']} at {'/'.join(map(str, context.path))}"})


get_object_definition(FlatInput, strict=True).from_input = _flat_input


@strawberry.input(one_of=True)
class Choice:
    id: strawberry.ID | None = strawberry.UNSET
    number: int | None = strawberry.UNSET


def book(number: int) -> Any:
    """Return a book of any kind. Some of them have values that cannot be serialized."""
    plain = PlainBook(str(number), f'Bøok {number} "✓"', tags=["a", "🎈"][: number % 3])
    if number % 4 == 0:
        return EncodedBook(plain)
    if number % 11 == 5:
        return PlainBook(str(number), None)
    if number % 13 == 6:
        return PlainBook(str(number), "wrong", genre="WHAT", pages=2**40)
    return plain


def books(first: int) -> list[Any]:
    """Return books: for even numbers of one kind, so that they can be completed together."""
    if first % 2 == 0:
        return [EncodedBook(PlainBook(str(number), f"t{number}")) for number in range(first)]
    return [book(number) for number in range(first)]


@strawberry.type
class Query:
    greeting: str = "hello"

    @strawberry.field
    async def books(self, first: int = 3, genre: Genre | None = None) -> list[Book | None]:
        found = books(max(0, min(first, 8)))
        return [None if genre is Genre.POEM and index == 1 else item for index, item in enumerate(found)]

    @strawberry.field
    def connection(self, first: int = 3) -> Connection[Book]:
        if first < 0:
            raise ValueError(f"first is {first}")
        nodes = books(min(first, 8))
        edges = [Edge(node=node, position=index) for index, node in enumerate(nodes)]
        return Connection(nodes=nodes, edges=edges, first_edge=edges[0] if edges else None)

    @strawberry.field
    def node(self, id: strawberry.ID) -> Node | None:  # noqa: A002
        return Author(id=id, name="A", books_=books(2)) if len(id) > 2 else Book(**vars(PlainBook(id, "node")))

    @strawberry.field
    async def found(self, first: int = 3) -> list[Found]:
        items: list[Any] = [Failure(message="none"), *books(max(0, min(first, 7)))]
        return [*items, Author(id=strawberry.ID("a"), name="A", books_=[]), Failure(message="x", path=["y"])]

    @strawberry.field
    def echo(
        self,
        info: strawberry.Info,
        shelf: ShelfInput | None = None,
        book: BookInput | None = None,
        books: list[BookInput] | None = None,
        flat: list[FlatInput] | None = None,
        choice: Choice | None = None,
    ) -> str:
        values = (shelf, book, books, flat, choice)
        return f"{values!r} {info.variable_values!r}"

    @strawberry.field
    async def scalars(
        self,
        id: GlobalID | None = None,  # noqa: A002
        json: JSON | None = None,
        when: datetime | None = None,
        price: Decimal | None = None,
        level: Level = Level.LOW,
        maybe: strawberry.Maybe[int | None] = None,
        numbers: list[float | None] | None = None,
    ) -> str:
        return repr((id, json, when, price, level, maybe, numbers))


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add(self, input: BookInput) -> Book:  # noqa: A002
        if input.title == "":
            raise ValueError("no title")
        return PlainBook(input.title, input.title, genre=input.genre)  # type: ignore[return-value]

    @strawberry.mutation
    def add_all(self, items: list[FlatInput]) -> list[Found | None]:
        made: list[Any] = [None if item.text == "a" else Failure(message=repr(item)) for item in items]
        return made

    @strawberry.mutation
    async def fail(self, with_: Annotated[str, strawberry.argument(name="with")] = "") -> str | None:
        await asyncio.sleep(0)
        raise ValueError(with_)


SCHEMA = strawberry.Schema(Query, Mutation, types=[Author, Book])._schema
OPTIONS = CompilerOptions(
    encoded_types={
        "Book": EncodedType(
            EncodedBook,
            lambda item: item.json,
            frozenset({"id", "title", "genre", "level", "tags", "published", "pages"}),
        )
    },
    batch_resolvers={("BookEdge", "cursor"): lambda edges: [_cursor(edge) for edge in edges]},
)
POOLS: dict[str, Any] = {
    "Query.connection.first": [0, 1, 2, 3, 4, 5, 8, -1],
    "Query.books.first": [0, 1, 2, 3, 4, 7],
    "DateTime": ["2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.5Z"],
    "Decimal": ["1.5", "-0.00001"],
    "JSON": [{"a": [1, None]}, 5, "x", [True]],
    "Query.scalars.id": ["Qm9vazox", "Qm9vazoy", "bad"],
    "FlatInput.text": ["a", "b", "null"],
}


def _cursor(edge: Any) -> str:
    if edge.position == 4:
        raise ValueError("no batch with position 4")
    return f"c{edge.position}"
