"""Progress of a load: a progress bar in a terminal, plain lines elsewhere."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress

from loadgen.stats import LoadStats

_BAR_INTERVAL_SECONDS = 0.25
_LINE_INTERVAL_SECONDS = 5.0
# The displayed rate covers only the last seconds, so that it recovers soon after an outage.
_RATE_WINDOW_SECONDS = 10.0


class Progress:
    """Displays the statistics of a load of `count` tasks on a console."""

    def __init__(self, console: Console, count: int) -> None:
        self._console = console
        self._count = count
        # The first sample makes the rate of a short load that of the whole.
        self._samples = deque([(time.monotonic(), 0)])
        # No refresh thread, which would take CPU time from the service on the same machine.
        self._bar = RichProgress(
            BarColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            auto_refresh=False,
        )
        self._row = self._bar.add_task("", total=count)
        self.interval = _BAR_INTERVAL_SECONDS if console.is_terminal else _LINE_INTERVAL_SECONDS

    def start(self) -> None:
        """Show the progress bar if the console is a terminal."""
        if self._console.is_terminal:
            self._bar.start()

    def stop(self) -> None:
        """Remove the progress bar."""
        if self._console.is_terminal:
            self._bar.stop()

    def show(self, stats: LoadStats) -> None:
        """Update the progress bar, or print a line."""
        line = self.line(stats)
        if self._console.is_terminal:
            self._bar.update(self._row, completed=stats.answered, description=line, refresh=True)
        else:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def line(self, stats: LoadStats) -> str:
        """Return one line with progress, rate, remaining time, failures and retries."""
        rate = self._rate(stats)
        parts = [f"{stats.answered:,} of {self._count:,} tasks", f"{rate:,.0f} tasks/s"]
        if rate and stats.answered < self._count:
            parts.append(f"{_duration((self._count - stats.answered) / rate)} left")
        if stats.failed:
            parts.append(f"{stats.failed:,} failed")
        if stats.retries:
            parts.append(f"{stats.retries:,} retries (last error: {stats.last_error})")
        return " · ".join(parts)

    def _rate(self, stats: LoadStats) -> float:
        now = time.monotonic()
        self._samples.append((now, stats.answered))
        while len(self._samples) > 2 and self._samples[1][0] <= now - _RATE_WINDOW_SECONDS:
            self._samples.popleft()
        since, answered = self._samples[0]
        passed = now - since
        return (stats.answered - answered) / passed if passed > 0 else 0.0


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@asynccontextmanager
async def show_progress(progress: Progress, stats: LoadStats) -> AsyncIterator[None]:
    """Display statistics periodically while the body runs, and once at the end."""

    async def show() -> None:
        while True:
            await asyncio.sleep(progress.interval)
            progress.show(stats)

    progress.start()
    display = asyncio.create_task(show())
    try:
        yield
    finally:
        display.cancel()
        if stats.answered:
            progress.show(stats)
        progress.stop()
