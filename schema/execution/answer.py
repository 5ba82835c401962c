"""The result of an operation."""

from typing import Any, NamedTuple

from graphql import GraphQLError


class Answer(NamedTuple):
    """The result of an operation. `data` is what msgspec can encode, or None if a field that must not be null failed.

    executed: false if the operation did not run, because of errors in the request. The response then has no `data`.
    """

    data: Any
    errors: list[GraphQLError]
    extensions: dict[str, Any]
    executed: bool = True
