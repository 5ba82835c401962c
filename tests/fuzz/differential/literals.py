"""Random values for input types, as JSON and as GraphQL literals."""

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLInputType,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

# Values by the name of an input type, or by a more specific place: `Query.tasks.first`, `TaskFilter.status`.
ValuePools = Mapping[str, Sequence[Any]]

SCALARS: dict[str, Sequence[Any]] = {
    "Int": [0, 1, 2, 3, -1, 10, 2**31 - 1, -(2**31)],
    "Float": [0.5, 1, -2.25, 1e20, 0],
    "String": ["", "a", "Ünï©ode ✓ 🎈", 'quote " \\ back', "line\nbreak\t\u0007", "null", "x" * 300],
    "Boolean": [True, False],
    "ID": ["1", "", "a-b", "018f3c7e-0000-7000-8000-000000000001"],
}
# Values that no built-in scalar accepts, or only some.
INVALID: Sequence[Any] = [2**31, 1.5, "text", True, {}, [], {"a": 1}, [None], 10**30, None, 1, [[1]]]
MISSING: Any = object()


class ValueGenerator:
    """Generates values of input types: valid ones, and for variables sometimes invalid ones."""

    def __init__(self, rng: random.Random, pools: ValuePools) -> None:
        self._rng = rng
        self._pools = pools

    def value(self, type_: GraphQLInputType, place: str, depth: int = 0) -> Any:
        """Return a valid value as JSON."""
        rng = self._rng
        if is_non_null_type(type_):
            type_ = type_.of_type
        elif rng.random() < 0.15:
            return None
        if pool := self._pools.get(place):
            return rng.choice(pool)
        if is_list_type(type_):
            if rng.random() < 0.1 and depth < 2:
                return self.value(type_.of_type, place, depth + 1)  # a single item stands for a list
            return [self.value(type_.of_type, place, depth + 1) for _ in range(rng.choice([0, 1, 2, 3]))]
        name = get_named_type(type_).name
        if pool := self._pools.get(name) or SCALARS.get(name):
            return rng.choice(pool)
        if is_enum_type(type_):
            return rng.choice(list(type_.values))
        if is_input_object_type(type_):
            return self._object(type_, depth)
        return rng.choice(SCALARS["String"])

    def _object(self, type_: Any, depth: int) -> dict[str, Any]:
        rng = self._rng
        if type_.is_one_of or (type_.out_type.__name__ == "check_one_of"):
            name, field = rng.choice(list(type_.fields.items()))
            value = None
            while value is None:
                value = self.value(field.type, f"{type_.name}.{name}", depth + 1)
            return {name: value}
        given = {}
        names = list(type_.fields)
        rng.shuffle(names)
        for name in names:
            field = type_.fields[name]
            if is_required_input_field(field) or (rng.random() < 0.5 and depth < 4):
                given[name] = self.value(field.type, f"{type_.name}.{name}", depth + 1)
        return given

    def spoiled(self, value: Any) -> Any:
        """Return a value with one part replaced by an arbitrary one."""
        rng = self._rng
        if isinstance(value, dict) and value and rng.random() < 0.7:
            changed = dict(value)
            if rng.random() < 0.2:
                changed["unknownField"] = 1
            else:
                name = rng.choice(list(changed))
                changed[name] = self.spoiled(changed[name])
            return changed
        if isinstance(value, list) and value and rng.random() < 0.7:
            index = rng.randrange(len(value))
            return [*value[:index], self.spoiled(value[index]), *value[index + 1 :]]
        return rng.choice(INVALID)


def literal(value: Any, type_: GraphQLInputType) -> str:
    """Return a JSON value as a literal of a type."""
    if is_non_null_type(type_):
        type_ = type_.of_type
    if value is None:
        return "null"
    if is_list_type(type_):
        if isinstance(value, list):
            return "[" + ", ".join(literal(item, type_.of_type) for item in value) + "]"
        return literal(value, type_.of_type)
    if is_input_object_type(type_) and isinstance(value, dict):
        members = (
            f"{name}: {literal(member, type_.fields[name].type)}"
            for name, member in value.items()
            if name in type_.fields
        )
        return "{" + ", ".join(members) + "}"
    if is_enum_type(type_) and isinstance(value, str):
        return value
    return untyped_literal(value)


def untyped_literal(value: Any) -> str:
    """Return a JSON value as a literal of a custom scalar."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {untyped_literal(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(untyped_literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
