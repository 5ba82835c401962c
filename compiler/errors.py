"""The exceptions of the compiler."""

from graphql import GraphQLError


class NotCompiled(Exception):
    """The operation must be executed by the standard executor. The text is the reason."""


class Rejected(Exception):
    """The fast decoder does not accept the variables. Coerce them with `CompiledOperation.coerce_variables`."""


class VariableErrors(Exception):
    """The variables do not have the types of the operation. `errors` are the errors to send to the client."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class Irregular(Exception):
    """A list cannot be completed column by column, so its items must be completed one by one. Internal."""
