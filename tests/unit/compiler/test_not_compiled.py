from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLSchema, build_schema, parse
from graphql.type import GraphQLDeferDirective
from strawberry.directive import DirectiveLocation, DirectiveValue
from strawberry.extensions import SchemaExtension

from compiler import CompilerOptions, NotCompiled, compile_operation
from tests.unit.compiler.checks import data_of, reason_of


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema("type Query { a: Int b: Query } type Subscription { c: Int } directive @own on FIELD | QUERY")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{ __schema { types { name } } }", "introspection"),
        ('{ ... on Query { __type(name: "Query") { name } } }', "introspection"),
        ("{ ...F } fragment F on Query { a __schema { types { name } } }", "introspection"),
        ("{ a @own }", "the directive @own"),
        ("{ b { b { a @own } } }", "the directive @own"),
        ("query @own { a }", "directives on operations"),
        ("mutation { a }", "no mutation type"),
        ("subscription { c }", "subscriptions"),
        ("{ b { ... @defer { a } } }", "the directive @defer"),
    ],
)
def test_reasons(schema: GraphQLSchema, document: str, reason: str) -> None:
    assert GraphQLDeferDirective.name == "defer"
    with pytest.raises(NotCompiled, match=reason):
        compile_operation(schema, parse(document))


@pytest.mark.parametrize("name", [None, "C", ""])
def test_operation_that_is_not_chosen(schema: GraphQLSchema, name: str | None) -> None:
    with pytest.raises(NotCompiled, match="operation name"):
        compile_operation(schema, parse("query A { a } query B { a }"), name)


async def test_too_many_variants(schema: GraphQLSchema) -> None:
    names = [f"s{index}" for index in range(4)]
    definitions = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"x{name}: a @skip(if: ${name})" for name in names)
    document = f"query ({definitions}) {{ {fields} }}"
    variables = dict.fromkeys(names, False)
    assert "4 variables" in await reason_of(schema, document, variables, options=CompilerOptions(max_variants=15))
    await data_of(schema, document, variables, options=CompilerOptions(max_variants=16))


async def test_oldest_variant_is_compiled_again(schema: GraphQLSchema) -> None:
    options = CompilerOptions(max_variants=2)
    operation = compile_operation(schema, parse("query ($s: Boolean = true) { a x: a @skip(if: $s) }"), None, options)
    for value in (True, False, None, True, False):
        execution = await operation.execute(operation.coerce_variables({"s": value}), root_value={"a": 1})
        assert (execution.data is None) == (value is None)


def test_document_that_is_nested_too_deeply(schema: GraphQLSchema) -> None:
    # Fragments, because the parser limits the depth of each selection.
    parts = [f"fragment F{index} on Query {{ {'b { ' * 150}...F{index + 1}{' }' * 150} }}" for index in range(10)]
    document = parse("{ ...F0 } fragment F10 on Query { a } " + " ".join(parts))
    with pytest.raises(NotCompiled, match="too deeply"):
        compile_operation(schema, document)


def test_invalid_schema() -> None:
    with pytest.raises(NotCompiled, match="schema is not valid"):
        compile_operation(build_schema("type Other { a: Int }"), parse("{ a }"))


@strawberry.type
class Query:
    a: int = 1


def test_extension_that_hooks_into_resolvers() -> None:
    class Hook(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            return _next(root, info, *args, **kwargs)

    with pytest.raises(NotCompiled, match="hooks into every resolver"):
        compile_operation(strawberry.Schema(Query, extensions=[Hook])._schema, parse("{ a }"))


def test_other_extensions_and_directives_of_the_schema_do_not_matter() -> None:
    class Other(SchemaExtension):
        def on_operation(self) -> Any:
            yield

    @strawberry.directive(locations=[DirectiveLocation.FIELD])
    def loud(value: DirectiveValue[str]) -> str:
        return value.upper()

    schema = strawberry.Schema(Query, extensions=[Other, lambda: Other()], directives=[loud])._schema
    compile_operation(schema, parse("{ a }"))
    with pytest.raises(NotCompiled, match="@loud"):
        compile_operation(schema, parse("{ a @loud }"))


async def test_subscription_of_strawberry() -> None:
    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def count(self) -> AsyncIterator[int]:
            yield 1

    schema = strawberry.Schema(Query, subscription=Subscription)
    with pytest.raises(NotCompiled, match="subscriptions"):
        compile_operation(schema._schema, parse("subscription { count }"))
