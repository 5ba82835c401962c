"""Suite `failover`: how soon the service writes again after a failover of PostgreSQL, and whether an answer is wrong.

The service runs in this process, over a primary and a synchronous standby. Four writers and a reader use it without a
pause. The primary is stopped, killed, or all its processes are frozen, and the standby is promoted 2 s later.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from api.config.settings import Settings
from api.process import logs
from benchmarks.report import Report
from db.migrations import migrate
from tests.support.graphql_client import ready, running
from tests.support.postgres_server import PostgresServer, primary_and_standby, url_of
from tests.support.redis_server import redis_server
from tests.support.watched_client import Watched

ROUNDS, WRITERS, BATCH_TASKS = 3, 4, 500
WRITE_PAUSE_SECONDS = 0.05
PROMOTE_AFTER_SECONDS = 2.0
AFTERWARDS_SECONDS = 1.0
GIVE_UP_SECONDS = 60.0


FAULTS = ("stopped", "killed", "frozen")


@contextmanager
def inject(fault: str, primary: PostgresServer) -> Iterator[None]:
    """Stop, kill or freeze a server. It is frozen for the duration of the block."""
    if fault == "frozen":
        with primary.frozen():
            yield
    else:
        (primary.stop if fault == "stopped" else primary.kill)()
        yield


class Failover:
    """One failover. `seconds` is the time from the promotion until a write that began after it was acknowledged."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.answers = self.wrong = self.refused = 0
        self._writes: list[tuple[float, bool]] = []

    async def run(self, fault: str, tasks: int, folder: Path) -> None:
        """Run the servers, and the service with this number of tasks, and fail over."""
        (folder / "redis").mkdir()
        with redis_server(folder / "redis") as redis_url, primary_and_standby(folder) as (primary, standby):
            url = url_of(primary, standby)
            migrate(url)
            async with running(Settings(database_url=url, redis_url=redis_url)) as client:
                watched = Watched(client)
                for start in range(0, tasks, BATCH_TASKS):
                    titles = [f"Task {number}" for number in range(start, min(start + BATCH_TASKS, tasks))]
                    watched.acknowledged += len(await client.create_many(titles))
                async with watched.reading():
                    writers = [asyncio.create_task(self._write(watched)) for _ in range(WRITERS)]
                    await asyncio.sleep(AFTERWARDS_SECONDS)
                    with ExitStack() as stack:
                        await asyncio.to_thread(stack.enter_context, inject(fault, primary))
                        await asyncio.sleep(PROMOTE_AFTER_SECONDS)
                        await asyncio.to_thread(standby.promote)
                        await self._wait_for_write(time.monotonic())
                        await asyncio.sleep(AFTERWARDS_SECONDS)
                    for writer in writers:
                        writer.cancel()
                await ready(client)
                await watched.read()
                self.answers, self.wrong = watched.answers, len(watched.wrong)
                self.refused = sum(not acknowledged for _, acknowledged in self._writes)

    async def _write(self, watched: Watched) -> None:
        while True:
            began = time.monotonic()
            self._writes.append((began, await watched.create()))
            await asyncio.sleep(WRITE_PAUSE_SECONDS)

    async def _wait_for_write(self, promoted: float) -> None:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while not any(acknowledged and began >= promoted for began, acknowledged in self._writes):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        self.seconds = time.monotonic() - promoted


def run(report: Report) -> None:
    """Fail over several times for each fault."""
    logs.configure(Settings(log_level="critical"))
    for fault in FAULTS:
        failovers = [Failover() for _ in range(ROUNDS)]
        for failover in failovers:
            with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name:
                asyncio.run(failover.run(fault, report.count, Path(name)))
        seconds = [failover.seconds for failover in failovers]
        report.add(
            f"primary {fault}: from the promotion until writes continue, median", statistics.median(seconds), "s"
        )
        report.add(f"primary {fault}: the slowest of {ROUNDS}", max(seconds), "s", "≤ 10")
        answers, wrong = sum(each.answers for each in failovers), sum(each.wrong for each in failovers)
        report.add(f"primary {fault}: wrong of {answers:,} answers", wrong, "", "0")
