import asyncio
import io

import pytest
from rich.console import Console

from loadgen.answers import CreateTasksPayload, ItemResult
from loadgen.batches import Batch
from loadgen.progress import Progress, watch
from loadgen.tally import Tally


def answered(count: int) -> Tally:
    tally = Tally()
    tally.begin(0)
    add(tally, count)
    return tally


def add(tally: Tally, count: int) -> None:
    tally.answer(Batch(0, count, b""), CreateTasksPayload([ItemResult([])] * count, []))


def console(terminal: bool) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, force_terminal=terminal, width=120), file


def test_a_line_says_how_far_how_fast_and_how_long_still(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("loadgen.progress.time.monotonic", lambda: now)
    tally = answered(0)
    progress = Progress(console(False)[0], 100_000)
    progress.line(tally)
    now = 2.0
    add(tally, 20_000)
    assert progress.line(tally) == "20,000 of 100,000 tasks · 10,000 tasks/s · 8 s left"
    tally.retry("HTTP 503")
    for later in (50.0, 99.0, 100.0):
        now = later
        progress.line(tally)
    now = 110.0
    add(tally, 10_000)
    # The outage before is no longer in the rate.
    assert progress.line(tally) == (
        "30,000 of 100,000 tasks · 1,000 tasks/s · 1 min 10 s left · 1 retries (last: HTTP 503)"
    )


async def test_plain_lines_where_there_is_no_terminal() -> None:
    plain, file = console(False)
    progress = Progress(plain, 10)
    progress.interval = 0.01
    tally = answered(3)
    async with watch(progress, tally):
        await asyncio.sleep(0.1)
        add(tally, 7)
    lines = file.getvalue().splitlines()
    assert len(lines) >= 2
    assert lines[0].startswith("3 of 10 tasks · ")
    assert lines[-1].startswith("10 of 10 tasks · ")
    assert "\x1b" not in file.getvalue()


async def test_a_bar_in_a_terminal() -> None:
    terminal, file = console(True)
    async with watch(Progress(terminal, 10), answered(10)):
        pass
    assert "━" in file.getvalue()
    assert "10 of 10 tasks" in file.getvalue()


async def test_a_fault_is_shown_as_it_is() -> None:
    plain, file = console(False)
    tally = answered(1)
    tally.retry("HTTP 503: [bold]not markup[/]")
    async with watch(Progress(plain, 2), tally):
        pass
    assert "[bold]not markup[/]" in file.getvalue()
