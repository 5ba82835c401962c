"""One client: does an operation, waits for its answer, and writes both into the history."""

import time
from collections.abc import Mapping
from math import inf
from typing import Any, Literal

from tests.faults import answers
from tests.faults.history import Answer, Asked, Clock, Outcome
from tests.faults.reads import Reads


class Client(Reads):
    """Reads, and writes one task or many. Of an unclear create it makes sure, of other writes nobody can."""

    async def create(self, node: int, id_: str, status: str, lasts: float | None = None) -> Answer:
        """With an id of its own; until it is clear what became of it, again and again, wherever."""
        expires_at, title = _ends(lasts), self._title()
        fields = {"id": id_, "title": title, "status": status, **_expiry(expires_at)}
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
        expires_at, title = _ends(lasts), self._title()
        fields = {"title": title, "description": self.padding, "status": status, **_expiry(expires_at)}
        began = Clock()
        said = await self._ask(node, answers.MANY["create"], input={"tasks": [{"id": id_} | fields for id_ in ids]})
        asked = Asked(tuple(ids), title, status, expires_at)
        return self._add(began, "create_many", asked, answers.many_written(said, ids), node)

    async def update(
        self, node: int, id_: str, expected: int | None, status: str | None, lasts: float | None
    ) -> Answer:
        """Always with a title that nobody else writes. For ever, if it is to last infinitely."""
        expires_at, title = _ends(lasts), self._title()
        fields: dict[str, Any] = {"id": id_, "title": title, "expectedVersion": expected, **_expiry(expires_at)}
        fields |= {"status": status} if status else {}
        began = Clock()
        said = await self._ask(node, answers.UPDATE, input=fields)
        asked = Asked((id_,), title, status, expires_at, expected)
        return self._add(began, "update", asked, answers.written(said, id_), node)

    async def finish(self, node: int, id_: str, expected: int, kind: Literal["complete", "reopen"]) -> Answer:
        """Done, or to be done once more; of one version, since the answer does not say whether it made another."""
        document, status = (answers.COMPLETE, "DONE") if kind == "complete" else (answers.REOPEN, "TODO")
        began = Clock()
        said = await self._ask(node, document, input={"id": id_, "expectedVersion": expected})
        asked = Asked((id_,), status=status, expected=expected)
        return self._add(began, kind, asked, answers.written(said, id_), node)

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

    async def update_many(
        self, node: int, expected: Mapping[str, int], status: str, lasts: float | None, *, all_or_none: bool
    ) -> dict[str, Answer]:
        """Each of one version, all with one title, which nobody else writes."""
        expires_at, title = _ends(lasts), self._title()
        fields = {"title": title, "status": status, **_expiry(expires_at)}
        items = [{"id": id_, "expectedVersion": version} | fields for id_, version in expected.items()]
        asked = Asked(title=title, status=status, expires_at=expires_at, batch=title if all_or_none else "")
        return await self._many(node, "update", items, asked, all_or_none=all_or_none)

    async def delete_many(self, node: int, expected: Mapping[str, int], *, all_or_none: bool) -> dict[str, Answer]:
        """Each of one version."""
        items = [{"id": id_, "expectedVersion": version} for id_, version in expected.items()]
        return await self._many(node, "delete", items, Asked(), all_or_none=all_or_none)

    async def restore_many(self, node: int, ids: list[str]) -> dict[str, Answer]:
        """Those of the tasks that are deleted."""
        return await self._many(node, "restore", [{"id": id_} for id_ in ids], Asked(), all_or_none=False)

    async def _many(
        self,
        node: int,
        verb: Literal["update", "delete", "restore"],
        items: list[dict[str, Any]],
        asked: Asked,
        *,
        all_or_none: bool,
    ) -> dict[str, Answer]:
        """One request, in the history a write of each task, all at the same time."""
        began, policy = Clock(), "REJECT_ALL" if all_or_none else "SKIP_INVALID"
        said = await self._ask(node, answers.MANY[verb], input={"tasks": items, "errorPolicy": policy})
        versions: dict[str, int | None] = {item["id"]: item.get("expectedVersion") for item in items}
        gone_at = {id_: version and version + 1 for id_, version in versions.items()}
        found = answers.each_written(said, gone_at, all_or_none=all_or_none)
        for id_, answer in found.items():
            one = Asked((id_,), asked.title, asked.status, asked.expires_at, versions[id_], batch=asked.batch)
            self._add(began, verb, one, answer, node)
        return found


def _ends(lasts: float | None) -> float | None:
    return None if lasts is None else time.time() + lasts


def _expiry(expires_at: float | None) -> dict[str, str | None]:
    """The field as it is sent; not at all if nothing is said of it, null for a task that does not expire."""
    if expires_at is None:
        return {}
    return {"expiresAt": None if expires_at == inf else answers.iso(expires_at)}
