"""The download of an export: to a file that has its name only once it is complete, or to stdout."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, cast

import httpx

from loadgen.errors import LoadError, RequestRejected, ServiceUnavailable, ServiceUnreachable
from loadgen.load import outcome_of, stopped_by_signals
from loadgen.responses import response_data
from loadgen.retries import RetryPolicy
from loadgen.summary import Outcome

_LINE_SECONDS, _TERMINAL_SECONDS = 5.0, 0.25


@dataclass(frozen=True)
class ExportPlan:
    """The options of an export. `url` is the GraphQL endpoint. Times are in seconds.

    view: the values that the tasks must have, by the parameter of /export. file: None for stdout.
    """

    url: str
    file: Path | None
    format: str
    view: Mapping[str, str]
    timeout: float
    max_wait: float
    token: str | None = field(default=None, repr=False)


async def export_tasks(plan: ExportPlan) -> int:
    """Write the tasks to the file. Return the exit code."""
    work = asyncio.create_task(_export(plan))
    with stopped_by_signals(work):
        await asyncio.wait({work})
    outcome, message = outcome_of(work)
    if outcome is Outcome.FAILED:
        sys.stderr.write(f"error: {message}\n")
    return {Outcome.COMPLETE: 0, Outcome.INTERRUPTED: 130, Outcome.FAILED: 1}[outcome]


async def _export(plan: ExportPlan) -> None:
    retries = RetryPolicy(plan.max_wait, lambda reason: _show(f"retry: {reason}"))
    authorization = {} if plan.token is None else {"authorization": f"Bearer {plan.token}"}
    async with httpx.AsyncClient(headers=authorization, timeout=plan.timeout, trust_env=False) as http:
        response = await retries.call(lambda: _start(http, plan))
        try:
            with _output(plan.file) as output:
                await _receive(response, output)
        finally:
            await response.aclose()


async def _start(http: httpx.AsyncClient, plan: ExportPlan) -> httpx.Response:
    """Return the response once its body begins. Raises `ServiceUnavailable` if a retry may succeed."""
    url = httpx.URL(plan.url)
    path = url.path.removesuffix("/").removesuffix("/graphql") + "/export"
    target = url.copy_with(path=path, params={"format": plan.format, **plan.view})
    try:
        response = await http.send(http.build_request("GET", target), stream=True)
        if response.status_code == HTTPStatus.OK and "content-disposition" in response.headers:
            return response
        body = await response.aread()
    except httpx.ConnectError as error:
        raise ServiceUnreachable(f"cannot connect to {target}: {error}. Is the service running?") from error
    except httpx.RequestError as error:
        raise ServiceUnavailable(f"no response: {error or type(error).__name__}") from error
    await response.aclose()
    response_data(response.status_code, response.headers, body)
    raise RequestRejected(f"{target} is not the export of Millitask")


async def _receive(response: httpx.Response, output: BinaryIO) -> None:
    received, shown = 0, time.monotonic()
    try:
        async for part in _parts(response):
            output.write(part)
            received += len(part)
            if time.monotonic() - shown >= (_TERMINAL_SECONDS if sys.stderr.isatty() else _LINE_SECONDS):
                shown = time.monotonic()
                _show(f"{received / 2**20:,.1f} MiB")
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise LoadError(f"the export was cut off after {received:,} bytes and is not complete: {reason}") from error
    output.flush()
    _show(f"{received / 2**20:,.1f} MiB, complete\n")


async def _parts(response: httpx.Response) -> AsyncIterator[bytes]:
    async for part in response.aiter_bytes(256 * 1024):
        yield part


@contextmanager
def _output(file: Path | None) -> Iterator[BinaryIO]:
    """Open the output. A file gets its name only if the block succeeds; before, its name ends with .part."""
    if file is None:
        yield cast("BinaryIO", sys.stdout.buffer)
        return
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with unfinished.open("wb") as output:
            yield output
        unfinished.replace(file)
    except OSError as error:
        raise LoadError(f"cannot write {file}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _show(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{line}" if sys.stderr.isatty() else f"{line.rstrip()}\n")
    sys.stderr.flush()
