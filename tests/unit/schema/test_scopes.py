"""Tests which scopes an operation requires."""

import pytest
from graphql import build_schema, parse

from api.graphql.refusals import check_scopes
from api.graphql.request import RequestError
from db.caller import ANONYMOUS, SCOPES, Caller
from schema.build import create_schema, sdl
from schema.limits.document import fragments_of, operation_of
from schema.limits.scopes import check_scopes_are_declared, required_scopes

CREATE = 'createTask(input: {title: "x"}) { task { id } }'


def scopes_of(text: str) -> frozenset[str]:
    document = parse(text)
    operation = operation_of(document, None)
    assert operation is not None
    return required_scopes(operation, fragments_of(document))


@pytest.mark.parametrize(
    ("text", "scopes"),
    [
        ("{ taskCounts { all } }", {"tasks:read"}),
        ("subscription { taskCountsChanged { all } }", {"tasks:read"}),
        (f"mutation {{ {CREATE} }}", {"tasks:write"}),
        ("{ __typename }", set()),
        ("{ __schema { queryType { name } } }", set()),
        # Aliases, fragments and directives do not hide a field.
        ("{ __typename: taskCounts { all } }", {"tasks:read"}),
        ("{ ... { ...a } } fragment a on Query { ...b } fragment b on Query { taskCounts { all } }", {"tasks:read"}),
        ("{ ...a @skip(if: true) } fragment a on Query { taskCounts { all } }", {"tasks:read"}),
        (f"mutation {{ ... on Mutation {{ {CREATE} }} }}", {"tasks:write"}),
    ],
)
def test_scopes_of_an_operation(text: str, scopes: set[str]) -> None:
    assert scopes_of(text) == scopes


def test_schema_with_a_field_without_scope_is_refused() -> None:
    check_scopes_are_declared(create_schema()._schema)
    longer = build_schema(sdl().replace("type Query {", "type Query {\n  secrets: String"))
    with pytest.raises(ValueError, match=r"Query\.secrets"):
        check_scopes_are_declared(longer)


@pytest.mark.parametrize("scope", SCOPES)
def test_caller_without_the_scope_is_refused(scope: str) -> None:
    plan = create_schema().planner.plan(f"mutation {{ {CREATE} }}", None)
    check_scopes(plan, ANONYMOUS)
    caller = Caller("a", "default", frozenset(each for each in SCOPES if each == scope))
    if scope == "tasks:write":
        check_scopes(plan, caller)
        return
    with pytest.raises(RequestError, match="requires the scope tasks:write") as refused:
        check_scopes(plan, caller)
    assert refused.value.status == 403
    assert refused.value.extensions == {"code": "FORBIDDEN", "scope": "tasks:write"}
    assert 'scope="tasks:write"' in refused.value.headers["WWW-Authenticate"]
