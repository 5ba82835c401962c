"""The columns of a file: which field of a task each one is, and which are ignored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

# The fields that an import sets, by their names in GraphQL. `list` is the name of a list.
FIELDS = (
    *("id", "externalId", "title", "description", "status", "priority", "createdAt", "expiresAt", "dueAt"),
    *("assignee", "labels", "metadata", "listId", "list"),
)
# An export also writes these. An import ignores them.
READ_ONLY = ("updatedAt", "version", "createdBy", "updatedBy")
# The column of a file of rejected records that says why. An import ignores it, so that the file can be imported again.
ERROR_COLUMN = "import_error"


class WrongColumns(Exception):
    """The columns do not fit. The message is shown to the user."""


@dataclass(frozen=True)
class ColumnRules:
    """What the options say of columns: names of fields by the names of columns, and columns to ignore."""

    mapped: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.mapped.values()) - set(FIELDS)):
            raise WrongColumns(f"{_quoted(unknown)} is not a field. Fields: {', '.join(FIELDS)}.")
        if both := sorted(self.mapped.keys() & self.ignored):
            raise WrongColumns(f"{_quoted(both)} is mapped and ignored. Choose one.")

    def field_of(self, column: str) -> str | None:
        """Return the field of a column, or None if the column is ignored. Raises `KeyError` for an unknown column."""
        if column in self.mapped:
            return self.mapped[column]
        if column in self.ignored or column == ERROR_COLUMN:
            return None
        name = _BY_FOLDED_NAME[_folded(column)]
        return None if name in READ_ONLY else name

    def fields_of(self, header: Sequence[str]) -> list[str | None]:
        """Return the field of each column of a header. Raises `WrongColumns`."""
        fields: list[str | None] = []
        unknown: list[str] = []
        for column in header:
            try:
                fields.append(self.field_of(column))
            except KeyError:
                unknown.append(column)
        if unknown:
            raise WrongColumns(
                f"unknown columns: {_quoted(unknown)}. Map each with --map 'COLUMN=FIELD', or leave it out with "
                f"--ignore COLUMN. Fields: {', '.join(FIELDS)}."
            )
        if missing := sorted((self.mapped.keys() | self.ignored) - set(header)):
            raise WrongColumns(f"no column has the name {_quoted(missing)}. Columns: {_quoted(header)}.")
        known = [name for name in fields if name is not None]
        if twice := sorted({name for name in known if known.count(name) > 1}):
            raise WrongColumns(f"several columns are the field {_quoted(twice)}. Leave the others out with --ignore.")
        if "title" not in known:
            raise WrongColumns(
                f"no column is the title. Map one with --map 'COLUMN=title'. Columns: {_quoted(header)}."
            )
        return fields


def _folded(column: str) -> str:
    """Return a name without case, spaces, hyphens and underscores, so that "Due at" is dueAt."""
    return "".join(column.split()).replace("_", "").replace("-", "").casefold()


_BY_FOLDED_NAME = {_folded(name): name for name in (*FIELDS, *READ_ONLY)}


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
