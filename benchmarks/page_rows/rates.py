"""Rows p0 to p4, alone and mixed: responses per second. In each round the contenders take turns."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.http_load import LoadResult, load
from benchmarks.page_rows import http_requests as sent
from benchmarks.page_rows.plan import Row
from benchmarks.page_rows.stand import Stand, postgraphile_cursor
from benchmarks.report import Report, note, percentile

_MISSES, _PAGE_HITS = "millitask_misses_total", "millitask_page_hits_total"


@dataclass
class Contender:
    """A server and the requests that it gets. `share` is the share of the requests that count as answers.

    `requests` never ends, and continues in each round where the round before stopped.
    """

    name: str
    port: int
    requests: Iterator[bytes]
    connections: int
    share: float = 1.0
    rounds: list[LoadResult] = field(default_factory=list)
    misses: float = 0.0
    page_hits: float = 0.0

    @property
    def rates(self) -> list[float]:
        """The answers per second in each round."""
        return [result.rate * self.share for result in self.rounds]


@dataclass(frozen=True)
class Ratio:
    """One reported ratio of two contenders."""

    row: Row
    name: str
    over: str
    under: str
    target: str


# The names of the contenders.
TYPENAME, CONSTANT = "{ __typename }", "constant"
HOT, RAW_HOT = "hot page", "raw, one page"
WARM, RAW_WARM = "warm page, with the total", "raw, random pages"
STRAWBERRY, CACHED_STRAWBERRY = "stock Strawberry", "stock Strawberry with its document cache"
KEYSET, PG_KEYSET = "warm page after a cursor, without the total", "PostGraphile, keyset page"
PG_TOTAL, DEEP, PG_OFFSET = "PostGraphile, with totalCount", "warm pages of the second half", "PostGraphile, at offset"
MIXED = "pages, while 10% of the requests are updates"
ALONE, RAW_ALONE = "one client alone, warm page", "one client alone, raw"

RATIOS = (
    Ratio("p0", "P0 {{ __typename }} ÷ constant", TYPENAME, CONSTANT, "≥ 0.5"),
    Ratio("p1", "P1 hot page ÷ raw", HOT, RAW_HOT, "≥ 3"),
    Ratio("p2", "P2 warm page ÷ raw", WARM, RAW_WARM, "≥ 0.8"),
    Ratio("p3", "P3 warm page ÷ stock Strawberry", WARM, STRAWBERRY, "≥ 9"),
    Ratio("p3", "P3 warm page ÷ stock Strawberry with its document cache", WARM, CACHED_STRAWBERRY, "≥ 9"),
    Ratio("p3", "P3 warm page ÷ PostGraphile, keyset", KEYSET, PG_KEYSET, "≥ 3"),
    Ratio("p4", "P4 with totalCount ÷ PostGraphile", WARM, PG_TOTAL, "≥ 120"),
    Ratio("p4", "P4 page {middle:,} ÷ PostGraphile at offset {offset:,}", HOT, PG_OFFSET, "≥ 1,500"),
    Ratio("p4", "P4 warm pages of the second half ÷ PostGraphile at offset {offset:,}", DEEP, PG_OFFSET, ""),
    Ratio("mixed", "90% pages and 10% updates: pages/s ÷ pages alone", MIXED, WARM, "≥ 0.5"),
)


def measure_rates(report: Report, stand: Stand) -> None:
    """Let all contenders of the rows take turns, and report rates, ratios and the latencies of one client alone."""
    plan = stand.plan
    ratios = [ratio for ratio in RATIOS if ratio.row in plan.rows]
    wanted = {name for ratio in ratios for name in (ratio.over, ratio.under)}
    wanted |= {ALONE, RAW_ALONE} if plan.wants("alone") else set()
    contenders = {contender.name: contender for contender in _contenders(stand, wanted)}
    for number in range(1, plan.rounds + 1):
        note(f"Round {number} of {plan.rounds}: {len(contenders)} contenders, {plan.turns * plan.seconds:g} s each …")
        for turn in range(plan.turns):
            for contender in contenders.values():
                # One turn of this contender takes several seconds, because the requests in flight are counted.
                if turn == 0 or contender.name != PG_OFFSET:
                    _take_turn(contender, stand, first=turn == 0)
    for name, contender in contenders.items():
        if name not in (ALONE, RAW_ALONE):
            report.add(f"{name}, {plan.connections} connections", statistics.median(contender.rates), "/s")
    for ratio in ratios:
        _report_ratio(report, ratio, contenders, stand)
    _report_alone(report, contenders)
    _report_conditions(report, contenders)


def _contenders(stand: Stand, wanted: set[str]) -> Iterator[Contender]:
    pages, own, ports, many = stand.pages, stand.service.port, stand.ports, stand.plan.connections
    hot = [stand.middle_page]
    deep = [page for page in pages if page >= stand.middle_page]
    table: dict[str, tuple[int | None, Iterator[bytes]]] = {
        TYPENAME: (own, sent.endless(sent.TYPENAME)),
        CONSTANT: (ports.get("constant"), sent.endless(sent.CONSTANT)),
        HOT: (own, sent.page_requests(hot, "Hot")),
        RAW_HOT: (ports.get("raw"), sent.raw_requests(hot)),
        WARM: (own, sent.page_requests(pages, "Warm")),
        RAW_WARM: (ports.get("raw"), sent.raw_requests(pages)),
        STRAWBERRY: (ports.get("strawberry"), sent.page_requests(pages, "Warm")),
        CACHED_STRAWBERRY: (ports.get("strawberry, cached"), sent.page_requests(pages, "Warm")),
        KEYSET: (own, sent.keyset_requests(stand.cursors)),
        DEEP: (own, sent.page_requests(deep, "Deep")),
        ALONE: (own, sent.page_requests(pages, "Alone")),
        RAW_ALONE: (ports.get("raw"), sent.raw_requests(pages)),
    }
    if MIXED in wanted:
        table[MIXED] = (own, sent.mixed_requests(pages, stand.some_ids(10_000)))
    if port := ports.get("postgraphile"):
        after, offset = f', after: "{postgraphile_cursor(stand)}"', f", offset: {_offset(stand)}"
        table[PG_KEYSET] = (port, sent.endless(sent.postgraphile_request(after)))
        table[PG_TOTAL] = (port, sent.endless(sent.postgraphile_request(fields="totalCount ")))
        table[PG_OFFSET] = (port, sent.endless(sent.postgraphile_request(offset)))
    share = sent.PAGES_PER_UPDATE / (sent.PAGES_PER_UPDATE + 1)
    for name, (contender_port, endless) in table.items():
        if name in wanted and contender_port is not None:
            connections = 1 if name in (ALONE, RAW_ALONE) else many
            yield Contender(name, contender_port, endless, connections, share if name == MIXED else 1.0)


def _take_turn(contender: Contender, stand: Stand, *, first: bool) -> None:
    """Load a contender for a moment. The turns of a round count as one load."""
    own = contender.port == stand.service.port
    before = stand.service.metrics() if own else {}
    result = load(contender.port, contender.requests, connections=contender.connections, seconds=stand.plan.seconds)
    if first:
        contender.rounds.append(result)
    else:
        contender.rounds[-1].add(result)
    if own:
        after = stand.service.metrics()
        contender.misses += after[_MISSES] - before[_MISSES]
        contender.page_hits += after.get(_PAGE_HITS, 0.0) - before.get(_PAGE_HITS, 0.0)


def _report_ratio(report: Report, ratio: Ratio, contenders: dict[str, Contender], stand: Stand) -> None:
    if ratio.over not in contenders or ratio.under not in contenders:
        note(f"Not measured: {ratio.name}")
        return
    name = ratio.name.format(middle=stand.middle_page, offset=_offset(stand))
    over, under = contenders[ratio.over].rates, contenders[ratio.under].rates
    report.add(name, statistics.median(a / b for a, b in zip(over, under, strict=True)), "×", ratio.target)


def _report_alone(report: Report, contenders: dict[str, Contender]) -> None:
    targets = {ALONE: ("≤ 0.8 ms", "≤ 2 ms"), RAW_ALONE: ("", "")}
    for name in (ALONE, RAW_ALONE):
        if name in contenders:
            rounds = [[seconds * 1000 for seconds in result.latencies] for result in contenders[name].rounds]
            for percent, target in zip((50, 99), targets[name], strict=True):
                median = statistics.median(percentile(latencies, percent) for latencies in rounds)
                report.add(f"{name}, p{percent}", median, "ms", target)


def _report_conditions(report: Report, contenders: dict[str, Contender]) -> None:
    """Report whether warm pages were warm, and how much CPU the load generator took from the servers."""
    warm = [contenders[name] for name in (WARM, KEYSET, DEEP, ALONE) if name in contenders]
    if warm:
        answers = sum(result.requests for contender in warm for result in contender.rounds)
        misses = sum(contender.misses for contender in warm)
        report.add("warm pages: tasks that were not in the cache", 100 * misses / answers / sent.PAGE_SIZE, "%", "0")
        report.add("warm pages: answered by the page cache", _page_hit_percent(warm), "%", "0")
    if HOT in contenders:
        report.add("hot page: answered by the page cache", _page_hit_percent([contenders[HOT]]), "%", "100")
    shares = {name: max(result.cpu_share for result in contender.rounds) for name, contender in contenders.items()}
    if shares:
        busiest = max(shares, key=lambda name: shares[name])
        report.add(f"load generator, highest share of a core ({busiest})", 100 * shares[busiest], "%")


def _page_hit_percent(contenders: list[Contender]) -> float:
    answers = sum(result.requests for contender in contenders for result in contender.rounds)
    return 100 * sum(contender.page_hits for contender in contenders) / answers


def _offset(stand: Stand) -> int:
    return (stand.middle_page - 1) * sent.PAGE_SIZE
