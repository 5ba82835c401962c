"""The base of the clients: send one request to one process, and record the operation in the history."""

from typing import Any, Self

import httpx

from tests.faults.history import Completion, History, Invocation, Kind, StartTime
from tests.faults.service_api import Response, execute


class RecordingClient:
    """A client that records its operations.

    `latest_versions` has the latest version of each id that a client has observed; a workload shares it among its
    clients. `padding` is the description that bulk creates set, to make tasks large.
    """

    def __init__(self, name: str, http: httpx.AsyncClient, urls: list[str], history: History) -> None:
        self.name = name
        self._http = http
        self._urls = urls
        self._history = history
        self._title_count = 0
        self.padding = ""
        self.latest_versions: dict[str, int] = {}

    def clone(self, name: str, padding: str) -> Self:
        """Return another client that records into the same history."""
        clone = type(self)(name, self._http, self._urls, self._history)
        clone.padding = padding
        return clone

    async def _execute(self, node: int, document: str, **variables: Any) -> Response:
        return await execute(self._http, self._urls[node], document, variables)

    def _record(
        self, start: StartTime, kind: Kind, invocation: Invocation, completion: Completion, node: int
    ) -> Completion:
        self._history.record(start, self.name, kind, invocation, completion, node)
        for task in completion.tasks:
            self.latest_versions[task.id] = max(task.version, self.latest_versions.get(task.id, 0))
        return completion

    def _unique_title(self) -> str:
        self._title_count += 1
        return f"{self.name} {self._title_count}"
