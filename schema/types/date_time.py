"""The scalar `DateTime`: a time in the form of RFC 3339."""

import re
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.types.scalar import ScalarDefinition

from cache.redis.times import print_time

# The grammar of RFC 3339, section 5.6, without leap seconds, which Python does not have.
_is_rfc_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
).fullmatch
_SHOWN_CHARACTERS = 40


def parse_date_time(value: object) -> datetime:
    """Return the time in a text, with its offset. Raises `StrawberryInputCoercionError`."""
    if isinstance(value, str) and _is_rfc_3339(value):
        try:
            # Python drops the digits after the sixth, and reads any T, but not a small z.
            return datetime.fromisoformat(value if value[-1] != "z" else value[:-1] + "Z")
        except ValueError as error:  # such as the 31st of February
            problem = f"{error}."
    else:
        problem = "it must have the form of RFC 3339 with an offset, such as 2026-11-25T08:30:00Z."
    shown = value if isinstance(value, str) else repr(value)
    shown = shown if len(shown) <= _SHOWN_CHARACTERS else shown[:_SHOWN_CHARACTERS] + "…"
    raise StrawberryInputCoercionError(f'DateTime cannot represent "{shown}": {problem}')


def parse_date_time_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> datetime:
    """Return the time in a literal of a document. Raises `GraphQLError` with the place of the literal."""
    try:
        return parse_date_time(value_from_ast_untyped(node, variables))
    except StrawberryInputCoercionError as error:
        raise GraphQLError(error.message, node) from None


def serialize_date_time(value: datetime) -> str:
    """Return the text of a time, in UTC."""
    return print_time(value.astimezone(UTC))


DATE_TIME = ScalarDefinition(
    name="DateTime",
    description="A date and time in the form of RFC 3339. Returned in UTC with six digits after the second, such as "
    "2026-11-25T08:30:00.000000+00:00. Accepted with any UTC offset, which must be given, and with any number of "
    "digits after the second; those after the sixth are ignored. Leap seconds (:60) are not accepted.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    serialize=serialize_date_time,
    parse_value=parse_date_time,
    parse_literal=parse_date_time_literal,
    origin=datetime,
)
