"""Objects that carry their JSON: the selected members are cut out of it without a Python object per value."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec
from graphql import get_named_type, is_leaf_type
from msgspec import Raw
from msgspec.structs import astuple

from compiler.structs import struct_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import FieldNode, GraphQLObjectType

    from compiler.options import EncodedType

TYPENAME = "__typename"


class EncodedCompleter:
    """Cuts the selected fields out of the JSON of objects of `python_type`."""

    __slots__ = ("_decode", "_decode_all", "_json", "_place", "python_type")

    def __init__(self, encoded: EncodedType, decoded: type, place: Callable[[Any], Any] | None) -> None:
        """Create the completer.

        decoded: the struct to decode. place: returns a struct with the response keys, if `decoded` does not have them.
        """
        self.python_type = encoded.python_type
        self._json = encoded.json
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(decoded).decode
        self._decode_all = msgspec.json.Decoder(list[decoded]).decode  # type: ignore[valid-type]
        self._place = place

    def cut(self, value: Any) -> Any:
        """Return the struct for one object. Raises msgspec's error if its JSON lacks a field."""
        decoded = self._decode(self._json(value))
        return decoded if self._place is None else self._place(decoded)

    def cut_all(self, values: Sequence[Any]) -> list[Any]:
        """Return the structs for a list of objects, decoded by one call."""
        decoded = self._decode_all(b"[" + b",".join(map(self._json, values)) + b"]")
        return decoded if self._place is None else list(map(self._place, decoded))


def encoded_completer(
    type_: GraphQLObjectType, grouped: dict[str, list[FieldNode]], encoded: EncodedType | None
) -> EncodedCompleter | None:
    """Return the completer for a selection, given as the nodes of each response key, or None if it has other fields."""
    if encoded is None:
        return None
    names = {key: nodes[0].name.value for key, nodes in grouped.items()}
    for name in names.values():
        if name == TYPENAME:
            continue
        if name not in encoded.fields or name not in type_.fields:
            return None
        field = type_.fields[name]
        if field.args or not is_leaf_type(get_named_type(field.type)):
            return None
    if all(key == name for key, name in names.items()):
        return EncodedCompleter(encoded, _decoded_type(tuple(names), type_.name, encoded), None)
    return _with_aliases(type_, names, encoded)


def _with_aliases(type_: GraphQLObjectType, names: dict[str, str], encoded: EncodedType) -> EncodedCompleter:
    """Return a completer that decodes each member once and puts it under the response keys that ask for it."""
    members = tuple(dict.fromkeys(names.values()))
    decoded = _decoded_type(members, type_.name, encoded)
    response = struct_type(tuple(names))
    positions = [members.index(name) for name in names.values()]
    if len(positions) == 1:
        return EncodedCompleter(encoded, decoded, lambda one: response(*astuple(one)))
    pick = itemgetter(*positions)
    return EncodedCompleter(encoded, decoded, lambda one: response(*pick(astuple(one))))


def _decoded_type(members: tuple[str, ...], type_name: str, encoded: EncodedType) -> type:
    """Return a struct whose fields are the raw JSON of members. The name of the type is its default, not a member."""
    defaults = {TYPENAME: (str, type_name)} | {name: (Raw, Raw(json)) for name, json in encoded.defaults.items()}
    fields: list[Any] = [(f"f{index}", *defaults.get(member, (Raw,))) for index, member in enumerate(members)]
    return msgspec.defstruct(
        "Decoded",
        fields,
        rename={f"f{index}": member for index, member in enumerate(members)},
        kw_only=True,
        gc=False,
    )
