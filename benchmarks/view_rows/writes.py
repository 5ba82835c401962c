"""The rows that write: updates that move a task between declared views, and bulk creates."""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.report import Report
from benchmarks.view_rows.plan import ViewPlan
from benchmarks.view_rows.stand import ASSIGNEES, EVERY, FIRST_LABELS, SECOND_LABELS, Caller, Stand

WARMING_UPDATES, WARMING_TURNS, CREATES_IN_TURN = 30, 1, 5
UPDATE = "mutation ($i: UpdateTaskInput!) { updateTask(input: $i) { task { version } userErrors { code } } }"
CREATE = """mutation ($i: CreateTasksInput!) { createTasks(input: $i) {
  results { task { id } userErrors { code } } userErrors { code } } }"""
STAYS = "priority"


def measure_updates(report: Report, plan: ViewPlan, stand: Stand, caller: Caller) -> None:
    """Compare updates of fields that declared views filter by with one of a field that none filters by, in turns."""
    lists = stand.lists()
    kinds: dict[str, Callable[[], Any]] = {
        STAYS: lambda: random.choice(("LOW", "MEDIUM", "HIGH")),
        "assignee": _assignee,
        "labels": _labels,
        "listId": lambda: random.choice(lists),
    }
    spent: dict[str, list[float]] = {kind: [] for kind in kinds}
    ids = stand.ids((plan.updates + WARMING_UPDATES) * len(kinds))
    rounds = len(ids) // len(kinds)
    for number in range(rounds):
        for kind in random.sample(list(kinds), len(kinds)):
            latency, data = caller.send(UPDATE, i={"id": ids.pop(), kind: kinds[kind]()})
            if data["updateTask"]["userErrors"]:
                raise RuntimeError(f"An update was rejected: {data}.")
            if number >= min(WARMING_UPDATES, rounds // 2):
                spent[kind].append(latency)
    medians = {kind: statistics.median(latencies) for kind, latencies in spent.items()}
    report.add(f"update of {STAYS}, which moves no task between declared views, median", medians[STAYS], "ms")
    for kind in list(kinds)[1:]:
        target = "≤ 1.2" if kind == "assignee" else ""
        report.add(f"update of {kind} ÷ update of {STAYS}", medians[kind] / medians[STAYS], "×", target)


def measure_bulk(report: Report, plan: ViewPlan, stand: Stand, caller: Caller) -> None:
    """Compare bulk creates of tasks with a list, an assignee and three labels with those of plain tasks.

    They come in turns of several creates of one kind. A turn ends when Redis has the last of its tasks in all indexes,
    which may be after the response.
    """
    lists = stand.lists()

    def filled() -> dict[str, Any]:
        return {"title": "A task", "listId": random.choice(lists), "assignee": _assignee(), "labels": _labels()}

    kinds: dict[str, Callable[[], dict[str, Any]]] = {"with": filled, "without": lambda: {"title": "A task"}}
    spent: dict[str, list[float]] = {kind: [] for kind in kinds}
    for turn in range(WARMING_TURNS + plan.turns):
        for kind in random.sample(list(kinds), len(kinds)):
            inputs = [{"tasks": [kinds[kind]() for _ in range(plan.create_size)]} for _ in range(CREATES_IN_TURN)]
            began = time.perf_counter()
            for each in inputs:
                _create(caller, each)
            stand.wait_for_settles()
            if turn >= WARMING_TURNS:
                spent[kind].append(time.perf_counter() - began)
    tasks = CREATES_IN_TURN * plan.create_size
    rates = {kind: tasks / statistics.median(seconds) for kind, seconds in spent.items()}
    name = f"bulk load in mutations of {plan.create_size:,}"
    for kind, rate in rates.items():
        report.add(f"{name}, {kind} a list, an assignee and three labels", rate, "tasks/s")
    report.add(f"{name}, with ÷ without them", rates["with"] / rates["without"], "×", "≥ 0.6")


def _create(caller: Caller, tasks: dict[str, Any]) -> None:
    _, data = caller.send(CREATE, i=tasks)
    if not all(result["task"] for result in data["createTasks"]["results"]):
        raise RuntimeError("A create was rejected.")


def _assignee() -> str:
    return f"user-{random.randrange(ASSIGNEES)}"


def _labels() -> list[str]:
    return [EVERY, f"first-{random.randrange(FIRST_LABELS)}", f"second-{random.randrange(SECOND_LABELS)}"]
