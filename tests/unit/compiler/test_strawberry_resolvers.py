import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
import strawberry
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.relay import GlobalID
from strawberry.schema.config import StrawberryConfig
from strawberry.types.field import StrawberryField

from tests.unit.compiler.checks import data_of, messages, same


class Info(strawberry.Info):
    """An info of the schema's own class."""

    @property
    def shout(self) -> str:
        return self.field_name.upper()


class AdultsOnly(BasePermission):
    message = "adults only"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return bool(info.context["age"] >= 18)


class Doubled(FieldExtension):
    def resolve(self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs) * 2


class DoubledLater(FieldExtension):
    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        return await next_(source, info, **kwargs) * 2


class OwnField(StrawberryField):
    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        return f"own {super().get_result(source, info, args, kwargs)}"


def of_root(root: Any) -> str:
    return f"root {root.name}"


@strawberry.type
class Person:
    name: str

    @strawberry.field
    def by_self(self) -> str:
        return f"self {self.name}"

    @strawberry.field
    def by_parent(parent: strawberry.Parent["Person"]) -> str:
        return f"parent {parent.name}"

    @strawberry.field
    @staticmethod
    def static(root: Any, info: strawberry.Info) -> str:
        return f"static {root.name} {info.field_name}"

    @strawberry.field
    @classmethod
    def of_class(cls) -> str:
        return cls.__name__

    by_root: str = strawberry.field(resolver=of_root)
    by_lambda: str = strawberry.field(resolver=lambda: "lambda")
    own: str = cast("str", OwnField()(lambda: "field"))
    own_attribute: str = cast("str", OwnField(default="attribute"))

    @strawberry.field
    async def described(self, info: strawberry.Info, prefix: str = "a", *, times: int = 1) -> str:
        await asyncio.sleep(0)
        return f"{prefix * times} {info.shout} {info.path.as_list()} {info.python_name}"  # type: ignore[attr-defined]

    @strawberry.field
    def selected(self, info: strawberry.Info) -> str:
        return f"{info.selected_fields} {info.return_type} {info.variable_values} {info.operation.operation.value}"

    @strawberry.field
    def context(self, info: strawberry.Info) -> str:
        return f"{info.context} {info.root_value} {info.input_extensions} {type(info.schema).__name__}"

    @strawberry.field(permission_classes=[AdultsOnly])
    def secret(self) -> str | None:
        return "secret"

    @strawberry.field(extensions=[Doubled()])
    def doubled(self, word: str) -> str:
        return word

    @strawberry.field(extensions=[DoubledLater()])
    def doubled_later(self, word: str) -> str:
        return word

    @strawberry.field
    def future(self) -> int:
        return asyncio.ensure_future(asyncio.sleep(0, 5))  # type: ignore[return-value]

    @strawberry.field
    async def with_id(self, id: GlobalID, other: strawberry.Maybe[int] = None) -> str | None:  # noqa: A002
        return f"{id!r} {other!r}"

    @strawberry.field
    def fails(self) -> str | None:
        raise StrawberryInputCoercionError("fails")


@strawberry.type
class Query:
    @strawberry.field
    def person(self) -> Person:
        return Person(name="Ada")

    @strawberry.field
    async def people(self) -> list[Person]:
        return [Person(name="Ada"), Person(name="Bob")]


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(info_class=Info))


@pytest.mark.parametrize("field", ["person", "people"])
@pytest.mark.parametrize(
    "selection",
    [
        "name bySelf byParent static ofClass byRoot byLambda own ownAttribute",
        'described x: described(prefix: "b", times: 2) y: described(times: 3)',
        "selected context",
        "secret",
        'doubled(word: "a") doubledLater(word: "b")',
        "future",
        'withId(id: "Qm9vazox") x: withId(id: "Qm9vazox", other: 1)',
    ],
)
@pytest.mark.parametrize("age", [17, 18])
async def test_resolvers(field: str, selection: str, age: int) -> None:
    found = await same(SCHEMA, f"{{ {field} {{ {selection} }} }}", context={"age": age}, root={"r": 1})
    assert set(messages(found)) == ({"adults only"} if selection == "secret" and age == 17 else set())


async def test_errors_of_conversion_and_permission_are_those_of_the_field() -> None:
    found = await same(SCHEMA, '{ person { withId(id: "x") secret fails } }', context={"age": 1})
    assert sorted(messages(found)) == ['Value cannot represent a GlobalID: "x".', "adults only", "fails"]


async def test_variables_reach_resolvers_that_are_called_through_strawberry() -> None:
    document = (
        "query ($w: String!, $i: ID!, $n: Int) { people { doubled(word: $w) withId(id: $i, other: $n) selected } }"
    )
    await same(SCHEMA, document, {"w": "a", "i": "Qm9vazox", "n": 1})
    await same(SCHEMA, document, {"w": "a", "i": "bad", "n": None})
    await same(SCHEMA, document, {"w": "a", "i": 5})


async def test_default_resolver_of_the_configuration() -> None:
    @strawberry.type
    class Mapped:
        first_name: str
        last_name: str | None

    @strawberry.type
    class Root:
        @strawberry.field
        def mapped(self) -> list[Mapped]:
            return [{"first_name": "a", "last_name": None}, {}]  # type: ignore[list-item]

    config = StrawberryConfig(default_resolver=lambda source, name: source.get(name))
    await same(strawberry.Schema(Root, config=config), "{ mapped { firstName lastName } }")


async def test_root_fields_run_concurrently() -> None:
    @strawberry.type
    class Root:
        @strawberry.field
        async def meet(self, info: strawberry.Info, other: str) -> bool:
            events = info.context.setdefault(id(info.root_value), {})
            events.setdefault(info.path.key, asyncio.Event()).set()
            await events.setdefault(other, asyncio.Event()).wait()
            return True

    document = '{ a: meet(other: "b") b: meet(other: "a") }'
    assert await data_of(strawberry.Schema(Root), document, context={}, root=5) == {"a": True, "b": True}


async def test_field_with_an_exception_handler() -> None:
    from strawberry.schema.exception_handlers import ExceptionHandler

    @strawberry.type
    class Failure:
        message: str

    @strawberry.type
    class Success:
        value: int

    class Handler(ExceptionHandler[ValueError]):
        error_type = Failure

        def handle(self, exception: ValueError, *, field: Any, info: Any) -> Any:
            return Failure(message=str(exception))

    @strawberry.type
    class Root:
        @strawberry.field
        def risky(self, fail: bool) -> Success | Failure:
            if fail:
                raise ValueError("handled")
            return Success(value=1)

    schema = strawberry.Schema(Root, exception_handlers=[Handler()])
    body = "{ ... on Success { value } ... on Failure { message } }"
    found = await data_of(schema, f"{{ a: risky(fail: true) {body} b: risky(fail: false) {body} }}")
    assert found == {"a": {"message": "handled"}, "b": {"value": 1}}
