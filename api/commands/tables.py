"""Tables of text on stdout."""

import sys
from collections.abc import Sequence
from datetime import datetime


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns that are as wide as their longest cell, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


def time_cell(time: datetime | None) -> str:
    """Return a time to a second, in UTC; a hyphen for None."""
    return "-" if time is None else time.strftime("%Y-%m-%dT%H:%M:%SZ")
