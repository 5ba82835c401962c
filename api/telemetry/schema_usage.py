"""What an operation uses of the schema, and its text without values, as GraphQL Hive takes them."""

from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    Visitor,
    get_named_type,
    print_ast,
    type_from_ast,
    visit,
)


def text_without_values(document: DocumentNode) -> str:
    """Return the text of a document with empty literals, because they can be titles."""
    return print_ast(visit(document, _Emptying()))


def used_coordinates(schema: GraphQLSchema, document: DocumentNode) -> list[str]:
    """Return the fields, arguments, input fields and enum values of a valid document, such as `Query.task.id`."""
    info = TypeInfo(schema)
    collecting = _Collecting(schema, info)
    visit(document, TypeInfoVisitor(info, collecting))
    return sorted(collecting.found)


class _Emptying(Visitor):
    def enter_int_value(self, _node: IntValueNode, *_: Any) -> Node:
        return IntValueNode(value="0")

    def enter_float_value(self, _node: FloatValueNode, *_: Any) -> Node:
        return FloatValueNode(value="0")

    def enter_string_value(self, _node: StringValueNode, *_: Any) -> Node:
        return StringValueNode(value="", block=False)

    def enter_list_value(self, _node: ListValueNode, *_: Any) -> Node:
        return ListValueNode(values=())

    def enter_object_value(self, _node: ObjectValueNode, *_: Any) -> Node:
        return ObjectValueNode(fields=())


class _Collecting(Visitor):
    def __init__(self, schema: GraphQLSchema, info: TypeInfo) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._schema = schema
        self._info = info

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._info.get_parent_type()
        if parent is not None:
            self.found.add(f"{parent.name}.{node.name.value}")

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        parent, field = self._info.get_parent_type(), self._info.get_field_def()
        if parent is not None and field is not None and self._info.get_directive() is None:
            fields = parent.fields.items()  # type: ignore[union-attr]
            # `__type` is in no type's fields. It is the only such field that has an argument.
            name = next((name for name, each in fields if each is field), "__type")
            self.found.add(f"{parent.name}.{name}.{node.name.value}")

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self._info.get_parent_input_type())
        if parent is not None:
            self.found.add(f"{parent.name}.{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        type_ = get_named_type(self._info.get_input_type())
        if type_ is not None:
            self.found.add(f"{type_.name}.{node.value}")

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        self._add_input_type(get_named_type(type_from_ast(self._schema, node.type)))

    def _add_input_type(self, type_: Any) -> None:
        """Add all that a variable of a type can hold. Its value is not looked at."""
        if type_ is None or type_.name in self.found:
            return
        if isinstance(type_, GraphQLEnumType):
            self.found.update(f"{type_.name}.{name}" for name in type_.values)
            return
        self.found.add(type_.name)
        if isinstance(type_, GraphQLInputObjectType):
            for name, field in type_.fields.items():
                self.found.add(f"{type_.name}.{name}")
                self._add_input_type(get_named_type(field.type))
