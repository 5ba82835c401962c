"""Rows of usage for the minute, the hour and the day of a moment."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from db.usage import HOURLY, Amounts, Cell, Kind, Resolution, is_of_worker


class Rows:
    """Rows of usage that were counted until a moment. Amounts of the same row are added."""

    def __init__(self, now: datetime) -> None:
        minute = now.replace(second=0, microsecond=0)
        hour = minute.replace(minute=0)
        starts: Mapping[Resolution, datetime] = {"minute": minute, "hour": hour, "day": hour.replace(hour=0)}
        self._starts = list(starts.items())
        self.by_cell: dict[Cell, Amounts] = {}

    def __len__(self) -> int:
        return len(self.by_cell)

    def __iter__(self) -> Iterator[tuple[Cell, Amounts]]:
        return iter(self.by_cell.items())

    def add(self, workspace: str, kind: Kind, key: str, amounts: Amounts) -> None:
        """Add amounts for the minute, if the kind is stored for minutes, and for the hour and the day.

        The size of one worker is added for the minute only.
        """
        starts = self._starts[1:] if kind in HOURLY else self._starts
        for resolution, starts_at in starts[:1] if kind == "gauge" and is_of_worker(key) else starts:
            add_to(self.by_cell, Cell(workspace, resolution, kind, starts_at, key), amounts)


def add_to(rows: dict[Cell, Amounts], cell: Cell, amounts: Amounts) -> None:
    """Add amounts to a row. Creates the row if it is missing."""
    row = rows.get(cell)
    if row is None:
        row = rows[cell] = Amounts()
    row.add(amounts, cell.kind)
