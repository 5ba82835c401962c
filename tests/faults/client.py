"""One client: does an operation, waits for its answer, and writes both into the history."""

import time
from typing import Any

import httpx

from tests.faults import answers
from tests.faults.answers import Said, ask
from tests.faults.history import Answer, Asked, Clock, History, Kind, Outcome, Seen


class Client:
    """Asks whichever process it is told to. `latest` is shared: the last version of each id that anybody saw."""

    def __init__(self, name: str, http: httpx.AsyncClient, urls: list[str], history: History) -> None:
        self.name = name
        self._http = http
        self._urls = urls
        self._history = history
        self._titles = 0
        self.latest: dict[str, int] = {}

    async def task(self, node: int, id_: str) -> Answer:
        """By id."""
        began = Clock()
        said = await self._ask(node, answers.TASK, id=id_)
        return self._add(began, "task", Asked((id_,)), answers.look_up(said, [id_]), node)

    async def nodes(self, node: int, ids: list[str]) -> Answer:
        """Many by id."""
        began = Clock()
        said = await self._ask(node, answers.NODES, ids=ids)
        return self._add(began, "nodes", Asked(tuple(ids)), answers.look_up(said, ids), node)

    async def page(self, node: int, view: str | None, **part: Any) -> dict[str, Any] | None:
        """Any page. Returns what the service said of it, if it did."""
        began = Clock()
        said = await self._ask(node, answers.PAGE, status=view, **part)
        found: dict[str, Any] | None = said.data and said.data["tasks"]
        cursors = {"after", "before", "page"} & part.keys()
        info = found["pageInfo"] if found else {}
        whole = bool(info) and not cursors and not info["hasNextPage"] and not info["hasPreviousPage"]
        self._add(began, "page", Asked(status=view, whole=whole), answers.page(said), node)
        return found

    async def walk(self, node: int, view: str | None, size: int, *, backward: bool = False) -> Answer | None:
        """Every page of a view, one after the other. None if one of them was not answered."""
        began, seen = Clock(), list[Seen]()
        part: dict[str, Any] = {"last" if backward else "first": size}
        more, end, cursor = ("hasPreviousPage", "startCursor", "before") if backward else _FORWARD
        while True:
            found = await self.page(node, view, **part)
            if found is None:
                return None
            seen += map(answers.seen, found["nodes"])
            info = found["pageInfo"]
            if not info[more] or info[end] is None:
                break
            part = part | {cursor: info[end]}
        # A page that is empty while there is more leads nowhere, and says nothing of the rest.
        asked = Asked(status=view, whole=not info[more])
        return self._add(began, "walk", asked, Answer(seen=tuple(seen)), node)

    async def create(self, node: int, id_: str, status: str, lasts: float | None = None) -> Answer:
        """With an id of its own; until it is clear what became of it, again and again, wherever."""
        expires_at = None if lasts is None else time.time() + lasts
        title = self._title()
        fields = {"id": id_, "title": title, "status": status, "expiresAt": expires_at and answers.iso(expires_at)}
        asked = Asked((id_,), title, status, expires_at)
        for attempt in range(20):
            began, at = Clock(), (node + attempt) % len(self._urls)
            said = await self._ask(at, answers.CREATE, input=fields)
            answer = self._add(began, "create", asked, answers.written(said, id_), at)
            if answer.outcome is not Outcome.UNKNOWN:
                break
        return answer

    async def create_many(self, node: int, ids: list[str], status: str, lasts: float | None) -> Answer:
        """At once. Not tried again: the ids are never used again if it is unclear."""
        expires_at = None if lasts is None else time.time() + lasts
        title = self._title()
        fields = {"title": title, "status": status, "expiresAt": expires_at and answers.iso(expires_at)}
        began = Clock()
        said = await self._ask(node, answers.CREATE_MANY, input={"tasks": [{"id": id_} | fields for id_ in ids]})
        asked = Asked(tuple(ids), title, status, expires_at)
        return self._add(began, "create_many", asked, answers.many_written(said, ids), node)

    async def update(
        self, node: int, id_: str, expected: int | None, status: str | None, lasts: float | None
    ) -> Answer:
        """Always with a title that nobody else writes."""
        expires_at = None if lasts is None else time.time() + lasts
        fields: dict[str, Any] = {"id": id_, "title": self._title(), "expectedVersion": expected}
        fields |= {"status": status} if status else {}
        fields |= {"expiresAt": answers.iso(expires_at)} if expires_at else {}
        began = Clock()
        said = await self._ask(node, answers.UPDATE, input=fields)
        asked = Asked((id_,), fields["title"], status, expires_at, expected)
        return self._add(began, "update", asked, answers.written(said, id_), node)

    async def delete(self, node: int, id_: str, expected: int) -> Answer:
        """Always of one version, since the answer does not say which version it made."""
        began = Clock()
        said = await self._ask(node, answers.DELETE, input={"id": id_, "expectedVersion": expected})
        asked = Asked((id_,), expected=expected)
        return self._add(began, "delete", asked, answers.written(said, id_, expected + 1), node)

    async def restore(self, node: int, id_: str) -> Answer:
        """Of a task that may or may not be deleted."""
        began = Clock()
        said = await self._ask(node, answers.RESTORE, input={"id": id_})
        return self._add(began, "restore", Asked((id_,)), answers.written(said, id_), node)

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


_FORWARD = ("hasNextPage", "endCursor", "after")
