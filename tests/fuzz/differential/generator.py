"""Generates random operations for any schema. Validation discards those whose fields cannot be merged."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_required_argument,
    is_union_type,
    parse,
    validate,
)

from tests.fuzz.differential.compare import Case
from tests.fuzz.differential.literals import MISSING, ValueGenerator, ValuePools, literal

# Of the form (type, default literal or None, values as JSON). An explicit null makes the directive fail.
CONDITIONS: Sequence[tuple[str, str | None, Sequence[Any]]] = [
    ("Boolean!", None, [True, False]),
    ("Boolean!", "true", [True, False, MISSING]),
    ("Boolean", "false", [True, False, MISSING, None]),
    ("Boolean! ", "false", [MISSING]),
]


@dataclass
class _Operation:
    """What has been generated of one operation: its variables, fragments, and the arguments of each alias.

    budget: how many selections may still follow.
    """

    prefix: str
    budget: int
    definitions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    conditions: list[str] = field(default_factory=list)
    fragments: list[tuple[str, GraphQLNamedType, str]] = field(default_factory=list)
    fields: dict[tuple[str, str], list[str]] = field(default_factory=dict)


class DocumentGenerator:
    """Generates operations with aliases, fragments, directives, variables and repeated fields.

    pools: values for arguments, see `ValuePools`. spoil: the share of variables with an invalid value.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        rng: random.Random,
        pools: ValuePools | None = None,
        *,
        kinds: Sequence[str] = ("query", "query", "query", "mutation"),
        max_depth: int = 4,
        spoil: float = 0.05,
    ) -> None:
        self._schema = schema
        self._rng = rng
        self._values = ValueGenerator(rng, pools or {})
        self._max_depth = max_depth
        self._spoil = spoil
        roots = {"query": schema.query_type, "mutation": schema.mutation_type}
        self._kinds = [kind for kind in kinds if roots[kind] is not None]
        self._roots: dict[str, Any] = roots

    def valid_case(self) -> tuple[Case, DocumentNode]:
        """Return a case whose document is valid, with the parsed document."""
        while True:
            case = self.case()
            try:
                document = parse(case.document)
            except GraphQLError as error:
                raise AssertionError(f"not parsed: {case.document}") from error
            # The other rules hold for every generated document. They would take most of the time.
            if not validate(self._schema, document, [OverlappingFieldsCanBeMergedRule], max_errors=1):
                return case, document

    def case(self) -> Case:
        """Return a case. The document may be invalid, because its fields cannot be merged."""
        rng = self._rng
        if rng.random() < 0.85:
            name = rng.choice([None, "Only"])
            text, operation = self._operation(rng.choice(self._kinds), name or "", "")
            return Case(text, rng.choice([None, name]), operation.values)
        texts, chosen = [], rng.randrange(2)
        values: dict[str, Any] = {}
        for index, name in enumerate(("First", "Second")):
            text, operation = self._operation(rng.choice(self._kinds), name, f"o{index}")
            texts.append(text)
            values.update(operation.values)
        rng.shuffle(texts)
        return Case("\n".join(texts), ("First", "Second")[chosen], values)

    def _operation(self, kind: str, name: str, prefix: str) -> tuple[str, _Operation]:
        operation = _Operation(prefix, self._rng.choice([2, 4, 8, 16, 40]))
        root = self._roots[kind]
        body = self._selection_set(root, operation, 0)
        variables = f"({', '.join(operation.definitions)})" if operation.definitions else ""
        fragments = "".join(f"\nfragment {name} on {type_.name} {body}" for name, type_, body in operation.fragments)
        shorthand = kind == "query" and not name and not variables and self._rng.random() < 0.5
        return ("" if shorthand else f"{kind} {name}{variables} ") + body + fragments, operation

    def _selection_set(self, type_: Any, operation: _Operation, depth: int) -> str:
        rng = self._rng
        count = min(rng.choice([1, 2, 2, 3, 4, 6]), max(1, operation.budget))
        parts = [self._selection(type_, operation, depth) for _ in range(count)]
        parts = [part for part in parts if part]
        return "{ " + " ".join(parts or ["__typename"]) + " }"

    def _selection(self, type_: Any, operation: _Operation, depth: int) -> str:
        rng, roll = self._rng, self._rng.random()
        operation.budget -= 1
        if operation.budget < 0:
            depth = self._max_depth + 1
        fields = {} if is_union_type(type_) else type_.fields
        if roll < 0.08 or not (fields or roll < 0.9):
            alias = rng.choice(["", "", "kind: "])
            return f"{alias}__typename{self._directives(operation)}"
        if roll < 0.16 and depth <= self._max_depth:
            return self._inline_fragment(type_, operation, depth)
        if roll < 0.28 and depth <= self._max_depth:
            return self._spread(type_, operation, depth)
        if not fields:
            return self._inline_fragment(type_, operation, depth)
        name = rng.choice(list(fields))
        if is_composite_type(get_named_type(fields[name].type)) and depth >= self._max_depth:
            leaves = [name for name, field in fields.items() if not is_composite_type(get_named_type(field.type))]
            if not leaves:
                return ""
            name = rng.choice(leaves)
        return self._field(type_, name, fields[name], operation, depth)

    def _field(self, type_: Any, name: str, definition: GraphQLField, operation: _Operation, depth: int) -> str:
        rng = self._rng
        known = operation.fields.setdefault((type_.name, name), [])
        if known and rng.random() < 0.4:
            head = rng.choice(known)  # the same alias and arguments, so that the two can be merged
        else:
            head = self._head(type_, name, definition, operation)
            known.append(head)
        text = head + self._directives(operation)
        named = get_named_type(definition.type)
        if is_composite_type(named):
            text += " " + self._selection_set(named, operation, depth + 1)
        return text

    def _head(self, type_: Any, name: str, definition: GraphQLField, operation: _Operation) -> str:
        """Return the alias, the name and the arguments of a field."""
        rng = self._rng
        arguments = self._arguments(type_, name, definition, operation)
        if arguments:
            count = len(operation.fields) + sum(map(len, operation.fields.values()))
            return f"{name}{count}: {name}{arguments}" if rng.random() < 0.8 else f"{name}{arguments}"
        roll = rng.random()
        if roll < 0.75:
            return name
        if roll < 0.95:
            return f"{name}_{rng.choice('ab')}: {name}"
        return f"{rng.choice(list(type_.fields))}: {name}"

    def _arguments(self, type_: Any, name: str, definition: GraphQLField, operation: _Operation) -> str:
        parts = []
        for argument_name, argument in definition.args.items():
            if not is_required_argument(argument) and self._rng.random() < 0.5:
                continue
            place = f"{type_.name}.{name}.{argument_name}"
            parts.append(f"{argument_name}: {self._argument(argument, place, operation)}")
        self._rng.shuffle(parts)
        return f"({', '.join(parts)})" if parts else ""

    def _argument(self, argument: GraphQLArgument, place: str, operation: _Operation) -> str:
        rng = self._rng
        roll = rng.random()
        if roll < 0.4:
            return self._variable(argument.type, place, operation, has_default=not is_required_argument(argument))
        value = self._values.value(argument.type, place)
        inner = argument.type.of_type if is_non_null_type(argument.type) else argument.type
        if roll < 0.5 and is_list_type(inner) and isinstance(value, list):
            items = [literal(item, inner.of_type) for item in value]
            items.append(self._variable(inner.of_type, place, operation))
            return f"[{', '.join(items)}]"
        if roll < 0.5 and is_input_object_type(inner) and isinstance(value, dict) and value:
            name = rng.choice(list(value))
            members = [
                f"{key}: {literal(member, inner.fields[key].type)}" for key, member in value.items() if key != name
            ]
            members.append(f"{name}: {self._variable(inner.fields[name].type, f'{inner.name}.{name}', operation)}")
            return "{" + ", ".join(members) + "}"
        return literal(value, argument.type)

    def _variable(self, type_: Any, place: str, operation: _Operation, *, has_default: bool = False) -> str:
        """Define a variable that may stand in the place of a value of the type, and return it."""
        rng = self._rng
        name = f"{operation.prefix}v{len(operation.definitions)}"
        nullable = type_.of_type if is_non_null_type(type_) else type_
        value: Any = self._values.value(type_, place)
        default = ""
        declared = str(type_)
        if rng.random() < 0.3:
            default_value = None
            while default_value is None:
                default_value = self._values.value(type_, place)
            default = f" = {literal(default_value, type_)}"
            declared = str(nullable) if rng.random() < 0.5 else declared
            value = rng.choice([MISSING, value, None]) if declared == str(nullable) else rng.choice([MISSING, value])
        elif not is_non_null_type(type_):
            if rng.random() < 0.2 and value is not None:
                declared = f"{nullable}!"
            elif rng.random() < 0.2:
                value = MISSING
        if value is not MISSING:
            operation.values[name] = self._values.spoiled(value) if rng.random() < self._spoil else value
        operation.definitions.append(f"${name}: {declared}{default}")
        return f"${name}"

    def _directives(self, operation: _Operation) -> str:
        rng = self._rng
        if rng.random() < 0.85:
            return ""
        names = rng.choice([["skip"], ["include"], ["skip", "include"], ["include", "skip"]])
        return "".join(f" @{name}(if: {self._condition(operation)})" for name in names)

    def _condition(self, operation: _Operation) -> str:
        rng = self._rng
        if rng.random() < 0.4:
            return rng.choice(["true", "false"])
        if operation.conditions and (rng.random() < 0.6 or len(operation.conditions) == 4):
            return f"${rng.choice(operation.conditions)}"
        name = f"{operation.prefix}c{len(operation.definitions)}"
        declared, default, values = rng.choice(CONDITIONS)
        operation.definitions.append(f"${name}: {declared}" + (f" = {default}" if default else ""))
        value = rng.choice(values)
        if value is not MISSING:
            operation.values[name] = value
        operation.conditions.append(name)
        return f"${name}"

    def _inline_fragment(self, type_: Any, operation: _Operation, depth: int) -> str:
        condition = self._rng.choice([None, *self._overlapping(type_)])
        on = "" if condition is None else f" on {condition.name}"
        body = self._selection_set(condition or type_, operation, depth + 1)
        return f"...{on}{self._directives(operation)} {body}"

    def _spread(self, type_: Any, operation: _Operation, depth: int) -> str:
        rng = self._rng
        possible = self._overlapping(type_)
        fitting = [name for name, condition, _ in operation.fragments if condition in possible]
        if fitting and rng.random() < 0.6:
            name = rng.choice(fitting)
        else:
            condition = rng.choice(possible)
            body = self._selection_set(condition, operation, depth + 1)
            name = f"{operation.prefix}F{len(operation.fragments)}"
            operation.fragments.append((name, condition, body))
        return f"...{name}{self._directives(operation)}"

    def _overlapping(self, type_: Any) -> list[Any]:
        """Return the types on which a fragment can be spread within a type."""
        schema = self._schema
        possible = set(schema.get_possible_types(type_)) if is_abstract_type(type_) else {type_}
        return [
            other
            for other in schema.type_map.values()
            if not other.name.startswith("__")
            and (
                (is_object_type(other) and other in possible)
                or (is_abstract_type(other) and possible & set(schema.get_possible_types(other)))
            )
        ]
