"""A schema of graphql-core whose resolvers return, raise and await anything, always the same for the same field."""

import asyncio
import random
import zlib
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLNamedType,
    GraphQLSchema,
    Undefined,
    build_schema,
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

SDL = """
type Query {
  animal(id: ID, kind: Kind = DOG): Animal
  animals(first: Int = 3, filter: Filter): [Animal!]
  being(id: ID!): Being
  beings(ids: [ID!]): [Being]
  dog: Dog!
  dogs: [Dog!]!
  number(add: [Int!], float: Float): Float
  echo(filter: Filter, filters: [Filter!], any: Any): String
  matrix: [[Int!]]!
  self: Query!
}
type Mutation {
  set(value: Int = 1): Dog
  add(values: [Int!]!): Dog!
  remove(id: ID!): [Animal]
}
interface Animal { id: ID! name: String kind: Kind friends(first: Int): [Animal] best: Being }
interface Pet { owner: Person! }
type Dog implements Animal & Pet {
  id: ID! name: String kind: Kind! friends(first: Int): [Animal!] best: Being owner: Person! age: Int! weight: Float
  toys: [Toy!]! tags: [String!] good: Boolean!
}
type Cat implements Animal & Pet {
  id: ID! name: String kind: Kind friends(first: Int): [Animal] best: Being! owner: Person! lives: Int any: Any
}
type Person { id: ID! name: String! pets(kind: Kind): [Pet!] best: Being }
type Toy { name: String! price: Float! any: Any! kinds: [Kind!] }
union Being = Dog | Cat | Person
enum Kind { DOG CAT FISH }
scalar Any
input Filter { name: String = "none" kinds: [Kind!] = [DOG] min: Int not: Inner weight: Float! = 1.5 any: Any }
input Inner { id: ID! flag: Boolean = false list: [[Int]] }
"""
LEAVES: dict[str, list[Any]] = {
    "Int": [0, 1, -5, 2**31 - 1, True, 3.0, "7"],
    "Float": [0.5, 2, -1e300, True, "1.5"],
    "String": ["", "text", "Ünï✓🎈", 'quo"te\\', 5, True],
    "Boolean": [True, False, 0, 1],
    "ID": ["1", "x", 7],
    "Any": [1, "a", [1, None], {"b": {"a": 1.5}}, False],
}
WRONG: list[Any] = [object, float("nan"), {"a": 1}, 2**40, "", [], GraphQLError("returned"), ValueError("returned")]


class Source:
    """The value of an object. Fields without a resolver are attributes, which are drawn when they are read."""

    def __init__(self, seed: int, type_name: str, chaos: float) -> None:
        self.seed = seed
        self.type_name = type_name
        self.chaos = chaos

    def __repr__(self) -> str:
        return f"<{self.type_name} {self.seed}>"


class Resolvers:
    """Draws the value of each field from the seeds of its object, its name and its arguments."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    def install(self) -> None:
        for type_ in self._schema.type_map.values():
            if type_.name.startswith("__"):
                continue
            if is_object_type(type_):
                for field in type_.fields.values():
                    field.resolve = self.resolve
                if zlib.crc32(type_.name.encode()) % 2:
                    type_.is_type_of = self.is_type_of(type_)
            elif is_abstract_type(type_):
                type_.resolve_type = self.resolve_type

    def resolve(self, source: Any, info: Any, **arguments: Any) -> Any:
        seed, chaos = (source.seed, source.chaos) if isinstance(source, Source) else source
        rng = random.Random(zlib.crc32(f"{seed} {info.field_name} {arguments}".encode()))
        if rng.random() < chaos:
            raise rng.choice([ValueError("raised"), GraphQLError("raised", extensions={"code": "X"})])
        if info.field_name == "echo":
            return repr(arguments)
        return self._value(info.return_type, rng, chaos)

    def _value(self, type_: Any, rng: random.Random, chaos: float) -> Any:
        if rng.random() < chaos:
            # The scalar Any passes every value, but a response must consist of JSON.
            return self._later(rng, rng.choice(WRONG[2:] if get_named_type(type_).name == "Any" else WRONG))
        if is_non_null_type(type_):
            type_ = type_.of_type
        elif rng.random() < 0.1:
            return self._later(rng, rng.choice([None, None, Undefined]))
        if rng.random() < chaos:
            return self._later(rng, None)
        if is_list_type(type_):
            return self._later(rng, self._list(type_, rng, chaos))
        return self._later(rng, self._single(get_named_type(type_), rng, chaos))

    def _list(self, type_: Any, rng: random.Random, chaos: float) -> Any:
        items = [self._value(type_.of_type, rng, chaos) for _ in range(rng.randrange(4))]
        roll = rng.random()
        if roll < 0.1:
            return tuple(items)
        if roll < 0.15:
            return (item for item in items)
        if roll < 0.2 and not any(hasattr(item, "__await__") for item in items):
            return _iterate(items)
        return items

    def _single(self, type_: GraphQLNamedType, rng: random.Random, chaos: float) -> Any:
        if is_enum_type(type_):
            return rng.choice(list(type_.values))
        if is_leaf_type(type_):
            return rng.choice(LEAVES[type_.name][: 2 if rng.random() < 0.9 else None])
        if is_abstract_type(type_):
            type_ = rng.choice(self._schema.get_possible_types(type_))
        return Source(rng.randrange(10**9), type_.name, chaos)

    def _later(self, rng: random.Random, value: Any) -> Any:
        roll = rng.random()
        if roll > 0.1 or hasattr(value, "__await__"):
            return value
        error = ValueError("awaited") if roll < 0.005 else None
        return _later(value, rng.randrange(3), error)

    def resolve_type(self, value: Any, info: Any, abstract_type: Any) -> Any:
        if not isinstance(value, Source):
            return "Toy"
        rng = random.Random(value.seed)
        roll = rng.random()
        if roll < value.chaos:
            return rng.choice([None, "Nothing", "Kind", "Toy", 5])
        if roll < 2 * value.chaos:
            raise ValueError(f"{info.field_name} {info.path.as_list()}")
        return _later(value.type_name, rng.randrange(2), None) if roll > 0.95 else value.type_name

    def is_type_of(self, type_: Any) -> Any:
        def is_type_of(value: Any, info: Any) -> Any:
            found = isinstance(value, Source) and value.type_name == type_.name
            if isinstance(value, Source) and value.seed % 50 == 0:
                return _later(found, 1, None)
            return found

        return is_type_of


async def _later(value: Any, turns: int, error: Exception | None) -> Any:
    for _ in range(turns):
        await asyncio.sleep(0)
    if error is not None:
        raise error
    return value


async def _iterate(items: list[Any]) -> Any:
    for item in items:
        yield item


def plain_schema() -> GraphQLSchema:
    """Return the schema. Its root values are pairs: a seed and the share of values that are wrong."""
    schema = build_schema(SDL)
    Resolvers(schema).install()
    return schema
