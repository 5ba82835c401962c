"""The load: sends batches concurrently until every task has a result or a signal stops it."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from loadgen.batches import Batch, batches
from loadgen.client import Client, open_client
from loadgen.errors import (
    CallerRefused,
    LoadError,
    RequestRejected,
    RetriesExhausted,
    ServiceUnavailable,
    ServiceUnreachable,
)
from loadgen.progress import Progress, show_progress
from loadgen.retries import RetryPolicy
from loadgen.stats import LoadStats
from loadgen.summary import Outcome, Summary, summarize
from loadgen.tasks import NO_VALUES, Values, generate_tasks, list_ids

# If the service does not report the final total within this time, the summary shows it as unknown.
_FINAL_TOTAL_SECONDS = 5.0


@dataclass(frozen=True)
class LoadPlan:
    """The options of a load. Times are in seconds. `token` is an API token, which no message contains."""

    url: str
    count: int
    seed: int
    batch: int
    concurrency: int
    timeout: float
    max_wait: float
    token: str | None = field(default=None, repr=False)
    values: Values = NO_VALUES


async def load(plan: LoadPlan, progress: Progress) -> Summary:
    """Load all tasks of a plan and return a summary.

    SIGINT, SIGTERM and errors that a retry cannot fix end the load early. The summary contains the outcome.
    """
    stats = LoadStats()
    # A request that takes longer than the maximum wait would keep the loader from giving up in time.
    timeout = min(plan.timeout, plan.max_wait)
    async with open_client(plan.url, plan.concurrency, timeout, plan.token) as client:
        work = asyncio.create_task(_work(plan, client, stats))
        with stopped_by_signals(work):
            async with show_progress(progress, stats):
                await asyncio.wait({work})
            stats.stop()
            outcome, message = outcome_of(work)
            total_after = None
            if stats.total_before is not None:
                total_after = await _final_total(client)
    return summarize(stats, outcome, message, total_after)


async def _work(plan: LoadPlan, client: Client, stats: LoadStats) -> None:
    retries = RetryPolicy(plan.max_wait, stats.record_retry)
    stats.start(await retries.call(partial(_check_service, client)))
    for number, id_ in enumerate(list_ids(plan.seed, plan.values.lists), 1):
        await retries.call(partial(client.create_list, id_, f"List {number}"))
    supply = batches(generate_tasks(plan.seed, plan.count, datetime.now(UTC), plan.values), plan.batch)
    async with asyncio.TaskGroup() as group:
        for _ in range(plan.concurrency):
            group.create_task(_send_batches(supply, client, retries, stats))


async def _check_service(client: Client) -> int:
    """Return the total before the load. Report a wrong address immediately instead of retrying."""
    try:
        return await client.total_count()
    except ServiceUnreachable as error:
        raise RetriesExhausted(f"{error}. Is the service running?") from error
    except CallerRefused:
        raise
    except RequestRejected as error:
        raise RequestRejected(f"the URL is not the GraphQL endpoint of Millitask: {error}") from error


async def _send_batches(supply: Iterator[Batch], client: Client, retries: RetryPolicy, stats: LoadStats) -> None:
    """Send batches from an iterator that several tasks share."""
    for batch in supply:
        try:
            await retries.call(partial(_create, batch, client, stats))
        except RequestRejected as error:
            last = batch.first + batch.tasks - 1
            raise RequestRejected(f"the service rejected tasks {batch.first} to {last}: {error}") from error


async def _create(batch: Batch, client: Client, stats: LoadStats) -> None:
    started = time.perf_counter()
    payload = await client.create_tasks(batch)
    stats.latencies.add(time.perf_counter() - started)
    stats.record_batch(batch, payload)


@contextmanager
def stopped_by_signals(work: asyncio.Task[None]) -> Iterator[None]:
    """Cancel the work on the first signal. Requests in flight are safe to send again."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def outcome_of(work: asyncio.Task[None]) -> tuple[Outcome, str | None]:
    """Return the outcome and the error message, if any. Raise errors other than LoadError."""
    if work.cancelled():
        return Outcome.INTERRUPTED, None
    error = work.exception()
    while isinstance(error, BaseExceptionGroup):
        # The first failure cancels the other requests. If two fail at once, they have the same cause.
        error = error.exceptions[0]
    if error is None:
        return Outcome.COMPLETE, None
    if isinstance(error, LoadError):
        return Outcome.FAILED, str(error)
    raise error


async def _final_total(client: Client) -> int | None:
    with suppress(LoadError, ServiceUnavailable, TimeoutError):
        async with asyncio.timeout(_FINAL_TOTAL_SECONDS):
            return await client.total_count()
    return None
