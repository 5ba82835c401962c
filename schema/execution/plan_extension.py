"""The Strawberry extension that gives the standard executor the parsed, checked and validated documents of plans."""

from collections.abc import Iterator
from typing import Any

from strawberry.extensions import SchemaExtension

from schema.errors import OperationNotFound
from schema.execution.plan import Plan, Planner
from schema.limits.checks import check_cost
from schema.limits.document import operation_names, parse_options
from schema.limits.operation_limits import OperationLimits


class PlanExtension(SchemaExtension):
    """Takes the document from a plan instead of parsing and validating it, and checks the cost of the operation."""

    def __init__(self, planner: Planner, limits: OperationLimits) -> None:
        super().__init__()
        self._planner = planner
        self._limits = limits
        self._plan = Plan()
        self._requested_cost: int | None = None

    def on_parse(self) -> Iterator[None]:
        """Set the document. Raises `OperationNotFound`.

        A text without a document is left to Strawberry, whose parser has the error.
        """
        context = self.execution_context
        # Not `operation_name`, which Strawberry replaces by the name of the first operation if the request has none.
        name = context._provided_operation_name
        self._plan = self._planner.plan(context.query or "", name)
        context.parse_options.update(parse_options(self._limits.tokens))
        context.graphql_document = self._plan.document
        if self._plan.document is not None and self._plan.operation is None:
            raise OperationNotFound(name, operation_names(self._plan.document))
        yield

    def on_validate(self) -> Iterator[None]:
        """Set the errors of the validation, and check the cost. Raises `OverLimit`."""
        context, plan = self.execution_context, self._plan
        context.pre_execution_errors = list(plan.errors)
        yield
        if plan.cost is not None:
            self._requested_cost = plan.cost.cost(context.variables or {})
            check_cost(self._requested_cost, self._limits.cost)

    def get_results(self) -> dict[str, Any]:
        """Return the cost of the operation and the limit, for the extensions of the response."""
        return {} if self._requested_cost is None else cost_extension(self._requested_cost, self._limits.cost)


def cost_extension(requested: int, limit: int) -> dict[str, Any]:
    """Return the extension that reports the cost of an operation."""
    return {"cost": {"requested": requested, "limit": limit}}
