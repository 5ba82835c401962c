"""Clients that cancel their requests."""

import asyncio

import httpx

from tests.faults.client import Client
from tests.faults.fault import RECOVERY_TIMEOUT_SECONDS, Run
from tests.faults.history import Operation

# The read timeouts of the clients: before, during and after the usual time of a response.
READ_TIMEOUTS_SECONDS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.04)
NAME_PREFIX = "impatient"


def is_cancelled(_run: Run, operation: Operation) -> bool:
    """Return whether the client of this read has cancelled it."""
    return operation.client.startswith(NAME_PREFIX) and operation.completion.code == "NO_ANSWER ReadTimeout"


async def cancel(run: Run, count: int = 100) -> None:
    """Let clients cancel this many requests, while others send theirs to the same processes."""
    stop, workload = asyncio.Event(), run.workload
    urls = [node.url for node in run.cluster.nodes]
    before = _cancelled_count(run)
    async with asyncio.timeout(RECOVERY_TIMEOUT_SECONDS), asyncio.TaskGroup() as group:
        http_clients = []
        for number, timeout_seconds in enumerate(READ_TIMEOUTS_SECONDS):
            http = httpx.AsyncClient(timeout=httpx.Timeout(10, read=timeout_seconds), trust_env=False)
            http_clients.append(http)
            # Titles start with the name of the client, and must be unique in the history.
            client = Client(f"{NAME_PREFIX}{before}-{number}", http, urls, workload.history)
            client.latest_versions = workload.latest_versions
            group.create_task(workload.work(client, number, stop))
        while _cancelled_count(run) < before + count:  # noqa: ASYNC110 (no event to wait for)
            await asyncio.sleep(0.1)
        stop.set()
    for http in http_clients:
        await http.aclose()


def _cancelled_count(run: Run) -> int:
    return sum(is_cancelled(run, op) for op in run.workload.history.operations)
