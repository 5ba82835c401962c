"""The load: several batches in flight until all tasks are answered for, or until it is stopped."""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from loadgen.batches import Batch, batches
from loadgen.client import Client, open_client
from loadgen.errors import GaveUp, LoadError, NotThere, Refused, Unavailable
from loadgen.patience import Patience
from loadgen.progress import Progress, watch
from loadgen.summary import Outcome, Summary, summary_of
from loadgen.tally import Tally
from loadgen.tasks import tasks

# For the total after the end, which is told as unknown rather than waited for.
_LAST_WORD_S = 5.0


@dataclass(frozen=True)
class Plan:
    """What to load, where to, and how; times in seconds."""

    url: str
    count: int
    seed: int
    batch: int
    concurrency: int
    timeout: float
    max_wait: float


async def load(plan: Plan, progress: Progress) -> Summary:
    """Load all tasks of a plan and say what became of it.

    SIGINT and SIGTERM end it early, as does what cannot be helped: the summary has the outcome.
    """
    tally = Tally()
    # A request that outlasts all patience would keep the loader from giving up.
    longest = min(plan.timeout, plan.max_wait)
    async with open_client(plan.url, plan.concurrency, longest) as client:
        work = asyncio.create_task(_work(plan, client, tally))
        with _stopped_by_signals(work):
            async with watch(progress, tally):
                await asyncio.wait({work})
            tally.end()
            outcome, message = _outcome(work)
            total_after = None
            if tally.total_before is not None:
                total_after = await _last_word(client)
    return summary_of(tally, outcome, message, total_after)


async def _work(plan: Plan, client: Client, tally: Tally) -> None:
    patience = Patience(plan.max_wait, tally.retry)
    tally.begin(await patience.persist(partial(_greet, client)))
    supply = batches(tasks(plan.seed, plan.count, datetime.now(UTC)), plan.batch)
    async with asyncio.TaskGroup() as group:
        for _ in range(plan.concurrency):
            group.create_task(_send(supply, client, patience, tally))


async def _greet(client: Client) -> int:
    """The total before the load; what is wrong with the address is told at once, not retried."""
    try:
        return await client.total_count()
    except NotThere as error:
        raise GaveUp(f"{error}. Is the service running?") from error
    except Refused as error:
        raise Refused(f"this is not the GraphQL endpoint of Millitask: {error}") from error


async def _send(supply: Iterator[Batch], client: Client, patience: Patience, tally: Tally) -> None:
    """Send batch after batch of a supply that others take from as well."""
    for batch in supply:
        try:
            await patience.persist(partial(_create, batch, client, tally))
        except Refused as error:
            last = batch.first + batch.tasks - 1
            raise Refused(f"tasks {batch.first} to {last} were refused: {error}") from error


async def _create(batch: Batch, client: Client, tally: Tally) -> None:
    started = time.perf_counter()
    payload = await client.create_tasks(batch)
    tally.latencies.add(time.perf_counter() - started)
    tally.answer(batch, payload)


@contextmanager
def _stopped_by_signals(work: asyncio.Task[None]) -> Iterator[None]:
    """Cancel the work on the first signal: what is in flight is safe to send once more."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _outcome(work: asyncio.Task[None]) -> tuple[Outcome, str | None]:
    """How the work ended, and why if it failed. What is not a LoadError is raised."""
    if work.cancelled():
        return Outcome.INTERRUPTED, None
    error = work.exception()
    while isinstance(error, BaseExceptionGroup):
        # The first to fail ends the others; two may fail at once, for the same cause.
        error = error.exceptions[0]
    if error is None:
        return Outcome.COMPLETE, None
    if isinstance(error, LoadError):
        return Outcome.FAILED, str(error)
    raise error


async def _last_word(client: Client) -> int | None:
    with suppress(LoadError, Unavailable, TimeoutError):
        async with asyncio.timeout(_LAST_WORD_S):
            return await client.total_count()
    return None
