"""Reports of the operations that clients send to GraphQL Hive: what they use of the schema, and how they ended."""

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from sys import getsizeof
from typing import Any
from uuid import uuid4

import httpx
import structlog
from graphql import GraphQLSchema, OperationType, parse, separate_operations
from msgspec import Struct, json

from api.graphql.response import OK, OperationRecord
from api.telemetry.schema_usage import text_without_values, used_coordinates
from millitask import __version__
from schema.execution.plan import Plan

log = structlog.get_logger(__name__)

SEND_SECONDS = 10.0
RETRY_SECONDS = 4.0
TIMEOUT_SECONDS = 5.0
# The executions that wait, and the bytes of the texts of their operations: each operation counts once. A report has at
# most 15 MB, and repeats the key of an operation for each execution.
MAX_WAITING, MAX_WAITING_BYTES, MAX_ATTEMPTS = 10_000, 2**20, 3
MAX_CLIENT_CHARACTERS, MAX_KEY_CHARACTERS = 100, 64
# The headers by which clients name themselves: those of Hive and of Apollo.
_CLIENT_HEADERS = tuple(
    (f"{prefix}-name".encode(), f"{prefix}-version".encode())
    for prefix in ("graphql-client", "x-graphql-client", "apollographql-client")
)


# The hash of a document, and the name of an operation in it. The name is empty for the only operation.
OperationKey = tuple[str, str]
# The key of an operation in a report, and what the report tells of it.
Description = tuple[str, dict[str, Any]]


class Operation(Struct, frozen=True, gc=False):
    """An operation. Its text is kept instead of the plan, which takes hundreds of times the memory."""

    document_hash: str
    name: str
    text: str
    kind: OperationType

    @property
    def bytes(self) -> int:
        """The memory of the texts."""
        return getsizeof(self.text) + getsizeof(self.name)


class Executed(Struct, gc=False):
    """An operation that has ended at `ended_ms` (since 1970), with the name and the version of its client."""

    operation: Operation
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
        self._schema = schema
        self._waiting: list[Executed] = []
        # The operations of the waiting executions, and their bytes.
        self._operations: dict[OperationKey, Operation] = {}
        self._bytes = self._dropped = 0
        # The descriptions of the last report, because most of these operations are in the next one.
        self._described: dict[OperationKey, Description] = {}

    def record(self, record: OperationRecord, seconds: float, headers: Mapping[bytes, bytes]) -> None:
        """Record an operation that has ended. One without a valid plan is left out, because Hive could not parse it."""
        plan = record.plan
        if plan is None or plan.operation is None or plan.errors or random.random() >= self._sample:  # noqa: S311
            return
        operation = self._operation(plan) if len(self._waiting) < MAX_WAITING else None
        if operation is None:
            self._dropped += 1
            return
        errors = 0 if record.outcome == OK else max(1, record.errors)
        ended = Executed(operation, int(time.time() * 1000), int(seconds * 1e9), errors, _client(headers))
        self._waiting.append(ended)

    def _operation(self, plan: Plan) -> Operation | None:
        """Return the operation of a valid plan. None if it is new, and there is no room for its text."""
        key = (plan.document_hash or "", plan.name or "")
        if (known := self._operations.get(key)) is not None:
            return known
        document, kind = plan.document, plan.kind
        if document is None or document.loc is None or kind is None:
            return None
        operation = Operation(*key, document.loc.source.body, kind)
        if self._bytes + operation.bytes > MAX_WAITING_BYTES:
            return None
        self._bytes += operation.bytes
        self._operations[key] = operation
        return operation

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
        self._operations = {}
        dropped, self._dropped, self._bytes = self._dropped, 0, 0
        if waiting:
            body = await asyncio.to_thread(self._report, waiting)
            reason = await _post(http, self._url, body, attempts)
            if reason is not None:
                log.warning("Hive report failed", operations=len(waiting), reason=reason)
        if dropped:
            log.warning("operations left out of the Hive report", operations=dropped)

    def _report(self, executed: Sequence[Executed]) -> bytes:
        """Return the JSON of a report, as the API of Hive defines it in version 2."""
        found = {(each.operation.document_hash, each.operation.name): each.operation for each in executed}
        known = self._described
        described = {key: known.get(key) or self._describe(operation) for key, operation in found.items()}
        self._described = described
        requests, subscriptions = [], []
        for each in executed:
            operation = each.operation
            key, _ = described[operation.document_hash, operation.name]
            item: dict[str, Any] = {"operationMapKey": key, "timestamp": each.ended_ms}
            if each.client is not None:
                item["metadata"] = {"client": dict(zip(("name", "version"), each.client, strict=True))}
            if operation.kind is OperationType.SUBSCRIPTION:
                subscriptions.append(item)
            else:
                item["execution"] = {"ok": not each.errors, "duration": each.nanoseconds, "errorsTotal": each.errors}
                requests.append(item)
        report = {"size": len(executed), "map": dict(described.values()), "operations": requests}
        return json.encode(report | {"subscriptionOperations": subscriptions} if subscriptions else report)

    def _describe(self, operation: Operation) -> Description:
        """Return the key of an operation, and its text and use of the schema."""
        name = operation.name
        document = separate_operations(parse(operation.text))[name]
        described = {"operation": text_without_values(document), "fields": used_coordinates(self._schema, document)}
        if not name:
            return operation.document_hash, described
        named = name if len(name) <= MAX_KEY_CHARACTERS else hashlib.sha256(name.encode()).hexdigest()
        return f"{operation.document_hash}:{named}", described | {"operationName": name}


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
