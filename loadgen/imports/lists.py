"""Task lists by their names, for records that name a list."""

from hashlib import blake2b

from loadgen.ids import task_id
from loadgen.imports.values import WrongValue


class ListNames:
    """The lists of the workspace by name. With `creates`, an unknown name becomes a new list.

    `pending` holds the id and the name of each list that is still to be created. The id depends only on the name, so
    that a second run creates no list twice.
    """

    def __init__(self, *, creates: bool, known: bool = True) -> None:
        """known: whether the lists of the service are known. A dry run accepts every name."""
        self._creates = creates
        self._known = known
        self._ids: dict[str, str | None] = {}
        self.pending: list[tuple[str, str]] = []

    def add(self, id_: str, name: str) -> None:
        """Add a list of the service, perhaps once more. A name that two lists have belongs to neither."""
        self._ids[name] = id_ if self._ids.get(name, id_) == id_ else None

    def id_of(self, name: str) -> str | None:
        """Return the id of the list with a name; None in a dry run. Raises `WrongValue`."""
        if not self._known:
            return None
        if name in self._ids:
            if (id_ := self._ids[name]) is None:
                raise WrongValue("is the name of several lists. Use the column listId")
            return id_
        if not self._creates:
            raise WrongValue("is not the name of a list. Create it, or use --create-lists")
        id_ = self._ids[name] = task_id(0, blake2b(name.encode(errors="replace"), digest_size=10).digest())
        self.pending.append((id_, name))
        return id_
