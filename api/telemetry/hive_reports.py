"""Reports of the operations that clients send to GraphQL Hive: what they use of the schema, and how they ended."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any
from uuid import uuid4

import httpx
import structlog
from graphql import GraphQLSchema, OperationType, separate_operations
from msgspec import Struct, json

from api.graphql.response import OK, OperationRecord
from api.telemetry.schema_usage import text_without_values, used_coordinates
from millitask import __version__
from schema.execution.plan import Plan

log = structlog.get_logger(__name__)

SEND_SECONDS = 10.0
RETRY_SECONDS = 4.0
TIMEOUT_SECONDS = 5.0
# A report has at most 15 MB. With more operations than this, a report would be larger or its worker busy with it.
MAX_WAITING, MAX_ATTEMPTS = 10_000, 3
MAX_CLIENT_CHARACTERS = 100
# The texts and coordinates of so many operations are kept.
_MAX_OPERATIONS = 512
# The headers by which clients name themselves: those of Hive and of Apollo.
_CLIENT_HEADERS = tuple(
    (f"{prefix}-name".encode(), f"{prefix}-version".encode())
    for prefix in ("graphql-client", "x-graphql-client", "apollographql-client")
)


class Executed(Struct, gc=False):
    """An operation that has ended at `ended_ms` (since 1970), with the name and the version of its client."""

    plan: Plan
    ended_ms: int
    nanoseconds: int
    errors: int
    client: tuple[str, str] | None


class HiveReports:
    """Collects the operations of one worker and sends them in batches. Never delays a request.

    url: that of the target. sample: the share of the operations that are reported.
    """

    def __init__(self, url: str, token: str, schema: GraphQLSchema, *, sample: float = 1) -> None:
        self._url = url
        self._token = token
        self._sample = sample
        self._waiting: list[Executed] = []
        self._dropped = 0
        self._described = lru_cache(_MAX_OPERATIONS)(lambda plan: _describe(schema, plan))

    def record(self, record: OperationRecord, seconds: float, headers: Mapping[bytes, bytes]) -> None:
        """Record an operation that has ended. One without a valid plan is left out, because Hive could not parse it."""
        plan = record.plan
        if plan is None or plan.operation is None or plan.errors or random.random() >= self._sample:  # noqa: S311
            return
        if len(self._waiting) >= MAX_WAITING:
            self._dropped += 1
            return
        errors = 0 if record.outcome == OK else max(1, record.errors)
        ended = Executed(plan, int(time.time() * 1000), int(seconds * 1e9), errors, _client(headers))
        self._waiting.append(ended)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Send reports during the block, and the last one at its end."""
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, headers=self._headers()) as http:
            task = asyncio.create_task(self._send_regularly(http))
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
                await self.send(http, attempts=1)

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "User-Agent": f"millitask/{__version__}",
            "X-Usage-API-Version": "2",
        }

    async def _send_regularly(self, http: httpx.AsyncClient) -> None:
        while True:
            await asyncio.sleep(SEND_SECONDS)
            try:
                await self.send(http)
            except Exception:
                log.exception("usage report failed")

    async def send(self, http: httpx.AsyncClient, *, attempts: int = MAX_ATTEMPTS) -> None:
        """Send the operations that wait. Drop them if the receiver refuses them, or does not answer."""
        waiting, self._waiting = self._waiting, []
        dropped, self._dropped = self._dropped, 0
        if waiting:
            body = await asyncio.to_thread(self._report, waiting)
            reason = await _post(http, self._url, body, attempts)
            if reason is not None:
                log.warning("Hive report failed", operations=len(waiting), reason=reason)
        if dropped:
            log.warning("operations left out of the Hive report", operations=dropped)

    def _report(self, executed: Sequence[Executed]) -> bytes:
        """Return the JSON of a report, as the API of Hive defines it in version 2."""
        operations: dict[str, Any] = {}
        requests, subscriptions = [], []
        for each in executed:
            key, described = self._described(each.plan)
            operations[key] = described
            item: dict[str, Any] = {"operationMapKey": key, "timestamp": each.ended_ms}
            if each.client is not None:
                item["metadata"] = {"client": dict(zip(("name", "version"), each.client, strict=True))}
            if each.plan.kind is OperationType.SUBSCRIPTION:
                subscriptions.append(item)
            else:
                item["execution"] = {"ok": not each.errors, "duration": each.nanoseconds, "errorsTotal": each.errors}
                requests.append(item)
        report = {"size": len(executed), "map": operations, "operations": requests}
        return json.encode(report | {"subscriptionOperations": subscriptions} if subscriptions else report)


def _describe(schema: GraphQLSchema, plan: Plan) -> tuple[str, dict[str, Any]]:
    """Return the key of an operation, and its text and use of the schema."""
    assert plan.document is not None
    name = plan.name or ""
    document = separate_operations(plan.document)[name]
    described = {"operation": text_without_values(document), "fields": used_coordinates(schema, document)}
    key = f"{plan.document_hash}:{name}" if name else str(plan.document_hash)
    return key, described | {"operationName": name} if name else described


def _client(headers: Mapping[bytes, bytes]) -> tuple[str, str] | None:
    """Return the name and the version by which a client identifies itself."""
    for name, version in _CLIENT_HEADERS:
        if name in headers:
            return _shortened(headers[name]), _shortened(headers.get(version, b""))
    return None


def _shortened(value: bytes) -> str:
    return value.decode("latin-1")[:MAX_CLIENT_CHARACTERS]


async def _post(http: httpx.AsyncClient, url: str, body: bytes, attempts: int) -> str | None:
    """Send a report. Return why the receiver has not taken it, or None."""
    reason = ""
    for attempt in range(attempts):
        if attempt:
            await asyncio.sleep(RETRY_SECONDS * attempt * random.random())  # noqa: S311 - spreads the load
        try:
            response = await http.post(url, content=body, headers={"X-Request-Id": str(uuid4())})
        except httpx.HTTPError as error:
            reason = type(error).__name__
            continue
        if response.is_success:
            return None
        reason = f"status {response.status_code}"
        if response.status_code < 500 and response.status_code != 429:
            break
    return reason
