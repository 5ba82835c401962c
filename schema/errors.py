"""Errors that the GraphQL layer raises, with a code and the numbers that a client needs to react."""

from graphql import GraphQLError


class BadInput(GraphQLError):
    """An argument that the service cannot use. `numbers` go into the error's extensions."""

    def __init__(self, argument: str, problem: str, **numbers: int) -> None:
        extensions = {"code": "BAD_USER_INPUT", "argument": argument, **numbers}
        super().__init__(f"{argument} {problem}", extensions=extensions)


class OverLimit(GraphQLError):
    """An operation that exceeds a limit. `message` is a format string with the fields `limit` and `requested`."""

    def __init__(self, code: str, message: str, limit: int, requested: int) -> None:
        super().__init__(
            message.format(limit=limit, requested=requested),
            extensions={"code": code, "limit": limit, "requested": requested},
        )
