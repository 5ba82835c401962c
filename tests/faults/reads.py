"""What a client reads: tasks by id, pages in every order, and what matches."""

from typing import Any

from tests.faults import answers
from tests.faults.asking import Asking
from tests.faults.history import Answer, Asked, Clock, Kind, Order, Outcome, Seen

_FORWARD = ("hasNextPage", "endCursor", "after")


class Reads(Asking):
    """Each read is an operation of the history, and so is a walk as a whole."""

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

    async def page(self, node: int, view: str | None, order: Order = "NEWEST", **part: Any) -> dict[str, Any] | None:
        """Any page. Returns what the service said of it, if it did."""
        began = Clock()
        said = await self._ask(node, answers.PAGE, status=view, order=order, **part)
        found: dict[str, Any] | None = said.data and said.data["tasks"]
        assert not found or len(found["nodes"]) <= part.get("first", part.get("last", 0)), (part, found)
        cursors = {"after", "before", "page"} & part.keys()
        whole = bool(found) and not cursors and _ends(found)
        self._add(began, "page", Asked(status=view, whole=whole, order=order), answers.page(said), node)
        return found

    async def walk(
        self, node: int, view: str | None, size: int, order: Order = "NEWEST", *, backward: bool = False
    ) -> Answer | None:
        """Every page of a view, one after the other. None if one of them was not answered."""
        began, seen = Clock(), list[Seen]()
        part: dict[str, Any] = {"last" if backward else "first": size}
        more, end, cursor = ("hasPreviousPage", "startCursor", "before") if backward else _FORWARD
        while True:
            found = await self.page(node, view, order, **part)
            if found is None:
                return None
            tasks = list(map(answers.seen, found["nodes"]))
            seen = tasks + seen if backward else seen + tasks
            info = found["pageInfo"]
            if not info[more] or info[end] is None:
                break
            part = part | {cursor: info[end]}
        # A page that is empty while there is more leads nowhere, and says nothing of the rest.
        asked = Asked(status=view, whole=not info[more], order=order)
        return self._add(began, "walk", asked, Answer(seen=tuple(seen)), node)

    async def search(self, node: int, word: str) -> Answer:
        """The tasks with a word in their title that begins so."""
        return await self._match(node, "search", answers.SEARCH, Asked(words=(word,)), query=word)

    async def filter(self, node: int, view: str | None, *, expiring: bool = False) -> Answer:
        """The tasks of a view, or those of them that expire."""
        wanted: dict[str, Any] = {"status": view} | (
            {"expiresAt": {"from": "2001-01-01T00:00:00Z"}} if expiring else {}
        )
        asked = Asked(status=view, order="EXPIRING_SOON" if expiring else "NEWEST")
        return await self._match(node, "filter", answers.FILTER, asked, filter=wanted)

    async def _match(self, node: int, kind: Kind, document: str, asked: Asked, **variables: Any) -> Answer:
        began = Clock()
        said = await self._ask(node, document, **variables)
        answer = answers.page(said)
        if answer.outcome is Outcome.DONE:
            [found] = said.data.values()
            asked = Asked(status=asked.status, order=asked.order, words=asked.words, whole=_ends(found))
        return self._add(began, kind, asked, answer, node)


def _ends(found: dict[str, Any] | None) -> bool:
    """Whether nothing lies before or behind a page."""
    return found is not None and not found["pageInfo"]["hasNextPage"] and not found["pageInfo"]["hasPreviousPage"]
