"""Mutations of many tasks, of intents, and what comes back with a conflict."""

from typing import Any

import pytest

from schema.resolvers.validation import uuid7
from tests.support.graphql_client import CREATE_MANY, Client

FIELDS = "clientMutationId task { id title status version } userErrors { field message code }"
UPDATE = f"""mutation ($input: UpdateTasksInput!) {{ updateTasks(input: $input) {{
    clientMutationId results {{ {FIELDS} currentTask {{ version }} }} userErrors {{ field code }} }} }}"""
DELETE = """mutation ($input: DeleteTasksInput!) { deleteTasks(input: $input) {
    clientMutationId userErrors { code }
    results { clientMutationId deletedTaskId currentTask { version } userErrors { field code } } } }"""
RESTORE = f"""mutation ($input: RestoreTasksInput!) {{ restoreTasks(input: $input) {{
    clientMutationId results {{ {FIELDS} currentTask {{ version }} }} userErrors {{ code }} }} }}"""
CREATE = f"""mutation ($input: CreateTasksInput!) {{ createTasks(input: $input) {{
    clientMutationId results {{ {FIELDS} }} userErrors {{ code }} }} }}"""
MANY = {"updateTasks": UPDATE, "deleteTasks": DELETE, "restoreTasks": RESTORE, "createTasks": CREATE}
COUNTS = "{ taskCounts { all todo inProgress done } }"


def single(verb: str) -> str:
    kind = verb[0].upper() + verb[1:]
    return f"""mutation ($input: {kind}Input!) {{ {verb}(input: $input) {{
        clientMutationId task {{ id status version }} currentTask {{ id version }}
        userErrors {{ field code message }} }} }}"""


async def many(client: Client, verb: str, tasks: list[Any], **more: Any) -> Any:
    return (await client.query(MANY[verb], input={"tasks": tasks, **more}))[verb]


def codes(payload: Any) -> list[str]:
    return [" ".join(error["code"] for error in result["userErrors"]) for result in payload["results"]]


async def test_each_of_many_is_changed(client: Client) -> None:
    ids = await client.create_many([f"Task {number}" for number in range(5)])
    payload = await many(client, "updateTasks", [{"id": id_, "title": f"New {id_}", "status": "DONE"} for id_ in ids])
    assert [result["task"] for result in payload["results"]] == [
        {"id": id_, "title": f"New {id_}", "status": "DONE", "version": 2} for id_ in ids
    ]
    assert await client.query(COUNTS) == {"taskCounts": {"all": 5, "todo": 0, "inProgress": 0, "done": 5}}
    payload = await many(client, "deleteTasks", [{"id": id_} for id_ in ids[:3]], clientMutationId="mine")
    assert [result["deletedTaskId"] for result in payload["results"]] == ids[:3]
    assert payload["clientMutationId"] == "mine"
    assert await client.total() == 2
    payload = await many(client, "restoreTasks", [{"id": id_} for id_ in ids])
    assert [result["task"]["version"] for result in payload["results"]] == [4, 4, 4, 2, 2]
    assert await client.total() == 5


@pytest.mark.parametrize("verb", ["updateTasks", "deleteTasks"])
async def test_what_is_refused_is_skipped_or_all_is(client: Client, verb: str) -> None:
    good, conflict, twice = await client.create_many(["A", "B", "C"])
    change = {"status": "DONE"} if verb == "updateTasks" else {}
    items = [
        {"id": good, **change},
        {"id": conflict, "expectedVersion": 7, **change},
        {"id": twice, **change},
        {"id": str(uuid7()), **change},
        {"id": "nonsense", **change},
        {"id": twice, **change},
    ]
    wrong = ["VERSION_CONFLICT", "DUPLICATE_ID", "NOT_FOUND", "INVALID_ID", "DUPLICATE_ID"]
    refused = await many(client, verb, [items[0], items[1], items[3]], errorPolicy="REJECT_ALL")
    assert codes(refused) == ["NOT_DONE", "VERSION_CONFLICT", "NOT_FOUND"]
    unread = await many(client, verb, items, errorPolicy="REJECT_ALL")
    assert codes(unread) == ["NOT_DONE", "NOT_DONE", "DUPLICATE_ID", "NOT_DONE", "INVALID_ID", "DUPLICATE_ID"]
    assert await client.query(COUNTS) == {"taskCounts": {"all": 3, "todo": 3, "inProgress": 0, "done": 0}}
    skipped = await many(client, verb, items)
    assert codes(skipped) == ["", *wrong]
    assert skipped["results"][1]["currentTask"] == {"version": 1}
    done = {"all": 3, "todo": 2, "inProgress": 0, "done": 1}
    gone = {"all": 2, "todo": 2, "inProgress": 0, "done": 0}
    assert await client.query(COUNTS) == {"taskCounts": done if verb == "updateTasks" else gone}


async def test_creates_are_all_made_or_none(client: Client) -> None:
    [taken] = await client.create_many(["Here"])
    await client.delete(taken)
    for bad, code in (({"title": ""}, "BLANK"), ({"title": "A", "id": taken}, "ID_TAKEN")):
        payload = await many(client, "createTasks", [{"title": "Good"}, bad], errorPolicy="REJECT_ALL")
        assert codes(payload) == ["NOT_DONE", code]
        assert await client.total() == 0
    again = {"title": "Once", "id": str(uuid7())}
    for _ in range(2):
        payload = await many(client, "createTasks", [again], errorPolicy="REJECT_ALL")
        assert (codes(payload), payload["results"][0]["task"]["id"]) == ([""], again["id"])
    assert await client.total() == 1


@pytest.mark.parametrize("verb", MANY)
@pytest.mark.parametrize("policy", ["SKIP_INVALID", "REJECT_ALL"])
async def test_what_the_client_calls_an_item_comes_back_with_it(client: Client, verb: str, policy: str) -> None:
    """Whatever becomes of it: done, refused, wrong, or nothing said."""
    given = [
        {"id": (await client.create())["id"], "clientMutationId": "done"},
        {"id": "nonsense", "clientMutationId": "wrong"},
        {"id": str(uuid7()), "clientMutationId": "refused"},
        {"id": str(uuid7())},
    ]
    items = [item | ({"title": "A"} if verb == "createTasks" else {}) for item in given]
    payload = await many(client, verb, items, errorPolicy=policy, clientMutationId="all")
    assert payload["clientMutationId"] == "all"
    assert [result["clientMutationId"] for result in payload["results"]] == ["done", "wrong", "refused", None]


@pytest.mark.parametrize("verb", ["updateTasks", "deleteTasks", "restoreTasks"])
async def test_as_many_as_may_be(client: Client, verb: str) -> None:
    assert (await many(client, verb, []))["results"] == []
    unknown = [{"id": str(uuid7())} for _ in range(1001)]
    payload = await many(client, verb, unknown[:1000])
    assert set(codes(payload)) == {"NOT_FOUND"}
    payload = await many(client, verb, unknown)
    assert payload["results"] == []
    assert [error["code"] for error in payload["userErrors"]] == ["TOO_MANY"]


async def test_as_many_statements_for_many_as_for_one(client: Client) -> None:
    ids = await client.create_many([f"Task {number}" for number in range(200)])
    spent = []
    for part in (ids[:1], ids[1:2], ids[2:]):
        body = {"query": UPDATE, "variables": {"input": {"tasks": [{"id": id_, "status": "DONE"} for id_ in part]}}}
        answer = await client.http.post("/graphql", json=body, headers={"X-Millitask-Trace": "1"})
        cache = answer.json()["extensions"]["cache"]
        spent.append((cache["sqlQueries"], cache["redisRoundTrips"]))
    # The first also brings the scripts to Redis.
    assert spent[1] == spent[2]
    assert spent[2][1] == 2


async def test_complete_and_reopen(client: Client) -> None:
    id_ = (await client.create())["id"]
    for verb, status, version in (
        ("reopenTask", "TODO", 1),
        ("completeTask", "DONE", 2),
        ("completeTask", "DONE", 2),
        ("reopenTask", "TODO", 3),
    ):
        payload = (await client.query(single(verb), input={"id": id_, "clientMutationId": verb}))[verb]
        assert payload["task"] == {"id": id_, "status": status, "version": version}
        assert payload["clientMutationId"] == verb
    update = {"id": id_, "status": "IN_PROGRESS"}
    await client.query(single("updateTask"), input=update)
    payload = (await client.query(single("reopenTask"), input={"id": id_}))["reopenTask"]
    assert payload["task"]["status"] == "IN_PROGRESS"


@pytest.mark.parametrize("verb", ["updateTask", "completeTask", "reopenTask", "restoreTask"])
async def test_a_conflict_brings_the_task_as_it_is(client: Client, verb: str) -> None:
    id_ = (await client.create())["id"]
    given = {"id": id_, "expectedVersion": 9, "clientMutationId": "mine"}
    payload = (await client.query(single(verb), input=given))[verb]
    assert payload["task"] is None
    assert payload["currentTask"] == {"id": id_, "version": 1}
    assert payload["clientMutationId"] == "mine"
    [error] = payload["userErrors"]
    assert (error["code"], error["field"]) == ("VERSION_CONFLICT", ["expectedVersion"])
    assert "version 1" in error["message"]
    gone = (await client.query(single(verb), input={"id": str(uuid7())}))[verb]
    assert (gone["currentTask"], [error["code"] for error in gone["userErrors"]]) == (None, ["NOT_FOUND"])


async def test_createtasks_is_as_it_was_without_a_policy(client: Client) -> None:
    payload = (await client.query(CREATE_MANY, tasks=[{"title": "Good"}, {"title": ""}]))["createTasks"]
    assert codes(payload) == ["", "BLANK"]
    assert await client.total() == 1


async def test_create_tasks_answers_each_item_in_its_place(client: Client) -> None:
    there = await client.create(title="There", id=str(uuid7()))
    deleted = await client.create()
    await client.delete(deleted["id"])
    own, twice = str(uuid7()), str(uuid7())
    payload = (
        await client.query(
            CREATE_MANY,
            tasks=[
                {"title": "Own id", "id": own},
                {"title": ""},
                {"title": "There already", "id": there["id"]},
                {"title": "Was deleted", "id": deleted["id"]},
                {"title": "Twice", "id": twice},
                {"title": "Done", "status": "DONE"},
                {"title": "Twice", "id": twice},
                {"title": "Passed", "expiresAt": "2020-01-01T00:00:00Z"},
                {"title": "Last"},
            ],
        )
    )["createTasks"]
    assert payload["userErrors"] == []
    told = [
        result["task"]["title"] if result["task"] else [error["code"] for error in result["userErrors"]]
        for result in payload["results"]
    ]
    assert told == [
        "Own id",
        ["BLANK"],
        "There",
        ["ID_TAKEN"],
        ["DUPLICATE_ID"],
        "Done",
        ["DUPLICATE_ID"],
        ["IN_PAST"],
        "Last",
    ]
    assert all(bool(result["task"]) != bool(result["userErrors"]) for result in payload["results"])
    assert payload["results"][0]["task"]["id"] == own
    found = (await client.query("{ tasks { nodes { title } totalCount } }"))["tasks"]
    assert sorted(node["title"] for node in found["nodes"]) == ["Done", "Last", "Own id", "There"]
    assert found["totalCount"] == 4


async def test_create_no_tasks(client: Client) -> None:
    assert (await client.query(CREATE_MANY, tasks=[]))["createTasks"] == {"results": [], "userErrors": []}


async def test_create_tasks_twice_makes_them_once(client: Client) -> None:
    tasks = [{"title": f"Task {number}", "id": str(uuid7())} for number in range(20)]
    first = await client.query(CREATE_MANY, tasks=tasks)
    assert await client.query(CREATE_MANY, tasks=tasks) == first
    assert await client.total() == 20
