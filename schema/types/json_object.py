"""The scalar `JSONObject`: any JSON object."""

from typing import Any, NewType

import msgspec
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.types.scalar import ScalarDefinition

JSONObject = NewType("JSONObject", dict[str, Any])


def parse_json_object(value: object) -> dict[str, Any]:
    """Return the object that a client sent. Raises `StrawberryInputCoercionError` for any other value."""
    if not isinstance(value, dict):
        raise StrawberryInputCoercionError('JSONObject must be a JSON object, such as {"key": "value"}.')
    return value


def parse_json_object_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the object in a literal of a document. Raises `GraphQLError` with the place of the literal."""
    try:
        return parse_json_object(value_from_ast_untyped(node, variables))
    except StrawberryInputCoercionError as error:
        raise GraphQLError(error.message, node) from None


def serialize_json_object(text: str) -> Any:
    """Return the value of a JSON text, as rows have it."""
    return msgspec.json.decode(text.encode())


JSON_OBJECT = ScalarDefinition(
    name="JSONObject",
    description="A JSON object with values of any type.",
    specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    serialize=serialize_json_object,
    parse_value=parse_json_object,
    parse_literal=parse_json_object_literal,
    origin=JSONObject,
)
