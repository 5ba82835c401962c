import asyncio
import io

import pytest
from rich.console import Console

from loadgen.batches import Batch
from loadgen.progress import Progress, show_progress
from loadgen.responses import CreateTasksPayload, ItemResult
from loadgen.stats import LoadStats


def stats_with(count: int) -> LoadStats:
    stats = LoadStats()
    stats.start(0)
    add(stats, count)
    return stats


def add(stats: LoadStats, count: int) -> None:
    stats.record_batch(Batch(0, count, b""), CreateTasksPayload([ItemResult([])] * count, []))


def console(terminal: bool) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, force_terminal=terminal, width=120), file


def test_line_shows_progress_rate_and_remaining_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("loadgen.progress.time.monotonic", lambda: now)
    stats = stats_with(0)
    progress = Progress(console(False)[0], 100_000)
    progress.line(stats)
    now = 2.0
    add(stats, 20_000)
    assert progress.line(stats) == "20,000 of 100,000 tasks · 10,000 tasks/s · 8 s left"
    stats.record_retry("HTTP 503")
    for later in (50.0, 99.0, 100.0):
        now = later
        progress.line(stats)
    now = 110.0
    add(stats, 10_000)
    # The outage is no longer in the time window of the rate.
    assert progress.line(stats) == (
        "30,000 of 100,000 tasks · 1,000 tasks/s · 1 min 10 s left · 1 retries (last error: HTTP 503)"
    )


def test_line_of_a_short_load_has_the_rate_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("loadgen.progress.time.monotonic", lambda: now)
    progress = Progress(console(False)[0], 50_000)
    now = 4.0
    assert progress.line(stats_with(50_000)) == "50,000 of 50,000 tasks · 12,500 tasks/s"


async def test_output_is_plain_lines_without_a_terminal() -> None:
    plain, file = console(False)
    progress = Progress(plain, 10)
    progress.interval = 0.01
    stats = stats_with(3)
    async with show_progress(progress, stats):
        await asyncio.sleep(0.1)
        add(stats, 7)
    lines = file.getvalue().splitlines()
    assert len(lines) >= 2
    assert lines[0].startswith("3 of 10 tasks · ")
    assert lines[-1].startswith("10 of 10 tasks · ")
    assert "\x1b" not in file.getvalue()


async def test_output_is_a_bar_in_a_terminal() -> None:
    terminal, file = console(True)
    async with show_progress(Progress(terminal, 10), stats_with(10)):
        pass
    assert "━" in file.getvalue()
    assert "10 of 10 tasks" in file.getvalue()


async def test_error_text_is_not_interpreted_as_markup() -> None:
    plain, file = console(False)
    stats = stats_with(1)
    stats.record_retry("HTTP 503: [bold]not markup[/]")
    async with show_progress(Progress(plain, 2), stats):
        pass
    assert "[bold]not markup[/]" in file.getvalue()
