"""What reads and writes of a client have in common: it asks one process, and writes down what it was told."""

from typing import Any, Self

import httpx

from tests.faults.answers import Said, ask
from tests.faults.history import Answer, Asked, Clock, History, Kind


class Asking:
    """Asks whichever process it is told to. `latest` is shared: the last version of each id that anybody saw."""

    def __init__(self, name: str, http: httpx.AsyncClient, urls: list[str], history: History) -> None:
        self.name = name
        self._http = http
        self._urls = urls
        self._history = history
        self._titles = 0
        # The description of its bulk creates, for tasks that take room.
        self.padding = ""
        self.latest: dict[str, int] = {}

    def twin(self, name: str, padding: str) -> Self:
        """Another client in the same history."""
        other = type(self)(name, self._http, self._urls, self._history)
        other.padding = padding
        return other

    async def _ask(self, node: int, document: str, **variables: Any) -> Said:
        return await ask(self._http, self._urls[node], document, variables)

    def _add(self, began: Clock, kind: Kind, asked: Asked, answer: Answer, node: int) -> Answer:
        self._history.add(began, self.name, kind, asked, answer, node)
        for task in answer.seen:
            self.latest[task.id] = max(task.version, self.latest.get(task.id, 0))
        return answer

    def _title(self) -> str:
        self._titles += 1
        return f"{self.name} {self._titles}"
