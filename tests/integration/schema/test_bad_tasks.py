"""Tests invalid input of mutations: every error names the field and the limit, and no task changes."""

from itertools import product
from typing import Any

import pytest

from schema.ids import new_id
from tests.support.graphql_client import CREATE, CREATE_MANY, Client
from tests.support.task_inputs import INVALID_FIELDS, INVALID_IDS, assert_user_error, assert_validation_error

SINGLE_MUTATIONS = ("createTask", "updateTask", "completeTask", "reopenTask", "deleteTask", "restoreTask")
BULK_MUTATIONS = ("createTasks", "updateTasks", "deleteTasks", "restoreTasks")
ERRORS = "userErrors { field message code }"
# JSON values that GraphQL does not accept as an Int.
NOT_AN_INT: list[object] = [2**31, -(2**31) - 1, 10**30, 1.5, "1", True]


def mutation(name: str) -> str:
    """Return a document that runs one mutation and selects its errors."""
    kind = name[0].upper() + name[1:]
    results = f"results {{ {ERRORS} }}" if name in BULK_MUTATIONS else ""
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {ERRORS} clientMutationId {results} }} }}"


def with_id(name: str, id_: str, **more: Any) -> dict[str, Any]:
    """Return the smallest valid input of a mutation of one task."""
    return {"id": id_} | ({"title": "New"} if name.startswith("create") else {}) | more


async def user_errors(client: Client, name: str, given: dict[str, Any]) -> Any:
    return (await client.query(mutation(name), input=given))[name]["userErrors"]


@pytest.mark.parametrize("name", ["createTask", "updateTask"])
async def test_invalid_field_is_rejected(client: Client, existing_task: Any, name: str) -> None:
    whole = {"title": "New"} if name == "createTask" else {"id": existing_task["id"], "status": "DONE"}
    for fields, field, code, words in INVALID_FIELDS:
        assert_user_error(await user_errors(client, name, whole | fields), field, code, words)


@pytest.mark.parametrize("policy", ["SKIP_INVALID", "REJECT_ALL"])
@pytest.mark.parametrize("name", ["createTasks", "updateTasks"])
async def test_invalid_field_of_an_item_is_rejected(client: Client, existing_task: Any, name: str, policy: str) -> None:
    """Only PostgreSQL detects IN_PAST, after the validation has found no other error. IN_PAST needs its own request."""
    for in_past in (False, True):
        bad = [each for each in INVALID_FIELDS if (each[2] == "IN_PAST") == in_past]
        ids = [existing_task["id"] if in_past else str(new_id()) for _ in bad]
        items = [
            ({"title": "New"} if name == "createTasks" else {"id": id_}) | fields
            for id_, (fields, *_) in zip(ids, bad, strict=True)
        ]
        given = {"tasks": items, "errorPolicy": policy}
        payload = (await client.query(mutation(name), input=given))[name]
        assert payload["userErrors"] == []
        for result, (_, field, code, words) in zip(payload["results"], bad, strict=True):
            assert_user_error(result["userErrors"], field, code, words)


async def test_null_for_a_required_field_is_rejected(client: Client, existing_task: Any) -> None:
    for field in ("title", "description", "status", "priority"):
        errors = await user_errors(client, "updateTask", {"id": existing_task["id"], field: None})
        assert_user_error(errors, field, "BLANK", ["must not be"])


async def test_all_errors_of_an_input_are_returned(client: Client, existing_task: Any) -> None:
    bad = {"id": "7", "title": "", "description": "\0", "expiresAt": "0001-01-01T00:00:00Z"}
    assert {(error["field"][0], error["code"]) for error in await user_errors(client, "createTask", bad)} == {
        ("id", "INVALID_ID"),
        ("title", "BLANK"),
        ("description", "INVALID_CHARACTER"),
        ("expiresAt", "OUT_OF_RANGE"),
    }


async def test_values_at_the_limits_are_accepted(client: Client) -> None:
    for expires_at in ("2199-01-01T00:00:00Z", "2199-12-31T23:59:59Z", "2199-12-31T23:59:59.999999Z"):
        assert await user_errors(client, "createTask", {"title": "Long", "expiresAt": expires_at}) == []
    for title in ("x" * 500, "𝄞" * 500):
        assert (await client.create(title=title, description="y" * 10_000))["title"] == title


SURROGATES = ("\ud800", "a\udc00b", "\udc00\ud800", "\ud800\ud800")


@pytest.mark.parametrize(
    ("field", "code"), [("title", "INVALID_CHARACTER"), ("description", "INVALID_CHARACTER"), ("id", "INVALID_ID")]
)
async def test_unpaired_surrogate_is_an_error_of_its_field(
    client: Client, existing_task: Any, field: str, code: str
) -> None:
    for text in SURROGATES:
        payload = (await client.query(CREATE, input={"title": "New", field: text}))["createTask"]
        assert payload["task"] is None
        assert_user_error(payload["userErrors"], field, code, [])


async def test_client_mutation_id_may_have_an_unpaired_surrogate(client: Client) -> None:
    document = "mutation ($input: CreateTaskInput!) { createTask(input: $input) { clientMutationId } }"
    for text in SURROGATES:
        payload = (await client.query(document, input={"title": "New", "clientMutationId": text}))["createTask"]
        assert payload == {"clientMutationId": text}


async def test_unpaired_surrogate_in_the_document_is_rejected(client: Client, existing_task: Any) -> None:
    for literal in ('"\\ud800"', '"\\udc00\\ud800"', '"\\u{D800}"'):
        document = f"mutation {{ createTask(input: {{ title: {literal} }}) {{ task {{ id }} }} }}"
        await assert_validation_error(client, document, "Invalid Unicode escape")


async def test_surrogate_pair_is_one_character(client: Client) -> None:
    assert (await client.create(title="\U0001d11e"))["title"] == "\U0001d11e"


@pytest.mark.parametrize("name", ["createTask", "updateTask"])
async def test_value_of_another_type_is_rejected(client: Client, existing_task: Any, name: str) -> None:
    whole = {"title": "New"} if name == "createTask" else {"id": existing_task["id"]}
    not_a_time: list[object] = ["soon", "", "2030-02-30T00:00:00Z", "10000-01-01T00:00:00Z", 5]
    wrong_values: dict[str, list[object]] = {
        "status": ["LATER", "todo", "", 1, "TODO\0"],
        "priority": ["LATER", "low", "", 1, "LOW\0"],
        "expiresAt": not_a_time,
        "dueAt": not_a_time,
        "assignee": [1, True, ["ann"], {}],
        "labels": [1, [1], [None], [["a"]], {}],
        "metadata": [1, True, "text", [], [{}]],
        "title": [1, True, ["New"], {}],
        "clientMutationId": [1, True, ["mine"], {}],
        "nothing": [None, 1],
    }
    for field, values in wrong_values.items():
        for value in values:
            await assert_validation_error(client, mutation(name), field, input=whole | {field: value})


async def test_invalid_id_is_rejected(client: Client, existing_task: Any) -> None:
    for name in SINGLE_MUTATIONS:
        for id_, words in INVALID_IDS:
            assert_user_error(await user_errors(client, name, with_id(name, id_)), "id", "INVALID_ID", words)


async def test_invalid_id_of_an_item_is_rejected(client: Client, existing_task: Any) -> None:
    for name, policy in product(BULK_MUTATIONS, ("SKIP_INVALID", "REJECT_ALL")):
        items = [with_id(name, id_) for id_, _ in INVALID_IDS]
        payload = (await client.query(mutation(name), input={"tasks": items, "errorPolicy": policy}))[name]
        assert payload["userErrors"] == []
        for result, (_, words) in zip(payload["results"], INVALID_IDS, strict=True):
            assert_user_error(result["userErrors"], "id", "INVALID_ID", words)


async def test_invalid_expected_version_is_rejected(client: Client, existing_task: Any) -> None:
    for name in SINGLE_MUTATIONS[1:]:
        for value in NOT_AN_INT:
            await assert_validation_error(
                client,
                mutation(name),
                "expectedVersion",
                input=with_id(name, existing_task["id"], expectedVersion=value),
            )
        for version in (2**31 - 1, -(2**31), 0):
            errors = await user_errors(client, name, with_id(name, existing_task["id"], expectedVersion=version))
            assert_user_error(errors, "expectedVersion", "VERSION_CONFLICT", ["version 1"])


async def test_bulk_input_of_wrong_type_is_rejected(client: Client, existing_task: Any) -> None:
    for name in BULK_MUTATIONS:
        good = with_id(name, str(new_id()))
        for word, given in (
            ("errorPolicy", {"tasks": [], "errorPolicy": "NEVER"}),
            ("errorPolicy", {"tasks": [], "errorPolicy": None}),
            ("errorPolicy", {"tasks": [], "errorPolicy": 1}),
            ("clientMutationId", {"tasks": [], "clientMutationId": 1}),
            ("tasks", {}),
            ("tasks", {"tasks": None}),
            ("tasks", {"tasks": [good, None]}),
            ("tasks", {"tasks": [good, "x"]}),
            ("nothing", {"tasks": [good | {"nothing": 1}]}),
        ):
            await assert_validation_error(client, mutation(name), word, input=given)


async def test_client_mutation_id_can_be_any_text(client: Client, existing_task: Any) -> None:
    """The payload contains the clientMutationId even if the service rejects the input."""
    for name in (*SINGLE_MUTATIONS, *BULK_MUTATIONS):
        whole: dict[str, Any] = {"tasks": []} if name in BULK_MUTATIONS else with_id(name, "7")
        for text in (None, "", "\0", "𝄞" * 10_000):
            payload = (await client.query(mutation(name), input=whole | {"clientMutationId": text}))[name]
            assert payload["clientMutationId"] == text


async def test_more_than_1000_items_are_rejected(client: Client, existing_task: Any) -> None:
    for name in BULK_MUTATIONS:
        items = [with_id(name, str(new_id())) for _ in range(1001)]
        payload = (await client.query(mutation(name), input={"tasks": items}))[name]
        assert payload["results"] == []
        assert_user_error(payload["userErrors"], "tasks", "TOO_MANY", ["1,000", "1,001"])


async def test_1000_items_are_accepted(client: Client) -> None:
    assert len(await client.create_many(["New"] * 1000)) == 1000
    assert await client.total() == 1000


async def test_items_with_the_same_id_are_rejected(client: Client, existing_task: Any) -> None:
    id_ = str(new_id())
    tasks = [{"title": "One", "id": id_}, {"title": "The other", "id": id_.upper()}]
    payload = (await client.query(CREATE_MANY, tasks=tasks))["createTasks"]
    for result in payload["results"]:
        assert result["task"] is None
        assert_user_error(result["userErrors"], "id", "DUPLICATE_ID", ["same id"])


async def test_id_of_a_deleted_task_is_rejected(client: Client, existing_task: Any) -> None:
    id_ = (await client.create())["id"]
    await client.delete(id_)
    [outcome] = (await client.query(CREATE_MANY, tasks=[{"title": "New", "id": id_}]))["createTasks"]["results"]
    for found in (outcome, (await client.query(CREATE, input={"title": "New", "id": id_}))["createTask"]):
        assert found["task"] is None
        assert_user_error(found["userErrors"], "id", "ID_TAKEN", ["deleted"])


async def test_unknown_task_is_rejected(client: Client, existing_task: Any) -> None:
    for name in SINGLE_MUTATIONS[1:]:
        [error] = await user_errors(client, name, {"id": str(new_id())})
        # A restore also says that the task may have been purged.
        assert ("There is no task with this id." if name == "restoreTask" else "does not exist") in error["message"]
        assert (error["code"], error["field"]) == ("NOT_FOUND", ["id"])
