"""The row that adds a shape while pages are read."""

import asyncio
import random
import time
from collections.abc import Iterator

import uvloop

from benchmarks.http_load import load
from benchmarks.paced_load import PacedLoad
from benchmarks.page_rows.http_requests import operation
from benchmarks.report import Report
from benchmarks.service import Service
from benchmarks.view_rows.plan import ViewPlan
from benchmarks.view_rows.reads import PAGE, PAGE_SIZE
from benchmarks.view_rows.stand import Stand

SHAPES = ("list+status", "label")
READS_PER_SECOND = 100.0
PAGES = 200
SETTLE_SECONDS = 1.0


def measure_build(report: Report, plan: ViewPlan, stand: Stand, service: Service) -> None:
    """Let the service build each of these shapes while clients read warm pages of all tasks."""
    pages = min(PAGES, max(1, report.count // PAGE_SIZE))
    load(service.port, (operation(PAGE, page=page + 1) for page in range(pages)), connections=1)
    for shape in SHAPES:
        paced = PacedLoad(service.port, _requests(pages), READS_PER_SECOND)
        began, ended = uvloop.run(_add(plan, stand, shape, paced))
        before = paced.result.percentile_ms(99, began - plan.read_seconds, began)
        during = paced.result.percentile_ms(99, began, ended)
        name = f"adding {shape} over {report.count:,} tasks"
        report.add(f"{name}, until in use", ended - began, "s", "≤ 15 s")
        report.add(f"{name}, p99 of readers before", before, "ms")
        report.add(f"{name}, p99 of readers during ÷ before", during / before, "×", "≤ 1.5")
        report.add(f"{name}, failed reads", paced.result.failed, "", "0")


async def _add(plan: ViewPlan, stand: Stand, shape: str, paced: PacedLoad) -> tuple[float, float]:
    """Return when the shape was dropped, and when it was in use again, by `time.monotonic`."""
    reading = asyncio.create_task(paced.run())
    try:
        await asyncio.sleep(SETTLE_SECONDS + plan.read_seconds)
        began = time.monotonic()
        stand.drop_shape(shape)
        await asyncio.to_thread(stand.wait_for_shapes, [shape])
        ended = time.monotonic()
    finally:
        reading.cancel()
        await asyncio.wait((reading,))
        await paced.aclose()
    return began, ended


def _requests(pages: int) -> Iterator[bytes]:
    while True:
        yield operation(PAGE, page=random.randint(1, pages))
