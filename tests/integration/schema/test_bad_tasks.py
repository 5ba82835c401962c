"""Bad input of mutations: each a clear error that names the field and the limit, and nothing changed."""

from typing import Any

import pytest

from schema.resolvers.validation import uuid7
from tests.support.bad_inputs import FIELDS, IDS, check, refused
from tests.support.graphql_client import CREATE, CREATE_MANY, Client

ONE = ("createTask", "updateTask", "completeTask", "reopenTask", "deleteTask", "restoreTask")
MANY = ("createTasks", "updateTasks", "deleteTasks", "restoreTasks")
ERRORS = "userErrors { field message code }"
# Numbers and texts that are no Int.
NO_INT: list[object] = [2**31, -(2**31) - 1, 10**30, 1.5, "1", True]


def mutation(verb: str) -> str:
    kind = verb[0].upper() + verb[1:]
    results = f"results {{ {ERRORS} }}" if verb in MANY else ""
    return f"mutation ($input: {kind}Input!) {{ {verb}(input: $input) {{ {ERRORS} clientMutationId {results} }} }}"


def with_id(verb: str, id_: str, **more: Any) -> dict[str, Any]:
    """The least that such a mutation takes."""
    return {"id": id_} | ({"title": "New"} if verb.startswith("create") else {}) | more


async def errors_of(client: Client, verb: str, given: dict[str, Any]) -> Any:
    return (await client.query(mutation(verb), input=given))[verb]["userErrors"]


@pytest.mark.parametrize("verb", ["createTask", "updateTask"])
async def test_a_bad_field(client: Client, there: Any, verb: str) -> None:
    whole = {"title": "New"} if verb == "createTask" else {"id": there["id"], "status": "DONE"}
    for fields, field, code, words in FIELDS:
        check(await errors_of(client, verb, whole | fields), field, code, words)


@pytest.mark.parametrize("policy", ["SKIP_INVALID", "REJECT_ALL"])
@pytest.mark.parametrize("verb", ["createTasks", "updateTasks"])
async def test_a_bad_field_of_an_item(client: Client, there: Any, verb: str, policy: str) -> None:
    """Each with an id of its own, so that none is wrong for that; what PostgreSQL would refuse comes alone."""
    for late in (False, True):
        bad = [each for each in FIELDS if (each[2] == "IN_PAST") == late]
        ids = [there["id"] if late else str(uuid7()) for _ in bad]
        items = [
            ({"title": "New"} if verb == "createTasks" else {"id": id_}) | fields
            for id_, (fields, *_) in zip(ids, bad, strict=True)
        ]
        given = {"tasks": items, "errorPolicy": policy}
        payload = (await client.query(mutation(verb), input=given))[verb]
        assert payload["userErrors"] == []
        for result, (_, field, code, words) in zip(payload["results"], bad, strict=True):
            check(result["userErrors"], field, code, words)


async def test_update_task_with_null(client: Client, there: Any) -> None:
    for field in ("title", "description", "status", "priority"):
        errors = await errors_of(client, "updateTask", {"id": there["id"], field: None})
        check(errors, field, "BLANK", ["must not be"])


async def test_all_errors_at_once(client: Client, there: Any) -> None:
    bad = {"id": "7", "title": "", "description": "\0", "expiresAt": "0001-01-01T00:00:00Z"}
    assert {(error["field"][0], error["code"]) for error in await errors_of(client, "createTask", bad)} == {
        ("id", "INVALID_ID"),
        ("title", "BLANK"),
        ("description", "INVALID_CHARACTER"),
        ("expiresAt", "OUT_OF_RANGE"),
    }


async def test_what_is_just_within_the_limits_is_good(client: Client) -> None:
    for expires_at in ("2199-01-01T00:00:00Z", "2199-12-31T23:59:59Z", "2199-12-31T23:59:59.999999Z"):
        assert await errors_of(client, "createTask", {"title": "Long", "expiresAt": expires_at}) == []
    for title in ("x" * 500, "𝄞" * 500):
        assert (await client.create(title=title, description="y" * 10_000))["title"] == title


@pytest.mark.parametrize("field", ["title", "description", "clientMutationId", "id"])
async def test_half_a_surrogate_pair(client: Client, there: Any, field: str) -> None:
    """No JSON, says our reader (RFC 8259 leaves it open)."""
    for text in ("\ud800", "a\udc00b", "\udc00\ud800", "\ud800\ud800"):
        response = await client.send(CREATE, input={"title": "New", field: text})
        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert "not JSON" in error["message"]
        assert "surrogate" in error["message"]


@pytest.mark.parametrize("literal", ['"\\ud800"', '"\\udc00\\ud800"', '"\\u{D800}"'])
async def test_half_a_surrogate_pair_in_the_document(client: Client, there: Any, literal: str) -> None:
    document = f"mutation {{ createTask(input: {{ title: {literal} }}) {{ task {{ id }} }} }}"
    await refused(client, document, "Invalid Unicode escape")


async def test_a_whole_surrogate_pair_is_a_character(client: Client) -> None:
    assert (await client.create(title="\U0001d11e"))["title"] == "\U0001d11e"


@pytest.mark.parametrize("verb", ["createTask", "updateTask"])
async def test_a_value_of_another_type(client: Client, there: Any, verb: str) -> None:
    whole = {"title": "New"} if verb == "createTask" else {"id": there["id"]}
    no_times: list[object] = ["soon", "", "2030-02-30T00:00:00Z", "10000-01-01T00:00:00Z", 5]
    others: dict[str, list[object]] = {
        "status": ["LATER", "todo", "", 1, "TODO\0"],
        "priority": ["LATER", "low", "", 1, "LOW\0"],
        "expiresAt": no_times,
        "title": [1, True, ["New"], {}],
        "clientMutationId": [1, True, ["mine"], {}],
        "nothing": [None, 1],
    }
    for field, values in others.items():
        for value in values:
            await refused(client, mutation(verb), field, input=whole | {field: value})


@pytest.mark.parametrize("verb", ONE)
async def test_a_bad_id(client: Client, there: Any, verb: str) -> None:
    for id_, words in IDS:
        check(await errors_of(client, verb, with_id(verb, id_)), "id", "INVALID_ID", words)


@pytest.mark.parametrize("policy", ["SKIP_INVALID", "REJECT_ALL"])
@pytest.mark.parametrize("verb", MANY)
async def test_a_bad_id_of_an_item(client: Client, there: Any, verb: str, policy: str) -> None:
    items = [with_id(verb, id_) for id_, _ in IDS]
    payload = (await client.query(mutation(verb), input={"tasks": items, "errorPolicy": policy}))[verb]
    assert payload["userErrors"] == []
    for result, (_, words) in zip(payload["results"], IDS, strict=True):
        check(result["userErrors"], "id", "INVALID_ID", words)


@pytest.mark.parametrize("verb", ONE[1:])
async def test_an_expected_version_that_is_none(client: Client, there: Any, verb: str) -> None:
    for value in NO_INT:
        await refused(
            client, mutation(verb), "expectedVersion", input=with_id(verb, there["id"], expectedVersion=value)
        )
    for version in (2**31 - 1, -(2**31), 0):
        errors = await errors_of(client, verb, with_id(verb, there["id"], expectedVersion=version))
        check(errors, "expectedVersion", "VERSION_CONFLICT", ["version 1"])


@pytest.mark.parametrize("verb", MANY)
async def test_an_input_of_many_that_does_not_fit(client: Client, there: Any, verb: str) -> None:
    good = with_id(verb, str(uuid7()))
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
        await refused(client, mutation(verb), word, input=given)


@pytest.mark.parametrize("verb", [*ONE, *MANY])
async def test_any_text_is_good_for_the_client(client: Client, there: Any, verb: str) -> None:
    """It comes back also when the input is refused."""
    whole: dict[str, Any] = {"tasks": []} if verb in MANY else with_id(verb, "7")
    for text in (None, "", "\0", "𝄞" * 10_000):
        payload = (await client.query(mutation(verb), input=whole | {"clientMutationId": text}))[verb]
        assert payload["clientMutationId"] == text


@pytest.mark.parametrize("verb", MANY)
async def test_1001_items(client: Client, there: Any, verb: str) -> None:
    items = [with_id(verb, str(uuid7())) for _ in range(1001)]
    payload = (await client.query(mutation(verb), input={"tasks": items}))[verb]
    assert payload["results"] == []
    check(payload["userErrors"], "tasks", "TOO_MANY", ["1,000", "1,001"])


async def test_1000_items_are_good(client: Client) -> None:
    assert len(await client.create_many(["New"] * 1000)) == 1000
    assert await client.total() == 1000


async def test_two_items_with_one_id(client: Client, there: Any) -> None:
    id_ = str(uuid7())
    tasks = [{"title": "One", "id": id_}, {"title": "The other", "id": id_.upper()}]
    payload = (await client.query(CREATE_MANY, tasks=tasks))["createTasks"]
    for result in payload["results"]:
        assert result["task"] is None
        check(result["userErrors"], "id", "DUPLICATE_ID", ["same id"])


async def test_the_id_of_a_deleted_task(client: Client, there: Any) -> None:
    id_ = (await client.create())["id"]
    await client.delete(id_)
    [outcome] = (await client.query(CREATE_MANY, tasks=[{"title": "New", "id": id_}]))["createTasks"]["results"]
    for found in (outcome, (await client.query(CREATE, input={"title": "New", "id": id_}))["createTask"]):
        assert found["task"] is None
        check(found["userErrors"], "id", "ID_TAKEN", ["deleted"])


@pytest.mark.parametrize("verb", ONE[1:])
async def test_a_task_that_is_not_there(client: Client, there: Any, verb: str) -> None:
    [error] = await errors_of(client, verb, {"id": str(uuid7())})
    assert "does not exist" in error["message"]
    assert (error["code"], error["field"]) == ("NOT_FOUND", ["id"])
