"""The variables of an operation: decoded straight from JSON, or coerced by graphql-core."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from graphql import GraphQLError, Undefined, get_named_type, is_input_object_type
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, get_variable_values
from graphql.utilities.coerce_input_value import coerce_input_literal
from msgspec import UNSET, UnsetType
from msgspec.structs import astuple

from compiler.errors import NotCompiled, Rejected, VariableErrors
from compiler.inputs import Input, InputTypes, RecursiveInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql import GraphQLSchema

    from compiler.document import Document
    from compiler.strawberry_inputs import StrawberryInputs

MAX_COERCION_ERRORS = 50
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Variables:
    """The variables of one execution.

    given: the values that resolvers receive. converted: the names of those that have been converted to the input types
    of Strawberry already; the others are as graphql-core coerces them.
    """

    __slots__ = ("_coerced", "_plan", "_raw", "_values", "converted", "given")

    def __init__(
        self,
        plan: VariablesPlan,
        given: dict[str, Any],
        converted: frozenset[str],
        raw: bytes | msgspec.Raw | None = None,
        coerced: VariableValues | None = None,
    ) -> None:
        self._plan = plan
        self._raw = raw
        self._coerced = coerced
        self._values: Mapping[str, Any] | None = None
        self.given = given
        self.converted = converted

    @property
    def values(self) -> Mapping[str, Any]:
        """Return the values with input objects as objects of Strawberry.

        An input object remains a dictionary if it cannot be converted.
        """
        if self._values is None:
            self._values = self._plan.python_values(self)
        return self._values

    @property
    def coerced(self) -> VariableValues:
        """Return the values as graphql-core coerces them. After fast decoding, this coerces them a second time."""
        if self._coerced is None:
            self._coerced = self._plan.coerce(self._plan.decode_plainly(self._raw))
        return self._coerced


class _Variable:
    """One variable of an operation, and how to decode it."""

    def __init__(self, signature: GraphQLVariableSignature, input_: Input, *, converted: bool) -> None:
        self.name = signature.name
        self.type = signature.type
        self.signature = signature
        self.convert = input_.convert
        self.json_type = input_.json_type
        self.converted = converted
        self.default: Callable[[], Any] | None = None if signature.default is None else self._default

    def _default(self) -> Any:
        """Return a new value, because the value can be mutable."""
        default = self.signature.default
        value = (
            Undefined
            if default is None or default.literal is None
            else coerce_input_literal(default.literal, self.type)
        )
        if value is Undefined:
            raise Rejected(f"the default value of ${self.name} is invalid")
        return value


class VariablesPlan:
    """The variables that an operation defines.

    converted: the names of variables that are decoded to Strawberry's input types.
    """

    def __init__(
        self, schema: GraphQLSchema, document: Document, types: InputTypes, strawberry: StrawberryInputs | None
    ) -> None:
        self._schema = schema
        self._strawberry = strawberry
        self._definitions = document.operation.variable_definitions or ()
        self._variables: list[_Variable] = []
        self._decoder: msgspec.json.Decoder[Any] | None = None
        self._converted: frozenset[str] = frozenset()
        self._has_objects = False
        try:
            for node in self._definitions:
                signature = get_variable_signature(schema, node)
                if isinstance(signature, GraphQLError):
                    raise NotCompiled(signature.message)
                self._has_objects |= is_input_object_type(get_named_type(signature.type))
                self._variables.append(self._variable(signature, document, types))
        except RecursiveInput:
            return
        fields = [_decoded_field(index, variable) for index, variable in enumerate(self._variables)]
        names = {f"f{index}": variable.name for index, variable in enumerate(self._variables)}
        struct = msgspec.defstruct("Variables", fields, rename=names, kw_only=True, gc=False)
        self._decoder = msgspec.json.Decoder(struct)
        self._converted = frozenset(variable.name for variable in self._variables if variable.converted)

    def _variable(self, signature: GraphQLVariableSignature, document: Document, types: InputTypes) -> _Variable:
        name = signature.name
        if self._strawberry is not None and document.uses.get(name) == 1 and name in document.root_arguments:
            # Only one resolver gets the value, so it may be a mutable object.
            input_ = self._strawberry.of(signature.type, document.root_arguments[name])
            if input_ is not None:
                return _Variable(signature, input_, converted=True)
        return _Variable(signature, types.of(signature.type), converted=False)

    def decode(self, raw: bytes | msgspec.Raw | None) -> Variables:
        """Return the variables decoded from JSON. Raises `Rejected`."""
        if self._decoder is None:
            raise Rejected("the variables have a recursive input type")
        given: dict[str, Any] = {}
        converted = self._converted
        if raw is None or bytes(raw) == b"null":
            if not self._variables:
                return Variables(self, given, converted)
            raw = None
        try:
            decoded = astuple(self._decoder.decode(b"{}" if raw is None else raw))
            for variable, value in zip(self._variables, decoded, strict=True):
                if value is not UNSET:
                    given[variable.name] = value if variable.convert is None else variable.convert(value)
                elif variable.default is not None:
                    given[variable.name] = variable.default()
                    converted -= {variable.name}
        except Exception as error:
            raise Rejected(str(error)) from error
        return Variables(self, given, converted, raw=raw)

    def decode_plainly(self, raw: bytes | msgspec.Raw | None) -> dict[str, Any]:
        """Return the JSON values of the variables that the operation defines, which `decode` has accepted."""
        members = {} if raw is None else _decode_members(raw)
        names = [variable.name for variable in self._variables]
        return {name: json.loads(bytes(members[name])) for name in names if name in members}

    def coerce_given(self, given: Mapping[str, Any]) -> Variables:
        """Return the variables that graphql-core coerces. Raises `VariableErrors`."""
        coerced = self.coerce(given)
        return Variables(self, coerced.coerced, frozenset(), coerced=coerced)

    def coerce(self, given: Mapping[str, Any]) -> VariableValues:
        """Return the values of graphql-core. Raises `VariableErrors`."""
        values = get_variable_values(self._schema, self._definitions, dict(given), max_errors=MAX_COERCION_ERRORS)
        if isinstance(values, list):
            raise VariableErrors(values)
        return values

    def python_values(self, variables: Variables) -> Mapping[str, Any]:
        """Return the values of variables with input objects as objects of Strawberry."""
        strawberry = self._strawberry
        # Strawberry has classes for input objects only.
        if strawberry is None or not self._has_objects or len(variables.converted) == len(variables.given):
            return variables.given
        return {
            variable.name: value
            if variable.name in variables.converted
            else strawberry.convert(value, variable.type, variable.name)
            for variable in self._variables
            if (value := variables.given.get(variable.name, Undefined)) is not Undefined
        }


def _decoded_field(index: int, variable: _Variable) -> tuple[str, Any] | tuple[str, Any, Any]:
    """Return the field of the struct. Variables that may be left out are UNSET."""
    name = f"f{index}"
    if variable.default is None and str(variable.type).endswith("!"):
        return name, variable.json_type
    return name, variable.json_type if variable.json_type is Any else variable.json_type | UnsetType, UNSET
