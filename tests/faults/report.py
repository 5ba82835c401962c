"""The table of a campaign, in Markdown."""

from typing import Any

from tests.faults.table import ALL

COLUMNS = (
    *("case", "fault", "injected", "of", "operations", "reads", "writes", "violations", "reads excused"),
    *("p99 of reads", "slowest read", "slowest write", "the most of each case"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"


def table(cases: list[dict[str, Any]]) -> str:
    """A row for each fault: the sums and the slowest over its cases."""
    rows = []
    for fault in ALL:
        its = [case for case in cases if case["fault"] == fault.name]
        if not its:
            rows.append(f"| `{fault.name}` | {fault.row} | 0 | {fault.long} | | | | | | | | | |\n")
            continue
        total = {name: sum(case[name] for case in its) for name in ("injected", "operations", "reads", "writes")}
        # What failed and was not excused is a violation.
        excused = sum(case["failed_reads"] for case in its if not case["violations"])
        wrong = sum(bool(case["violations"]) for case in its)
        names = sorted({name for case in its for name in case["measured"]})
        slowest = {name: max(max(case["measured"].get(name, [0.0])) for case in its) for name in names}
        cells = [
            *(f"`{fault.name}`", fault.row, total["injected"], fault.long, f"{total['operations']:,}"),
            *(f"{total['reads']:,}", f"{total['writes']:,}", wrong, excused),
            *(_seconds(max(case[name] for case in its)) for name in ("p99_read", "slowest_read", "slowest_write")),
            ", ".join(f"{name}: {most:.1f}" for name, most in slowest.items()),
        ]
        rows.append(f"| {' | '.join(map(str, cells))} |\n")
    return HEAD + "".join(rows)


def _seconds(most: float) -> str:
    """Nothing, if nothing was timed."""
    return f"{most:.2f} s" if most else ""
