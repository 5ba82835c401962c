"""The plans of operations, and the cache that bounds them."""

import asyncio
import gc
import threading
import tracemalloc

import pytest
from graphql import OperationType

from schema.build import create_schema
from schema.execution.plan import (
    LONG_CHARACTERS,
    MAX_LOGGED_CHARACTERS,
    MAX_PLAN_BYTES,
    MAX_PLANS,
    MAX_VALIDATION_ERRORS,
    Planner,
)
from schema.limits.operation_limits import OperationLimits


def planner() -> Planner:
    return create_schema().planner


def test_plan_is_kept() -> None:
    plans = planner()
    first = plans.plan("{ __typename }", None)
    assert plans.plan("{ __typename }", None) is first
    assert first.kind is OperationType.QUERY
    assert first.compiled is not None


def test_operations_of_a_document_have_separate_plans() -> None:
    plans, text = planner(), "query A { taskCounts { all } } mutation B { __typename }"
    kinds = [plans.plan(text, name).kind for name in ("A", "B", "C")]
    assert kinds == [OperationType.QUERY, OperationType.MUTATION, None]


def test_errors_are_part_of_the_plan() -> None:
    plan = planner().plan("{ taskCount }", None)
    assert [error.message for error in plan.errors] == [
        "Cannot query field 'taskCount' on type 'Query'. Did you mean 'taskCounts'?"
    ]
    assert plan.compiled is None
    assert all(error.__traceback__ is None for error in plan.errors)


def test_text_that_cannot_be_parsed_has_no_document() -> None:
    assert planner().plan("{", None).document is None
    assert create_schema(OperationLimits(tokens=100)).planner.plan("{" + " a" * 100 + "}", None).document is None


def test_long_name_is_cut_for_logs() -> None:
    names = ["A" * MAX_LOGGED_CHARACTERS, "A" * (MAX_LOGGED_CHARACTERS + 1), "A" * 60_000]
    logged = [planner().plan(f"query {name} {{ __typename }}", None).logged_name for name in names]
    assert logged == [names[0], *[names[0][:-1] + "…"] * 2]
    assert planner().plan("{ __typename }", None).logged_name is None


def test_subscriptions_and_introspection_are_not_compiled() -> None:
    plans = planner()
    for text in ("subscription { taskChanged { rev } }", "{ __schema { types { name } } }"):
        plan = plans.plan(text, None)
        assert not plan.errors
        assert plan.compiled is None


def test_executor_can_be_the_standard_one() -> None:
    assert create_schema(compiled=False).planner.plan("{ __typename }", None).compiled is None


def test_plans_stay_within_their_limits() -> None:
    plans = planner()
    for number in range(MAX_PLANS + 1):
        plans.plan(f"{{ a{number}: __typename }}", None)
    assert len(plans) == MAX_PLANS
    assert plans.bytes <= MAX_PLAN_BYTES
    for number in range(40):
        plans.plan("{" + f" a{number}: __typename" * 400 + "}", None)
    assert plans.bytes <= MAX_PLAN_BYTES
    assert len(plans) < MAX_PLANS


def test_large_document_is_not_kept() -> None:
    plans = planner()
    plans.plan("{" + " __typename" * 1990 + "}", None)
    assert len(plans) == 1
    plans = create_schema(OperationLimits(tokens=20_000)).planner
    plans.plan("{" + " __typename" * 15_000 + "}", None)
    assert len(plans) == 0


FIELDS = "id title status priority createdAt updatedAt expiresAt version"
DOCUMENTS = {
    "page": "query D%d { tasks(first: 50) { totalCount pageInfo { endCursor } edges { cursor node { FIELDS } } } }",
    "many fields": "query D%d {" + " ".join(f"a{n}: tasks {{ nodes {{ FIELDS }} }}" for n in range(5)) + "}",
    "mutation": "mutation D%d($i: CreateTasksInput!) { createTasks(input: $i) { results { task { FIELDS } } } }",
    "invalid": "query D%d { tasks { nope nodes { FIELDS } } }",
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_estimated_size_is_close_to_the_memory_of_a_plan(document: str) -> None:
    plans, text = planner(), document.replace("FIELDS", FIELDS)
    for number in range(5):
        plans.plan(text % number, None)
    gc.collect()
    tracemalloc.start()
    try:
        estimated = plans.bytes
        for number in range(5, 25):
            plans.plan(text % number, None)
        gc.collect()
        traced, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.5 < traced / (plans.bytes - estimated) < 1.2


async def test_thread_makes_the_plan_of_a_long_document() -> None:
    plans, text = planner(), "{ __typename }" + "#" * LONG_CHARACTERS
    first, second = await asyncio.gather(plans.prepare(text, None), plans.prepare(text, None))
    assert first is second is plans.plan(text, None)
    assert len(plans) == 1
    assert threading.active_count() > 1


def test_document_with_many_errors_has_the_first_of_them() -> None:
    errors = planner().plan("{" + " ".join(f"x{number}" for number in range(900)) + "}", None).errors
    assert len(errors) == MAX_VALIDATION_ERRORS + 1
    assert errors[-1].message == "Too many validation errors, error limit reached. Validation aborted."


def test_bytes_of_a_point_depend_on_aliases_and_on_the_longest_field() -> None:
    def point_bytes(selection: str) -> int:
        return planner().plan(f"{{ tasks {{ nodes {{ {selection} }} }} }}", None).point_bytes

    # Each of the 500 characters of a title can take six bytes in JSON, and each of the 10,000 of a description.
    assert point_bytes("title") > 3_000
    assert point_bytes("title description") > 63_000
    assert point_bytes("title again: title") == 2 * point_bytes("title")
    fragment = "query { tasks { nodes { ...Text } } } fragment Text on Task { description }"
    assert planner().plan(fragment, None).point_bytes > 63_000
