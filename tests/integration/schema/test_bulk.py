"""Tests bulk mutations, completeTask and reopenTask, and the current task in version conflicts."""

from typing import Any

import pytest

from schema.ids import new_id
from tests.support.graphql_client import CREATE_MANY, Client

RESULT_FIELDS = "clientMutationId task { id title status version } userErrors { field message code }"
UPDATE = f"""mutation ($input: UpdateTasksInput!) {{ updateTasks(input: $input) {{
    clientMutationId results {{ {RESULT_FIELDS} currentTask {{ version }} }} userErrors {{ field code }} }} }}"""
DELETE = """mutation ($input: DeleteTasksInput!) { deleteTasks(input: $input) {
    clientMutationId userErrors { code }
    results { clientMutationId deletedTaskId currentTask { version } userErrors { field code } } } }"""
RESTORE = f"""mutation ($input: RestoreTasksInput!) {{ restoreTasks(input: $input) {{
    clientMutationId results {{ {RESULT_FIELDS} currentTask {{ version }} }} userErrors {{ code }} }} }}"""
CREATE = f"""mutation ($input: CreateTasksInput!) {{ createTasks(input: $input) {{
    clientMutationId results {{ {RESULT_FIELDS} }} userErrors {{ code }} }} }}"""
BULK_DOCUMENTS = {"updateTasks": UPDATE, "deleteTasks": DELETE, "restoreTasks": RESTORE, "createTasks": CREATE}
COUNTS = "{ taskCounts { all todo inProgress done } }"


def single_mutation(name: str) -> str:
    """Return a document that runs one mutation of one task."""
    kind = name[0].upper() + name[1:]
    return f"""mutation ($input: {kind}Input!) {{ {name}(input: $input) {{
        clientMutationId task {{ id status version }} currentTask {{ id version }}
        userErrors {{ field code message }} }} }}"""


async def run_bulk(client: Client, name: str, tasks: list[Any], **more: Any) -> Any:
    return (await client.query(BULK_DOCUMENTS[name], input={"tasks": tasks, **more}))[name]


def codes(payload: Any) -> list[str]:
    """Return the error codes of each item, joined by spaces. A success has an empty string."""
    return [" ".join(error["code"] for error in result["userErrors"]) for result in payload["results"]]


async def test_every_item_is_changed(client: Client) -> None:
    ids = await client.create_many([f"Task {number}" for number in range(5)])
    payload = await run_bulk(
        client, "updateTasks", [{"id": id_, "title": f"New {id_}", "status": "DONE"} for id_ in ids]
    )
    assert [result["task"] for result in payload["results"]] == [
        {"id": id_, "title": f"New {id_}", "status": "DONE", "version": 2} for id_ in ids
    ]
    assert await client.query(COUNTS) == {"taskCounts": {"all": 5, "todo": 0, "inProgress": 0, "done": 5}}
    payload = await run_bulk(client, "deleteTasks", [{"id": id_} for id_ in ids[:3]], clientMutationId="mine")
    assert [result["deletedTaskId"] for result in payload["results"]] == ids[:3]
    assert payload["clientMutationId"] == "mine"
    assert await client.total() == 2
    payload = await run_bulk(client, "restoreTasks", [{"id": id_} for id_ in ids])
    assert [result["task"]["version"] for result in payload["results"]] == [4, 4, 4, 2, 2]
    assert await client.total() == 5


@pytest.mark.parametrize("name", ["updateTasks", "deleteTasks"])
async def test_rejected_items_are_skipped_or_reject_all(client: Client, name: str) -> None:
    good, conflict, twice = await client.create_many(["A", "B", "C"])
    change = {"status": "DONE"} if name == "updateTasks" else {}
    items = [
        {"id": good, **change},
        {"id": conflict, "expectedVersion": 7, **change},
        {"id": twice, **change},
        {"id": str(new_id()), **change},
        {"id": "nonsense", **change},
        {"id": twice, **change},
    ]
    wrong = ["VERSION_CONFLICT", "DUPLICATE_ID", "NOT_FOUND", "INVALID_ID", "DUPLICATE_ID"]
    rejected = await run_bulk(client, name, [items[0], items[1], items[3]], errorPolicy="REJECT_ALL")
    assert codes(rejected) == ["NOT_DONE", "VERSION_CONFLICT", "NOT_FOUND"]
    invalid = await run_bulk(client, name, items, errorPolicy="REJECT_ALL")
    assert codes(invalid) == ["NOT_DONE", "NOT_DONE", "DUPLICATE_ID", "NOT_DONE", "INVALID_ID", "DUPLICATE_ID"]
    assert await client.query(COUNTS) == {"taskCounts": {"all": 3, "todo": 3, "inProgress": 0, "done": 0}}
    skipped = await run_bulk(client, name, items)
    assert codes(skipped) == ["", *wrong]
    assert skipped["results"][1]["currentTask"] == {"version": 1}
    done = {"all": 3, "todo": 2, "inProgress": 0, "done": 1}
    gone = {"all": 2, "todo": 2, "inProgress": 0, "done": 0}
    assert await client.query(COUNTS) == {"taskCounts": done if name == "updateTasks" else gone}


async def test_reject_all_creates_all_tasks_or_none(client: Client) -> None:
    [taken] = await client.create_many(["Here"])
    await client.delete(taken)
    for bad, code in (({"title": ""}, "BLANK"), ({"title": "A", "id": taken}, "ID_TAKEN")):
        payload = await run_bulk(client, "createTasks", [{"title": "Good"}, bad], errorPolicy="REJECT_ALL")
        assert codes(payload) == ["NOT_DONE", code]
        assert await client.total() == 0
    again = {"title": "Once", "id": str(new_id())}
    for _ in range(2):
        payload = await run_bulk(client, "createTasks", [again], errorPolicy="REJECT_ALL")
        assert (codes(payload), payload["results"][0]["task"]["id"]) == ([""], again["id"])
    assert await client.total() == 1


@pytest.mark.parametrize("name", BULK_DOCUMENTS)
@pytest.mark.parametrize("policy", ["SKIP_INVALID", "REJECT_ALL"])
async def test_every_result_has_the_client_mutation_id_of_its_item(client: Client, name: str, policy: str) -> None:
    """The items cover success, invalid input, refusal by the store, and a missing clientMutationId."""
    given = [
        {"id": (await client.create())["id"], "clientMutationId": "done"},
        {"id": "nonsense", "clientMutationId": "wrong"},
        {"id": str(new_id()), "clientMutationId": "refused"},
        {"id": str(new_id())},
    ]
    items = [item | ({"title": "A"} if name == "createTasks" else {}) for item in given]
    payload = await run_bulk(client, name, items, errorPolicy=policy, clientMutationId="all")
    assert payload["clientMutationId"] == "all"
    assert [result["clientMutationId"] for result in payload["results"]] == ["done", "wrong", "refused", None]


@pytest.mark.parametrize("name", ["updateTasks", "deleteTasks", "restoreTasks"])
async def test_up_to_1000_items_are_processed(client: Client, name: str) -> None:
    assert (await run_bulk(client, name, []))["results"] == []
    unknown = [{"id": str(new_id())} for _ in range(1001)]
    payload = await run_bulk(client, name, unknown[:1000])
    assert set(codes(payload)) == {"NOT_FOUND"}
    payload = await run_bulk(client, name, unknown)
    assert payload["results"] == []
    assert [error["code"] for error in payload["userErrors"]] == ["TOO_MANY"]


async def test_bulk_update_takes_as_many_statements_as_a_single_update(client: Client) -> None:
    ids = await client.create_many([f"Task {number}" for number in range(200)])
    spent = []
    for part in (ids[:1], ids[1:2], ids[2:]):
        body = {"query": UPDATE, "variables": {"input": {"tasks": [{"id": id_, "status": "DONE"} for id_ in part]}}}
        answer = await client.http.post("/graphql", json=body, headers={"X-Millitask-Trace": "1"})
        cache = answer.json()["extensions"]["cache"]
        spent.append((cache["sqlQueries"], cache["redisRoundTrips"]))
    # The first update also loads the scripts into Redis.
    assert spent[1] == spent[2]
    assert spent[2][1] == 2


async def test_complete_and_reopen_change_the_status(client: Client) -> None:
    id_ = (await client.create())["id"]
    for name, status, version in (
        ("reopenTask", "TODO", 1),
        ("completeTask", "DONE", 2),
        ("completeTask", "DONE", 2),
        ("reopenTask", "TODO", 3),
    ):
        payload = (await client.query(single_mutation(name), input={"id": id_, "clientMutationId": name}))[name]
        assert payload["task"] == {"id": id_, "status": status, "version": version}
        assert payload["clientMutationId"] == name
    update = {"id": id_, "status": "IN_PROGRESS"}
    await client.query(single_mutation("updateTask"), input=update)
    payload = (await client.query(single_mutation("reopenTask"), input={"id": id_}))["reopenTask"]
    assert payload["task"]["status"] == "IN_PROGRESS"


@pytest.mark.parametrize("name", ["updateTask", "completeTask", "reopenTask", "restoreTask"])
async def test_version_conflict_returns_the_current_task(client: Client, name: str) -> None:
    id_ = (await client.create())["id"]
    given = {"id": id_, "expectedVersion": 9, "clientMutationId": "mine"}
    payload = (await client.query(single_mutation(name), input=given))[name]
    assert payload["task"] is None
    assert payload["currentTask"] == {"id": id_, "version": 1}
    assert payload["clientMutationId"] == "mine"
    [error] = payload["userErrors"]
    assert (error["code"], error["field"]) == ("VERSION_CONFLICT", ["expectedVersion"])
    assert "version 1" in error["message"]
    gone = (await client.query(single_mutation(name), input={"id": str(new_id())}))[name]
    assert (gone["currentTask"], [error["code"] for error in gone["userErrors"]]) == (None, ["NOT_FOUND"])


async def test_default_error_policy_skips_invalid_items(client: Client) -> None:
    payload = (await client.query(CREATE_MANY, tasks=[{"title": "Good"}, {"title": ""}]))["createTasks"]
    assert codes(payload) == ["", "BLANK"]
    assert await client.total() == 1


async def test_results_have_the_order_of_the_items(client: Client) -> None:
    existing = await client.create(title="Existing", id=str(new_id()))
    deleted = await client.create()
    await client.delete(deleted["id"])
    own, twice = str(new_id()), str(new_id())
    payload = (
        await client.query(
            CREATE_MANY,
            tasks=[
                {"title": "Own id", "id": own},
                {"title": ""},
                {"title": "Exists already", "id": existing["id"]},
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
    outcomes = [
        result["task"]["title"] if result["task"] else [error["code"] for error in result["userErrors"]]
        for result in payload["results"]
    ]
    assert outcomes == [
        "Own id",
        ["BLANK"],
        "Existing",
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
    assert sorted(node["title"] for node in found["nodes"]) == ["Done", "Existing", "Last", "Own id"]
    assert found["totalCount"] == 4


async def test_create_tasks_accepts_an_empty_list(client: Client) -> None:
    assert (await client.query(CREATE_MANY, tasks=[]))["createTasks"] == {"results": [], "userErrors": []}


async def test_create_tasks_can_be_retried(client: Client) -> None:
    tasks = [{"title": f"Task {number}", "id": str(new_id())} for number in range(20)]
    first = await client.query(CREATE_MANY, tasks=tasks)
    assert await client.query(CREATE_MANY, tasks=tasks) == first
    assert await client.total() == 20


@pytest.mark.parametrize("whose_ids", ["client", "server"])
async def test_created_tasks_stand_in_the_given_order(client: Client, whose_ids: str) -> None:
    """The first is the oldest. A repeated item keeps the place of its task."""
    ids = sorted((str(new_id()) for _ in range(100)), reverse=True) if whose_ids == "client" else None
    items = [{"title": f"{number}"} | ({"id": ids[number]} if ids else {}) for number in range(100)]
    first = await run_bulk(client, "createTasks", items[40:60])
    if ids is None:
        items[40:60] = [{"title": "Again", "id": result["task"]["id"]} for result in first["results"]]
    payload = await run_bulk(client, "createTasks", items)
    order = [result["task"]["id"] for result in payload["results"]]
    order = order[40:60] + order[:40] + order[60:]
    nodes = (await client.query("{ tasks(first: 100) { nodes { id createdAt } } }"))["tasks"]["nodes"]
    assert [node["id"] for node in nodes] == order[::-1]
    assert len({node["createdAt"] for node in nodes}) == 100
    oldest = (await client.query("{ tasks(first: 100, orderBy: OLDEST) { nodes { id } } }"))["tasks"]["nodes"]
    assert [node["id"] for node in oldest] == order
    if ids is None:
        assert order == sorted(order)


async def test_ids_of_the_service_increase_over_several_requests(client: Client) -> None:
    ids = [(await client.create(title="One"))["id"], *await client.create_many(["Two"] * 50)]
    ids += [*await client.create_many(["Three"] * 50), (await client.create(title="Four"))["id"]]
    assert ids == sorted(ids)
