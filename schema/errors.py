"""Errors that the GraphQL layer raises, with a code and the numbers that a client needs to react."""

from collections.abc import Sequence

from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError

# A message names at most this many operations, each by at most this many characters.
_SHOWN_NAMES, _SHOWN_CHARACTERS = 5, 40


class BadInput(GraphQLError):
    """An argument that the service cannot use. `numbers` go into the error's extensions."""

    def __init__(self, argument: str, problem: str, **numbers: int) -> None:
        extensions = {"code": "BAD_USER_INPUT", "argument": argument, **numbers}
        super().__init__(f"{argument} {problem}", extensions=extensions)


class ViewNotDeclared(GraphQLError):
    """A filter whose combination of fields is not declared. `declared` are the names of those that are."""

    def __init__(self, shape: str, declared: Sequence[str]) -> None:
        super().__init__(
            f"Tasks cannot be selected by {shape}, because MILLITASK_VIEWS does not declare this combination. "
            f"{_known(declared)}. filterTasks selects by any combination, without a total.",
            extensions={"code": "VIEW_NOT_DECLARED", "shape": shape, "declared": list(declared)},
        )


class OrderNotDeclared(GraphQLError):
    """An order that is not declared for the tasks of a shape, '' for all tasks.

    `name` would declare the order, for all tasks that of an example. `declared` are the names that are declared.
    """

    def __init__(self, order: str, shape: str, name: str, declared: Sequence[str]) -> None:
        which = f"Tasks selected by {shape}" if shape else "All tasks"
        how = f"Declare {name}" if shape else f"Only those of a declared combination can be, such as {name}"
        super().__init__(
            f"{which} cannot be ordered by {order}, because MILLITASK_VIEWS does not declare it for them. {how}. "
            f"{_known(declared)}. filterTasks selects by due date and priority without a declaration, newest first.",
            extensions={"code": "VIEW_NOT_DECLARED", "shape": name, "declared": list(declared)},
        )


def _known(declared: Sequence[str]) -> str:
    return f"Declared are {', '.join(declared)}" if declared else "None is declared"


class OverLimit(GraphQLError):
    """An operation that exceeds a limit. `message` is a format string with the fields `limit` and `requested`."""

    def __init__(self, code: str, message: str, limit: int, requested: int) -> None:
        super().__init__(
            message.format(limit=limit, requested=requested),
            extensions={"code": code, "limit": limit, "requested": requested},
        )


class OperationNotFound(CannotGetOperationTypeError):
    """The request does not say which operation of its document to run. `names` are those that it could name."""

    def __init__(self, requested: str | None, names: Sequence[str]) -> None:
        super().__init__(requested)
        self._names = names

    def as_http_error_reason(self) -> str:
        """Return the message for the client."""
        if not self._names:
            if self.operation_name is not None:
                return "The document has no operation with a name. Leave out operationName."
            return "The document has no operation, only fragments. Add a query, a mutation or a subscription."
        shown = [name[:_SHOWN_CHARACTERS] for name in self._names[:_SHOWN_NAMES]]
        names = ", ".join(shown) + (", …" if len(self._names) > _SHOWN_NAMES else "")
        if self.operation_name is None:
            return f"The document has several operations. Send the name of one as operationName: {names}."
        return f"The document has no operation of that name. Send one of its names as operationName: {names}."
