"""How large an operation may be, and the extension that looks before it is run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import Schema

from schema.errors import OverLimit
from schema.limits.overlapping_fields import OverlapCounter

Fragments = Mapping[str, FragmentDefinitionNode]
# Introspection nests deeper than any query for tasks: the one that GraphiQL sends has 13 levels.
INTROSPECTION_DEPTH = 15
_INTROSPECTION = ("__schema", "__type")


@dataclass(frozen=True)
class OperationLimits:
    """The most of each; all are counted after fragments are expanded. `off` is for comparing what they cost."""

    depth: int = 10
    aliases: int = 30
    directives: int = 30
    tokens: int = 2000
    cost: int = 5000
    introspection: bool = True
    off: bool = False


class OperationShape(NamedTuple):
    """How large a selection set is: levels of fields, and within introspection; aliases; directives."""

    depth: int = 0
    introspection: int = 0
    aliases: int = 0
    directives: int = 0


class ShapeMeter:
    """Measures operations of a document. Each fragment is looked at once, however often it is spread: a bomb of
    fragments in fragments costs what its text costs."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._known: dict[str, OperationShape] = {}

    def operation(self, operation: OperationDefinitionNode) -> OperationShape:
        """Of a whole operation."""
        shape = self._set(operation.selection_set)
        on_variables = sum(len(variable.directives or ()) for variable in operation.variable_definitions or ())
        return shape._replace(directives=shape.directives + len(operation.directives or ()) + on_variables)

    def _set(self, selections: SelectionSetNode | None) -> OperationShape:
        if selections is None:
            return OperationShape()
        shapes = [self._selection(node) for node in selections.selections]
        return OperationShape(
            max(shape.depth for shape in shapes),
            max(shape.introspection for shape in shapes),
            sum(shape.aliases for shape in shapes),
            sum(shape.directives for shape in shapes),
        )

    def _selection(self, node: Any) -> OperationShape:
        if isinstance(node, FragmentSpreadNode):
            inner = self._fragment(node.name.value)
        else:
            inner = self._set(node.selection_set)
        inner = inner._replace(directives=inner.directives + len(node.directives or ()))
        if isinstance(node, FieldNode):
            name, aliases = node.name.value, inner.aliases + (node.alias is not None)
            if name in _INTROSPECTION:
                return inner._replace(depth=1, introspection=inner.depth, aliases=aliases)
            return inner._replace(depth=inner.depth + 1, aliases=aliases)
        if isinstance(node, InlineFragmentNode | FragmentSpreadNode):
            return inner
        raise TypeError(f"{node.kind} is no selection")

    def _fragment(self, name: str) -> OperationShape:
        if name not in self._known:
            # Stands there while it is looked at: a fragment within itself, or one that is not there, is for validation.
            self._known[name] = OperationShape()
            fragment = self._fragments.get(name)
            if fragment is not None:
                shape = self._set(fragment.selection_set)
                self._known[name] = shape._replace(directives=shape.directives + len(fragment.directives or ()))
        return self._known[name]


class LimitsExtension(SchemaExtension):
    """Refuses what is over a limit: before it is validated by its shape, and after that by its cost."""

    def __init__(self, limits: OperationLimits) -> None:
        super().__init__()
        self._limits = limits
        self._requested: int | None = None

    def on_operation(self) -> Iterator[None]:
        """Before the document is parsed."""
        self.execution_context.parse_options["max_tokens"] = self._limits.tokens
        yield

    def on_validate(self) -> Iterator[None]:
        """Around the validation. Raises `OverLimit`."""
        # Imported here, since the costs go by the fields of this package.
        from schema.limits.cost import CostEstimator

        context = self.execution_context
        document = context.graphql_document
        if document is None or self._limits.off:
            yield
            return
        found = (node for node in document.definitions if isinstance(node, FragmentDefinitionNode))
        fragments = {node.name.value: node for node in found}
        operation = _operation(document, context.operation_name)
        if operation is not None:
            self._check(ShapeMeter(fragments).operation(operation))
        OverlapCounter(fragments).document(document)
        yield
        if operation is not None and not context.pre_execution_errors:
            schema = context.schema
            assert isinstance(schema, Schema)
            self._requested = CostEstimator(schema._schema, fragments, context.variables or {}).operation(operation)
            if self._requested > self._limits.cost:
                raise OverLimit(
                    "COST_LIMIT_EXCEEDED",
                    "The request costs {requested:,} points, and {limit:,} is the most. Ask for smaller pages, or "
                    "fewer tasks at once.",
                    self._limits.cost,
                    self._requested,
                )

    def _check(self, shape: OperationShape) -> None:
        limits = self._limits
        if shape.introspection and not limits.introspection:
            message = "Introspection is off here. The schema is in the documentation."
            raise GraphQLError(message, extensions={"code": "INTROSPECTION_DISABLED"})
        for code, what, limit, requested in (
            ("QUERY_TOO_DEEP", "levels", limits.depth, shape.depth),
            ("QUERY_TOO_DEEP", "levels of introspection", INTROSPECTION_DEPTH, shape.introspection),
            ("TOO_MANY_ALIASES", "aliases", limits.aliases, shape.aliases),
            ("TOO_MANY_DIRECTIVES", "directives", limits.directives, shape.directives),
        ):
            if requested > limit:
                message = "The operation has {requested:,} " + what + ", and {limit:,} is the most."
                raise OverLimit(code, message, limit, requested)

    def get_results(self) -> dict[str, Any]:
        """What the answer says of it."""
        if self._requested is None:
            return {}
        return {"cost": {"requested": self._requested, "limit": self._limits.cost}}


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that is to run; none if there is none of this name."""
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    named = [node for node in found if name is not None and node.name is not None and node.name.value == name]
    return next(iter(named if name is not None else found), None)
