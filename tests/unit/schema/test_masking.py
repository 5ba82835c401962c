"""Tests which errors clients receive for errors of the parser, the validation and the resolvers."""

from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSyntaxError, parse, validate

from cache.errors import StoreUnavailable
from db.errors import CommitUnknown, DatabaseBusy, DatabaseUnavailable, ShareBusy
from schema.build import create_schema
from schema.errors import BadInput, OverLimit
from schema.execution.masking import client_error


def resolver_error(cause: Exception) -> GraphQLError:
    return GraphQLError(str(cause), path=["tasks"], original_error=cause)


def test_validation_error_gets_a_code() -> None:
    [error] = validate(create_schema()._schema, parse("{ tasks { totalCoun } }"))
    shown = client_error(error, "id")
    assert shown.extensions == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert "Did you mean 'totalCount'?" in shown.message


def test_suggestions_can_be_removed() -> None:
    [error] = validate(create_schema()._schema, parse("{ tasks { totalCoun } }"))
    assert client_error(error, "id", suggestions=False).message == (
        "Cannot query field 'totalCoun' on type 'TaskConnection'."
    )


@pytest.mark.parametrize("error", [BadInput("first", "is wrong."), OverLimit("QUERY_TOO_DEEP", "{limit}", 1, 2)])
def test_errors_of_the_schema_keep_their_code(error: GraphQLError) -> None:
    shown = client_error(GraphQLError(error.message, extensions=error.extensions, original_error=error), "id")
    assert (shown.message, shown.extensions) == (error.message, error.extensions)


def test_too_many_tokens() -> None:
    with pytest.raises(GraphQLSyntaxError) as caught:
        parse("{ a b c }", max_tokens=3)
    shown = client_error(caught.value, "id")
    assert shown.extensions == {"code": "TOO_MANY_TOKENS", "limit": 3}
    assert shown.message == "The document has too many tokens; the limit is 3. Shorten it, or use variables."


def test_document_that_is_nested_too_deeply() -> None:
    shown = client_error(resolver_error(RecursionError("maximum recursion depth exceeded")), "id")
    assert shown.extensions == {"code": "QUERY_TOO_DEEP"}


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (StoreUnavailable("Redis is unreachable."), "UNAVAILABLE"),
        (DatabaseUnavailable("PostgreSQL is away."), "UNAVAILABLE"),
        (CommitUnknown("The commit is unknown."), "OUTCOME_UNKNOWN"),
    ],
)
def test_expected_error_keeps_its_message_and_path(cause: Exception, code: str) -> None:
    shown = client_error(resolver_error(cause), "id")
    assert (shown.message, shown.path, shown.extensions) == (str(cause), ["tasks"], {"code": code})


@pytest.mark.parametrize(
    ("cause", "extensions"),
    [
        (DatabaseBusy(), {"code": "DATABASE_BUSY"}),
        (ShareBusy("searches", 16), {"code": "SEARCHES_BUSY", "limit": 16}),
        (ShareBusy("deep_pages", 8), {"code": "DEEP_PAGES_BUSY", "limit": 8}),
        (ShareBusy("writes", 32), {"code": "WRITES_BUSY", "limit": 32}),
    ],
)
def test_lack_of_connections_has_a_code_and_says_when_to_retry(cause: Exception, extensions: dict[str, Any]) -> None:
    shown = client_error(resolver_error(cause), "id")
    assert (shown.message, shown.extensions) == (str(cause), {**extensions, "retryAfterSeconds": 1})


def test_unexpected_error_is_masked() -> None:
    shown = client_error(resolver_error(ValueError("secret")), "the-id")
    assert shown.extensions == {"code": "INTERNAL_SERVER_ERROR", "requestId": "the-id"}
    assert "secret" not in shown.message
    assert "the-id" in shown.message
    assert shown.original_error is None


def test_error_about_null_calls_it_null() -> None:
    error = GraphQLError("Expected value of non-null type 'TaskOrder!' not to be None.")
    assert client_error(error, "id").message == "Expected value of non-null type 'TaskOrder!' not to be null."


def test_long_message_is_cut() -> None:
    assert len(client_error(GraphQLError("x" * 100_000), "id").message) == 1001
