"""A client of the workload: it writes as well as reads, one operation at a time."""

import time
from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import Any, Literal

from tests.faults import service_api
from tests.faults.history import Completion, Invocation, Outcome, StartTime
from tests.faults.read_client import ReadClient
from tests.faults.views import Values

MAX_CREATE_ATTEMPTS = 20


class Client(ReadClient):
    """A client that reads, and writes one task or many. It retries only creates, which are idempotent.

    Every create and update sets a title that no other write sets, so that an observed title tells which took effect.
    """

    async def create(self, node: int, id_: str, values: Values, expires_in_seconds: float | None = None) -> Completion:
        """Create a task with this id. Retry at the next process until the outcome is known."""
        expires_at, title = _expiry_time(expires_in_seconds), self._unique_title()
        fields = {"id": id_, "title": title, **values.fields(), **_expiry_field(expires_at)}
        invocation = Invocation((id_,), title, values, expires_at)
        for attempt in range(MAX_CREATE_ATTEMPTS):
            start, current_node = StartTime(), (node + attempt) % len(self._urls)
            response = await self._execute(current_node, service_api.CREATE, input=fields)
            completion = service_api.parse_write(response, id_)
            self._record(start, "create", invocation, completion, current_node)
            if completion.outcome is not Outcome.UNKNOWN:
                break
        return completion

    async def create_lists(self, node: int) -> None:
        """Create the lists of the workload, unless they exist. A failure raises `AssertionError`."""
        response = await self._execute(node, service_api.CREATE_LISTS)
        assert response.data, response.failure

    async def create_many(
        self, node: int, ids: list[str], values: Values, expires_in_seconds: float | None
    ) -> Completion:
        """Create many tasks in one request. Not retried: after an unknown outcome the ids are not used again."""
        expires_at, title = _expiry_time(expires_in_seconds), self._unique_title()
        fields = {"title": title, "description": self.padding, **values.fields(), **_expiry_field(expires_at)}
        tasks = [{"id": id_, **fields} for id_ in ids]
        start = StartTime()
        response = await self._execute(node, service_api.BULK["create"], input={"tasks": tasks})
        invocation = Invocation(tuple(ids), title, values, expires_at)
        completion = service_api.parse_bulk_create(response, ids)
        return self._record(start, "create_many", invocation, completion, node)

    async def update(
        self, node: int, id_: str, expected_version: int | None, values: Values, expires_in_seconds: float | None
    ) -> Completion:
        """Update a task. An infinite `expires_in_seconds` removes its expiry."""
        expires_at, title = _expiry_time(expires_in_seconds), self._unique_title()
        fields: dict[str, Any] = {"id": id_, "title": title, "expectedVersion": expected_version}
        fields |= values.fields() | _expiry_field(expires_at)
        start = StartTime()
        response = await self._execute(node, service_api.UPDATE, input=fields)
        invocation = Invocation((id_,), title, values, expires_at, expected_version)
        return self._record(start, "update", invocation, service_api.parse_write(response, id_), node)

    async def finish(
        self, node: int, id_: str, expected_version: int, kind: Literal["complete", "reopen"]
    ) -> Completion:
        """Complete or reopen a task. The version is required: without it the response does not tell the effect."""
        document, status = (service_api.COMPLETE, "DONE") if kind == "complete" else (service_api.REOPEN, "TODO")
        start = StartTime()
        response = await self._execute(node, document, input={"id": id_, "expectedVersion": expected_version})
        invocation = Invocation((id_,), values=Values(status), expected_version=expected_version)
        return self._record(start, kind, invocation, service_api.parse_write(response, id_), node)

    async def delete(self, node: int, id_: str, expected_version: int) -> Completion:
        """Delete a task. The version is required: the response does not contain the new one."""
        start = StartTime()
        fields = {"id": id_, "expectedVersion": expected_version}
        response = await self._execute(node, service_api.DELETE, input=fields)
        invocation = Invocation((id_,), expected_version=expected_version)
        completion = service_api.parse_write(response, id_, expected_version + 1)
        return self._record(start, "delete", invocation, completion, node)

    async def restore(self, node: int, id_: str) -> Completion:
        """Restore a task, which may or may not be deleted."""
        start = StartTime()
        response = await self._execute(node, service_api.RESTORE, input={"id": id_})
        return self._record(start, "restore", Invocation((id_,)), service_api.parse_write(response, id_), node)

    async def update_many(
        self,
        node: int,
        expected_versions: Mapping[str, int],
        values: Values,
        expires_in_seconds: float | None,
        *,
        all_or_none: bool,
    ) -> dict[str, Completion]:
        """Update many tasks in one request, all to the same unique title."""
        expires_at, title = _expiry_time(expires_in_seconds), self._unique_title()
        fields = {"title": title, **values.fields(), **_expiry_field(expires_at)}
        items = [{"id": id_, "expectedVersion": version} | fields for id_, version in expected_versions.items()]
        batch = title if all_or_none else ""
        invocation = Invocation(title=title, values=values, expires_at=expires_at, batch=batch)
        return await self._write_many(node, "update", items, invocation, all_or_none=all_or_none)

    async def delete_many(
        self, node: int, expected_versions: Mapping[str, int], *, all_or_none: bool
    ) -> dict[str, Completion]:
        """Delete many tasks in one request."""
        items = [{"id": id_, "expectedVersion": version} for id_, version in expected_versions.items()]
        return await self._write_many(node, "delete", items, Invocation(), all_or_none=all_or_none)

    async def restore_many(self, node: int, ids: list[str]) -> dict[str, Completion]:
        """Restore the deleted tasks among these ids in one request."""
        return await self._write_many(node, "restore", [{"id": id_} for id_ in ids], Invocation(), all_or_none=False)

    async def _write_many(
        self,
        node: int,
        kind: Literal["update", "delete", "restore"],
        items: list[dict[str, Any]],
        invocation: Invocation,
        *,
        all_or_none: bool,
    ) -> dict[str, Completion]:
        """Send one request, and record a concurrent write of each task."""
        start, policy = StartTime(), "REJECT_ALL" if all_or_none else "SKIP_INVALID"
        response = await self._execute(node, service_api.BULK[kind], input={"tasks": items, "errorPolicy": policy})
        versions: dict[str, int | None] = {item["id"]: item.get("expectedVersion") for item in items}
        deleted_versions = {id_: version and version + 1 for id_, version in versions.items()}
        completions = service_api.parse_bulk_write(response, deleted_versions, all_or_none=all_or_none)
        for id_, completion in completions.items():
            of_task = replace(invocation, ids=(id_,), expected_version=versions[id_])
            self._record(start, kind, of_task, completion, node)
        return completions


def _expiry_time(expires_in_seconds: float | None) -> float | None:
    return None if expires_in_seconds is None else time.time() + expires_in_seconds


def _expiry_field(expires_at: float | None) -> dict[str, str | None]:
    """Return the input field: absent if the expiry is not to change, null if it is to be removed."""
    if expires_at is None:
        return {}
    return {"expiresAt": None if expires_at == inf else service_api.to_iso(expires_at)}
