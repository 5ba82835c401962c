"""Compares `filterTasks` with a plain list of the tasks, for random combinations of conditions."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schema.ids import new_id
from tests.support.graphql_client import Client
from tests.support.task_lists import create_list

FIELDS = "id status priority listId assignee labels createdAt dueAt"
CREATE = f"""mutation ($tasks: [CreateTaskInput!]!) {{
  createTasks(input: {{ tasks: $tasks }}) {{ results {{ task {{ {FIELDS} }} }} }}
}}"""
FILTER = """query ($filter: TaskFilter!, $first: Int, $after: String, $last: Int, $before: String) {
  filterTasks(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
  }
}"""
TASKS, FILTERS = 60, 300
DAYS = [(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day)).isoformat() for day in range(5)]
ASSIGNEES, LABELS = ["ann", "Bob", "Ä"], ["bug", "Zoo", "é"]
STATUSES, PRIORITIES = ["TODO", "IN_PROGRESS", "DONE"], ["NONE", "LOW", "HIGH"]
Task = dict[str, Any]


async def create_tasks(client: Client, rng: random.Random, lists: list[str]) -> list[Task]:
    """Create tasks and return them, newest first."""
    inputs = [
        {
            "title": f"Task {number}",
            "status": rng.choice(STATUSES),
            "priority": rng.choice(PRIORITIES),
            "listId": rng.choice([None, *lists]),
            "assignee": rng.choice([None, *ASSIGNEES]),
            "labels": rng.sample(LABELS, rng.randrange(3)),
            "dueAt": rng.choice([None, *DAYS]),
        }
        for number in range(TASKS)
    ]
    tasks = []
    for input_ in inputs:
        results = (await client.query(CREATE, tasks=[input_]))["createTasks"]["results"]
        tasks.append(results[0]["task"])
    return tasks[::-1]


def random_range(rng: random.Random, times: list[str]) -> dict[str, str | None]:
    return {"from": rng.choice([None, *times]), "before": rng.choice([None, *times])}


def random_filter(rng: random.Random, lists: list[str], tasks: list[Task], share: float = 0.35) -> Task:
    choices: dict[str, Callable[[], Any]] = {
        "status": lambda: rng.choice(STATUSES),
        "priority": lambda: rng.sample(PRIORITIES, rng.randrange(1, 4)),
        "list": lambda: rng.choice(lists),
        "assignee": lambda: rng.choice(ASSIGNEES),
        "label": lambda: rng.choice(LABELS),
        "createdAt": lambda: random_range(rng, [task["createdAt"] for task in tasks]),
        "dueAt": lambda: random_range(rng, DAYS),
        **dict.fromkeys(("hasList", "hasAssignee", "hasLabels", "hasDueAt"), lambda: rng.random() < 0.5),
    }
    return {name: choose() for name, choose in choices.items() if rng.random() < share}


def random_negation(rng: random.Random, lists: list[str], tasks: list[Task]) -> Task:
    """Return a filter with `not`, whose items have at least one condition each."""
    items = [random_filter(rng, lists, tasks, 0.3) for _ in range(rng.randrange(1, 4))]
    kept = [item for item in items if item] or [{"label": rng.choice(LABELS)}]
    return {**random_filter(rng, lists, tasks, 0.1), "not": kept[0] if len(kept) == 1 else kept}


def is_in(given: dict[str, str | None], time: str | None) -> bool:
    if time is None:
        return False
    at, start, end = datetime.fromisoformat(time), given["from"], given["before"]
    return (start is None or datetime.fromisoformat(start) <= at) and (end is None or at < datetime.fromisoformat(end))


CONDITIONS: dict[str, Callable[[Any, Task], bool]] = {
    "status": lambda value, task: task["status"] == value,
    "priority": lambda value, task: task["priority"] in value,
    "list": lambda value, task: task["listId"] == value,
    "assignee": lambda value, task: task["assignee"] == value,
    "label": lambda value, task: value in task["labels"],
    "createdAt": lambda value, task: is_in(value, task["createdAt"]),
    "dueAt": lambda value, task: is_in(value, task["dueAt"]),
    "hasList": lambda value, task: value == (task["listId"] is not None),
    "hasAssignee": lambda value, task: value == (task["assignee"] is not None),
    "hasLabels": lambda value, task: value == bool(task["labels"]),
    "hasDueAt": lambda value, task: value == (task["dueAt"] is not None),
    "not": lambda value, task: not any(matches(item, task) for item in (value if isinstance(value, list) else [value])),
}


def matches(conditions: Task, task: Task) -> bool:
    return all(CONDITIONS[name](value, task) for name, value in conditions.items())


async def walk(client: Client, conditions: Task, size: int, *, forward: bool) -> list[str]:
    """Return the ids of all pages, newest first."""
    found: list[str] = []
    ahead, back = ("first", "after", "endCursor", "hasNextPage"), ("last", "before", "startCursor", "hasPreviousPage")
    count, cursor, edge, more = ahead if forward else back
    place = None
    while True:
        answer = await client.query(FILTER, filter=conditions, **{count: size, cursor: place})
        page = answer["filterTasks"]
        ids = [node["id"] for node in page["nodes"]]
        found = found + ids if forward else ids + found
        if not page["pageInfo"][more]:
            return found
        place = page["pageInfo"][edge]


async def test_every_combination_of_conditions_matches_a_plain_list(client: Client) -> None:
    rng = random.Random(11)
    lists = [(await create_list(client, name))["id"] for name in ("Home", "Work")]
    tasks = await create_tasks(client, rng, lists)
    for _ in range(FILTERS):
        conditions = rng.choice([random_filter, random_negation])(rng, lists, tasks)
        expected = [task["id"] for task in tasks if matches(conditions, task)]
        size, forward = rng.choice([1, 3, 50]), rng.random() < 0.5
        assert await walk(client, conditions, size, forward=forward) == expected, conditions


async def test_conditions_follow_changes(client: Client) -> None:
    task = await client.create(title="a", assignee="ann", labels=["bug"], dueAt=DAYS[1])
    filters: list[Task] = [{"assignee": "ann"}, {"label": "bug"}, {"dueAt": {"before": DAYS[2]}}]
    for conditions in filters:
        assert await walk(client, conditions, 5, forward=True) == [task["id"]]
    update = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { task { id } } }"
    await client.query(update, input={"id": task["id"], "assignee": None, "labels": [], "dueAt": None})
    for conditions in [*filters, {"dueAt": {}}]:
        assert await walk(client, conditions, 5, forward=True) == []


async def test_negation_keeps_tasks_without_a_value(client: Client) -> None:
    bare = (await client.create(title="a"))["id"]
    done = (await client.create(title="b", assignee="ann", labels=["bug"], dueAt=DAYS[1], status="DONE"))["id"]
    other = (await client.create(title="c", assignee="bob", labels=["bug", "zoo"]))["id"]
    expected: list[tuple[Task, list[str]]] = [
        ({"not": {"assignee": "ann"}}, [other, bare]),
        ({"not": [{"assignee": "ann"}, {"assignee": "bob"}]}, [bare]),
        ({"not": {"assignee": "ann", "label": "zoo"}}, [other, done, bare]),
        ({"not": {"label": "bug"}}, [bare]),
        ({"not": {"status": "DONE"}}, [other, bare]),
        ({"not": {"priority": ["NONE"]}}, []),
        ({"not": [{"status": status} for status in STATUSES]}, []),
        ({"not": {"dueAt": {}}}, [other, bare]),
        ({"not": {"dueAt": {"before": DAYS[1]}}}, [other, done, bare]),
        ({"not": {"createdAt": {}}}, []),
        ({"hasDueAt": False, "hasAssignee": True}, [other]),
        ({"hasAssignee": False}, [bare]),
        ({"assignee": "ann", "hasAssignee": False}, []),
        ({"label": "bug", "not": {"hasDueAt": False}}, [done]),
    ]
    for conditions, ids in expected:
        for forward in (True, False):
            assert await walk(client, conditions, 2, forward=forward) == ids, conditions


async def test_unknown_list_has_no_tasks(client: Client) -> None:
    await client.create(title="a")
    assert await walk(client, {"list": str(new_id())}, 5, forward=True) == []


@pytest.mark.parametrize(
    ("conditions", "argument", "message"),
    [
        ({"list": "x"}, "filter.list", "filter.list"),
        ({"assignee": " "}, "filter.assignee", "filter.assignee must not be empty."),
        ({"assignee": "a" * 201}, "filter.assignee", "filter.assignee must have at most 200 characters, not 201."),
        ({"label": "a" * 51}, "filter.label", "filter.label must have at most 50 characters, not 51."),
        ({"label": "a\0"}, "filter.label", "filter.label contains a NUL character"),
        ({"label": "bug", "expiresAt": {}}, "filter", "can combine expiresAt only with status"),
        ({"dueAt": {}, "expiresAt": {}}, "filter", "can combine expiresAt only with status"),
        ({"hasLabels": False, "expiresAt": {}}, "filter", "can combine expiresAt only with status"),
        ({"not": {"status": "DONE"}, "expiresAt": {}}, "filter", "can combine expiresAt only with status"),
        ({"not": []}, "filter.not", "filter.not must have 1 to 10 items, not 0."),
        ({"not": [{"label": "a"}] * 11}, "filter.not", "filter.not must have 1 to 10 items, not 11."),
        ({"not": [{"label": "a"}, {"label": None}]}, "filter.not.1", "has no condition"),
        ({"not": {"assignee": "a" * 201}}, "filter.not.0.assignee", "must have at most 200 characters, not 201."),
        ({"not": {"priority": ["LOW", "LOW"]}}, "filter.not.0", "must have 1 to 5 different values in priority"),
    ],
)
async def test_invalid_value_is_rejected(client: Client, conditions: Task, argument: str, message: str) -> None:
    error = await client.error(FILTER, filter=conditions)
    assert message in error["message"]
    assert (error["extensions"]["code"], error["extensions"]["argument"]) == ("BAD_USER_INPUT", argument)
