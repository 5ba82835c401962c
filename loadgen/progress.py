"""Progress while a load goes on: a bar in a terminal, plain lines elsewhere."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress

from loadgen.tally import Tally

_BAR_INTERVAL_S = 0.25
_LINE_INTERVAL_S = 5.0
# The rate that is shown is that of the last seconds, so that it is right soon after an outage.
_WINDOW_S = 10.0


class Progress:
    """Shows a tally on a console as it grows towards count tasks."""

    def __init__(self, console: Console, count: int) -> None:
        self._console = console
        self._count = count
        self._samples: deque[tuple[float, int]] = deque()
        # It draws when told to: a thread of its own would take time from the service.
        self._bar = RichProgress(
            BarColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            auto_refresh=False,
        )
        self._row = self._bar.add_task("", total=count)
        self.interval = _BAR_INTERVAL_S if console.is_terminal else _LINE_INTERVAL_S

    def start(self) -> None:
        """Take the last line of the terminal, where there is one."""
        if self._console.is_terminal:
            self._bar.start()

    def stop(self) -> None:
        """Give it back."""
        if self._console.is_terminal:
            self._bar.stop()

    def show(self, tally: Tally) -> None:
        """Draw the bar anew, or write one more line."""
        line = self.line(tally)
        if self._console.is_terminal:
            self._bar.update(self._row, completed=tally.answered, description=line, refresh=True)
        else:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def line(self, tally: Tally) -> str:
        """How far it is, how fast, how long still, and what went wrong so far."""
        rate = self._rate(tally)
        parts = [f"{tally.answered:,} of {self._count:,} tasks", f"{rate:,.0f} tasks/s"]
        if rate:
            parts.append(f"{_duration((self._count - tally.answered) / rate)} left")
        if tally.failed:
            parts.append(f"{tally.failed:,} failed")
        if tally.retries:
            parts.append(f"{tally.retries:,} retries (last: {tally.last_fault})")
        return " · ".join(parts)

    def _rate(self, tally: Tally) -> float:
        now = time.monotonic()
        self._samples.append((now, tally.answered))
        while len(self._samples) > 2 and self._samples[1][0] <= now - _WINDOW_S:
            self._samples.popleft()
        since, answered = self._samples[0]
        passed = now - since
        return (tally.answered - answered) / passed if passed > 0 else 0.0


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@asynccontextmanager
async def watch(progress: Progress, tally: Tally) -> AsyncIterator[None]:
    """Show a tally again and again while the body runs, and a last time after it."""

    async def show() -> None:
        while True:
            await asyncio.sleep(progress.interval)
            progress.show(tally)

    progress.start()
    shown = asyncio.create_task(show())
    try:
        yield
    finally:
        shown.cancel()
        if tally.answered:
            progress.show(tally)
        progress.stop()
