"""Runs typing sessions in several processes. Each has a service and a browser of its own."""

import asyncio
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty
from traceback import format_exc
from typing import Protocol

from playwright.async_api import Browser, async_playwright, expect

from tests.acceptance.web.chromium import ARGUMENTS, chromium
from tests.acceptance.web.site import Site
from tests.acceptance.web.typing.plan import Outcome
from tests.acceptance.web.typing.session import run_session

EXPECT_TIMEOUT_MS = 30_000  # suits a busy machine
POLL_SECONDS = 0.5


class Seeds(Protocol):
    """A queue of the sessions that no process has begun."""

    def get_nowait(self) -> str: ...


class Outcomes(Protocol):
    """A queue of the sessions that have ended."""

    def put(self, outcome: Outcome, /) -> None: ...


def run_sessions(seeds: Sequence[str], kinds: frozenset[str], processes: int) -> Iterator[Outcome]:
    """Run a session for each seed, and yield its outcome when it ends. Raises RuntimeError if a process ends early."""
    context = multiprocessing.get_context("spawn")
    waiting, ended = context.Queue(), context.Queue()
    for seed in seeds:
        waiting.put(seed)
    running: list[BaseProcess] = [
        context.Process(target=_run_process, args=(waiting, ended, kinds)) for _ in range(min(processes, len(seeds)))
    ]
    for process in running:
        process.start()
    try:
        for _ in seeds:
            yield _next_outcome(ended, running)
    finally:
        with suppress(Empty):
            while True:
                waiting.get_nowait()
        for process in running:
            process.join()


def _next_outcome(ended: "multiprocessing.Queue[Outcome]", running: list[BaseProcess]) -> Outcome:
    while True:
        some_run = any(process.is_alive() for process in running)
        with suppress(Empty):
            return ended.get(timeout=POLL_SECONDS)
        if not some_run:
            raise RuntimeError(f"The processes ended early: {[process.exitcode for process in running]}")


def _run_process(seeds: Seeds, ended: Outcomes, kinds: frozenset[str]) -> None:
    with suppress(KeyboardInterrupt):
        asyncio.run(_run_queue(seeds, ended, kinds))


async def _run_queue(seeds: Seeds, ended: Outcomes, kinds: frozenset[str]) -> None:
    expect.set_options(timeout=EXPECT_TIMEOUT_MS)
    with tempfile.TemporaryDirectory() as folder, Site(Path(folder)) as site:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium(), args=ARGUMENTS, chromium_sandbox=False
            )
            parent = multiprocessing.parent_process()
            with suppress(Empty):
                while parent is None or parent.is_alive():
                    ended.put(await _outcome(site, browser, seeds.get_nowait(), kinds))
            await browser.close()


async def _outcome(site: Site, browser: Browser, seed: str, kinds: frozenset[str]) -> Outcome:
    """Run a session. A session that fails for another reason than lost text does not end the campaign."""
    try:
        return await run_session(site, browser, seed, kinds)
    except Exception:
        if not site.running:
            site.start()
        return Outcome(seed, error=format_exc())
