"""The results of a campaign as a Markdown table."""

from typing import Any

from tests.faults.catalog import ALL

COLUMNS = (
    *("case", "fault", "injected", "planned", "operations", "reads", "writes", "violations", "excused reads"),
    *("p99 read", "slowest read", "slowest write", "maxima"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"
LATENCIES = ("p99_read_seconds", "slowest_read_seconds", "slowest_write_seconds")


def render_table(results: list[dict[str, Any]]) -> str:
    """Return a row for each fault, with the sums and the maxima over its cases."""
    rows = []
    for fault in ALL:
        cases = [case for case in results if case["fault"] == fault.name]
        if not cases:
            empty_cells = " |" * (len(COLUMNS) - 4)
            rows.append(f"| `{fault.name}` | {fault.description} | 0 | {fault.total_injections} |{empty_cells}\n")
            continue
        totals = {name: sum(case[name] for case in cases) for name in ("injected", "operations", "reads", "writes")}
        # In a case without violations every failed read was excused.
        excused = sum(case["failed_reads"] for case in cases if not case["violations"])
        violated = sum(bool(case["violations"]) for case in cases)
        names = sorted({name for case in cases for name in case["measurements"]})
        maxima = {name: max(max(case["measurements"].get(name, [0.0])) for case in cases) for name in names}
        cells = [
            *(f"`{fault.name}`", fault.description, totals["injected"], fault.total_injections),
            *(f"{totals['operations']:,}", f"{totals['reads']:,}", f"{totals['writes']:,}", violated, excused),
            *(_format_seconds(max(case[name] for case in cases)) for name in LATENCIES),
            ", ".join(f"{name}: {value:.1f}" for name, value in maxima.items()),
        ]
        rows.append(f"| {' | '.join(map(str, cells))} |\n")
    return HEAD + "".join(rows)


def _format_seconds(seconds: float) -> str:
    """Return the time; empty if nothing was measured."""
    return f"{seconds:.2f} s" if seconds else ""
