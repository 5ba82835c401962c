"""The fields that an operation selects below a field, so that a resolver reads only what they need."""

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode

from schema.context import Info


def selected_fields(info: Info) -> frozenset[str]:
    """Return the names of the fields directly below a field. Fields that `@skip` leaves out count too."""
    raw = info._raw_info  # Strawberry's list of fields has all levels, and takes longer to make
    waiting = [node.selection_set for node in raw.field_nodes]
    found, fragments = set[str](), set[str]()
    while waiting:
        selections = waiting.pop()
        for selection in () if selections is None else selections.selections:
            if isinstance(selection, FieldNode):
                found.add(selection.name.value)
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in fragments:
                fragments.add(selection.name.value)
                waiting.append(raw.fragments[selection.name.value].selection_set)
    return frozenset(found)
