"""The rows that read: pages and facets of declared views."""

import statistics

from benchmarks.report import Report
from benchmarks.view_rows.plan import ViewPlan
from benchmarks.view_rows.stand import EVERY, Caller

PAGE_SIZE = 50
# Pages that take turns, so that no request is repeated at once.
NEARBY = 20
WARMING_ROUNDS = 2
PAGE = """query ($page: Int!, $where: TaskWhere) { tasks(first: 50, page: $page, where: $where) {
  totalCount pageInfo { hasNextPage endCursor }
  edges { cursor node { id title status priority createdAt updatedAt expiresAt version } } } }"""
FACETS = "query ($first: Int!) { facets(by: LABEL, first: $first) { value count } }"


def measure_pages(report: Report, plan: ViewPlan, caller: Caller) -> None:
    """Compare a page in the middle of a view of all tasks with the first pages of the base index, in turns."""
    middle = max(1, report.count // (2 * PAGE_SIZE))
    wholes = {f"page {middle:,} of a view of all tasks": ({"label": EVERY}, middle), "page 1 of all tasks": (None, 1)}
    nearby = min(NEARBY, middle)
    spent: dict[str, list[float]] = {name: [] for name in wholes}
    for number in range(WARMING_ROUNDS * nearby + plan.pages):
        for name, (where, first) in wholes.items():
            latency, data = caller.send(PAGE, page=first + number % nearby, where=where)
            if data["tasks"]["totalCount"] != report.count:
                raise RuntimeError(f"The total is {data['tasks']['totalCount']}, not {report.count}.")
            if number >= WARMING_ROUNDS * nearby:
                spent[name].append(latency)
    medians = [statistics.median(latencies) for latencies in spent.values()]
    for name, median in zip(wholes, medians, strict=True):
        report.add(f"{name}, median", median, "ms")
    report.add(" ÷ ".join(wholes), medians[0] / medians[1], "×", "≤ 1.1")


def measure_facets(report: Report, plan: ViewPlan, caller: Caller) -> None:
    """Measure the facets of all labels."""
    caller.send(FACETS, first=1000)
    answers = [caller.send(FACETS, first=1000) for _ in range(plan.facets)]
    labels = len(answers[0][1]["facets"])
    latencies = [latency for latency, _ in answers]
    report.add_percentiles(f"facets of {labels:,} labels", latencies, 50)
    report.add_percentiles(f"facets of {labels:,} labels", latencies, 95, target="≤ 20 ms")
