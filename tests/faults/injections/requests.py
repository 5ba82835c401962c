"""Clients that do not wait for their answer."""

import asyncio

import httpx

from tests.faults.client import Client
from tests.faults.fault import BACK_SECONDS, Run
from tests.faults.history import Operation

# Seconds that they wait: before, while, and after the answer is under way.
PATIENCE = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08)
NAME = "hasty"


def hasty(_run: Run, operation: Operation) -> bool:
    """It has not waited."""
    return operation.client.startswith(NAME) and operation.answer.code == "NO_ANSWER ReadTimeout"


async def cancelled(run: Run, count: int = 100) -> None:
    """So many requests are given up, while others ask, over the same processes, and get their own answers."""
    stop, workload = asyncio.Event(), run.workload
    urls = [node.url for node in run.cluster.nodes]
    before = _given_up(run)
    async with asyncio.timeout(BACK_SECONDS), asyncio.TaskGroup() as group:
        others = []
        for number, seconds in enumerate(PATIENCE):
            http = httpx.AsyncClient(timeout=httpx.Timeout(10, read=seconds), trust_env=False)
            others.append(http)
            # Its titles begin with its name, and no two writes may have the same.
            client = Client(f"{NAME}{before}-{number}", http, urls, workload.history)
            client.latest = workload.latest
            group.create_task(workload.work(client, number, stop))
        while _given_up(run) < before + count:  # noqa: ASYNC110 (they set no event)
            await asyncio.sleep(0.1)
        stop.set()
    for http in others:
        await http.aclose()


def _given_up(run: Run) -> int:
    return sum(hasty(run, op) for op in run.workload.history.operations)
