"""The options of the compiler."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

BatchResolver = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True)
class EncodedType:
    """How to cut a GraphQL object type out of JSON that its objects carry.

    python_type: the exact type of the objects. Every object of this type is of the GraphQL type; `is_type_of` and
        `resolve_type` are not called for them.
    json: returns the JSON object of such an object. Its members are named as the fields of the GraphQL type, and have
        exactly the values to which the schema serializes these fields.
    fields: the fields that can be cut out of the JSON. All of them are scalars, enums, or lists of these.
    defaults: the JSON of the fields that the JSON may lack. It always contains the others.

    If an operation selects other fields, or if the JSON cannot be decoded, the fields are resolved in the normal way.
    """

    python_type: type
    json: Callable[[Any], bytes]
    fields: frozenset[str]
    defaults: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class CompilerOptions:
    """What the compiler may use in addition to the schema.

    encoded_types: by the name of the GraphQL object type.
    batch_resolvers: by the names of the object type and the field: a function of a list of objects that returns the
        list of the values that the resolver of the field returns for each of them. It must have no side effects. The
        field has no arguments. The resolver itself is used for single objects, and if the function raises.
    max_variants: how many compiled forms an operation may have, one for each combination of the variables of its
        directives `@skip` and `@include`. An operation with more combinations is not compiled.
    """

    encoded_types: Mapping[str, EncodedType] = field(default_factory=dict)
    batch_resolvers: Mapping[tuple[str, str], BatchResolver] = field(default_factory=dict)
    max_variants: int = 64
