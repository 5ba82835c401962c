"""The reads of a client: tasks by id, pages in every order, searches and filters."""

from dataclasses import replace
from typing import Any

from tests.faults import service_api
from tests.faults.history import Completion, Invocation, Kind, ObservedTask, Order, Outcome, StartTime
from tests.faults.recording_client import RecordingClient
from tests.faults.service_api import Response
from tests.faults.views import ASSIGNEES, STATUSES, View, where_of

_FORWARD = ("hasNextPage", "endCursor", "after")
_BACKWARD = ("hasPreviousPage", "startCursor", "before")


class ReadClient(RecordingClient):
    """A client that reads. A walk is recorded as one operation, in addition to each of its pages."""

    async def task(self, node: int, id_: str) -> Completion:
        """Read one task by id."""
        start = StartTime()
        response = await self._execute(node, service_api.TASK, id=id_)
        return self._record(start, "task", Invocation((id_,)), service_api.parse_lookup(response, [id_]), node)

    async def nodes(self, node: int, ids: list[str]) -> Completion:
        """Read many tasks by id."""
        start = StartTime()
        response = await self._execute(node, service_api.NODES, ids=ids)
        completion = service_api.parse_lookup(response, ids)
        return self._record(start, "nodes", Invocation(tuple(ids)), completion, node)

    async def page(self, node: int, view: View, order: Order = "NEWEST", **arguments: Any) -> dict[str, Any] | None:
        """Read one page. Return the page as the service returned it; None if the read failed."""
        start = StartTime()
        response = await self._execute(node, service_api.PAGE, where=where_of(view), order=order, **arguments)
        page: dict[str, Any] | None = response.data and response.data["tasks"]
        assert not page or len(page["nodes"]) <= arguments.get("first", arguments.get("last", 0)), (arguments, page)
        from_position = {"after", "before", "page"} & arguments.keys()
        whole_view = bool(page) and not from_position and _is_only_page(page)
        from_start = "first" in arguments and not from_position
        invocation = Invocation(view=view, whole_view=whole_view, from_start=from_start, order=order)
        self._record(start, "page", invocation, service_api.parse_page(response), node)
        return page

    async def page_and_counts(self, node: int, view: View, size: int) -> None:
        """Read the first page of a base view and the counts of them all in one request, each an operation."""
        start = StartTime()
        response = await self._execute(node, service_api.PAGE_AND_COUNTS, **where_of(view), first=size)
        counts = service_api.parse_counts(response) if response.data else {}
        self._record_page_and_counts(start, node, view, response, counts)

    async def page_and_facets(self, node: int, view: View, size: int, order: Order = "NEWEST") -> None:
        """Read the first page of a view and facets in one request, and record each count as an operation."""
        values = {"status": STATUSES[0], "assignee": ASSIGNEES[0]} | where_of(view)
        status, assignee = values["status"], values["assignee"]
        start = StartTime()
        arguments = {"where": where_of(view), "order": order, "status": status, "assignee": assignee, "first": size}
        response = await self._execute(node, service_api.PAGE_AND_FACETS, **arguments)
        counts = service_api.parse_facets(response, status, assignee) if response.data else {}
        self._record_page_and_counts(start, node, view, response, counts, order)

    def _record_page_and_counts(
        self,
        start: StartTime,
        node: int,
        view: View,
        response: Response,
        counts: dict[View, Completion],
        order: Order = "NEWEST",
    ) -> None:
        page = response.data and response.data["tasks"]
        invocation = Invocation(view=view, whole_view=_is_only_page(page), from_start=True, order=order)
        self._record(start, "page", invocation, service_api.parse_page(response), node)
        for counted_view, completion in counts.items():
            self._record(start, "counts", Invocation(view=counted_view), completion, node)

    async def walk(
        self, node: int, view: View, size: int, order: Order = "NEWEST", *, backward: bool = False
    ) -> Completion | None:
        """Read all pages of a view, one after the other. Return None if one of them failed."""
        start, walked = StartTime(), list[ObservedTask]()
        arguments: dict[str, Any] = {"last" if backward else "first": size}
        has_more, cursor_field, argument = _BACKWARD if backward else _FORWARD
        while True:
            page = await self.page(node, view, order, **arguments)
            if page is None:
                return None
            tasks = list(map(service_api.parse_task, page["nodes"]))
            walked = tasks + walked if backward else walked + tasks
            info = page["pageInfo"]
            if not info[has_more] or info[cursor_field] is None:
                break
            arguments = arguments | {argument: info[cursor_field]}
        # An empty page with more pages after it has no cursor: the walk ends there, and has not read the whole view.
        invocation = Invocation(view=view, whole_view=not info[has_more], order=order)
        return self._record(start, "walk", invocation, Completion(tasks=tuple(walked)), node)

    async def search(self, node: int, prefix: str) -> Completion:
        """Search for the tasks whose title has a word with this prefix."""
        invocation = Invocation(prefixes=(prefix,))
        return await self._find(node, "search", service_api.SEARCH, invocation, query=prefix)

    async def filter(self, node: int, view: View, *, expiring: bool = False) -> Completion:
        """Filter the tasks by a base view, and with `expiring` by the presence of an expiry."""
        criteria: dict[str, Any] = where_of(view) | (
            {"expiresAt": {"from": "2001-01-01T00:00:00Z"}} if expiring else {}
        )
        invocation = Invocation(view=view, order="EXPIRING_SOON" if expiring else "NEWEST")
        return await self._find(node, "filter", service_api.FILTER, invocation, filter=criteria)

    async def _find(self, node: int, kind: Kind, document: str, invocation: Invocation, **variables: Any) -> Completion:
        start = StartTime()
        response = await self._execute(node, document, **variables)
        completion = service_api.parse_page(response)
        if completion.outcome is Outcome.OK:
            [page] = response.data.values()
            invocation = replace(invocation, whole_view=_is_only_page(page))
        return self._record(start, kind, invocation, completion, node)


def _is_only_page(page: dict[str, Any] | None) -> bool:
    """Return whether no page precedes or follows this one."""
    return page is not None and not page["pageInfo"]["hasNextPage"] and not page["pageInfo"]["hasPreviousPage"]
