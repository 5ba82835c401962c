"""Advice to the operator, in sentences, with the figures from which each follows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from cache.usage.reuse import miss_ratio, tasks_for
from db.caller import DEFAULT_WORKSPACE
from db.connection import Connection
from db.usage import DEPTHS, Kind, document_of
from db.usage_reports import usage_series, usage_totals
from schema.insights.figures import KeyTotals, totals_by_kind
from schema.insights.lists import costliest
from schema.insights.memory import MIN_HOURS
from schema.insights.report import read_forecast
from schema.types.insights_service import Advice, AdviceFigure, AdviceTopic, MemoryForecast

ADVICE_FROM = timedelta(days=7)
# Below these numbers, advice would be a guess.
MIN_READS, MIN_REQUESTS, MIN_PAGES, MIN_ENTRIES = 10_000, 100, 100, 1000
HIT_RATES = (0.8, 0.9, 0.95, 0.99)
_KINDS: tuple[Kind, ...] = ("counter", "cause", "operation", "sender", "depth", "reuse")
_MAX_OPERATIONS = 3
_HASH_CHARACTERS = 12
Totals = Mapping[Kind, Sequence[KeyTotals]]
Figures = dict[str, float]


async def advise(connection: Connection, workspace: str, now: datetime) -> list[Advice]:
    """Return the advice on each topic, from the last 7 days."""
    since, until = now - ADVICE_FROM, now + timedelta(hours=1)
    totals = totals_by_kind(await usage_totals(connection, workspace, "hour", _KINDS, since, since, until))
    gauges: Figures = {}
    rows = await usage_series(connection, workspace, "hour", ("gauge",), since, until)
    for row in sorted(rows, key=attrgetter("starts_at")):  # the last size stays
        gauges[row.key] = float(row.requests)
    return [
        _redis_size(workspace, totals, gauges),
        _ttl(totals),
        _operations(totals),
        _depth(totals),
        _memory(await read_forecast(connection, workspace, until), gauges),
    ]


def _advice(topic: AdviceTopic, text: str, figures: Figures) -> Advice:
    listed = [AdviceFigure(name=name, value=value) for name, value in figures.items()]
    return Advice(topic=topic, text=text, enough_data=True, figures=listed)


def _not_enough(topic: AdviceTopic, found: float, needed: float, what: str) -> Advice:
    text = f"Not enough data yet: {found:,.0f} of the {needed:,.0f} {what} that this advice needs, in the last 7 days."
    return Advice(topic=topic, text=text, enough_data=False, figures=[AdviceFigure(name=what, value=found)])


def _requests(totals: Totals, kind: Kind) -> dict[str, int]:
    return {each.key: int(each.requests.requests) for each in totals[kind]}


def _redis_size(workspace: str, totals: Totals, gauges: Figures) -> Advice:
    topic = AdviceTopic.REDIS_SIZE
    if workspace != DEFAULT_WORKSPACE:
        text = f"All workspaces share Redis. Ask for advice on its size in the workspace {DEFAULT_WORKSPACE}."
        return Advice(topic=topic, text=text, enough_data=False, figures=[])
    distances = _requests(totals, "reuse")
    reads, entries = sum(distances.values()), gauges.get("redis_entries", 0.0)
    if reads < MIN_READS:
        return _not_enough(topic, reads, MIN_READS, "tasks read")
    if entries < MIN_ENTRIES:
        return _not_enough(topic, entries, MIN_ENTRIES, "tasks in Redis")
    index, limit = gauges.get("redis_index_bytes", 0.0), gauges.get("redis_max_bytes", 0.0)
    entry = max(1.0, gauges.get("redis_used_bytes", 0.0) - index) / entries
    figures: Figures = {"tasks read": reads, "bytes of an entry": entry, "bytes of the indexes": index}
    parts = []
    for rate in HIT_RATES:
        tasks = tasks_for(distances, rate)
        if tasks is None:
            parts.append(f"{rate:.0%} is out of reach for any size: too many tasks are read only once in an hour")
            break
        figures[f"bytes for a hit rate of {rate:.0%}"] = needed = index + tasks * entry
        parts.append(f"{rate:.0%} needs {_bytes(needed)} ({tasks:,} tasks)")
    text = f"Redis sizes for a hit rate of the cache, if it evicts the least recently used task: {'; '.join(parts)}."
    text += " They are rather too large than too small: volatile-lfu misses less."
    if limit > 0:
        misses = miss_ratio(distances, max(0.0, limit - index) / entry)
        assert misses is not None
        figures |= {"bytes of maxmemory": limit, "hit rate at maxmemory": 1 - misses}
        text += f" The present maxmemory of {_bytes(limit)} is enough for {1 - misses:.1%}."
    return _advice(topic, f"{text} Indexes take {_bytes(index)} of it, and an entry {entry:,.0f} bytes.", figures)


def _ttl(totals: Totals) -> Advice:
    counters, causes = _requests(totals, "counter"), _requests(totals, "cause")
    hits, misses, expired = counters.get("hits", 0), counters.get("misses", 0), causes.get("expired", 0)
    if hits + misses < MIN_READS:
        return _not_enough(AdviceTopic.TTL, hits + misses, MIN_READS, "tasks read")
    now, most = hits / (hits + misses), (hits + expired) / (hits + misses)
    share = expired / misses if misses else 0.0
    text = (
        f"Entries live for an hour. {expired:,} of {misses:,} misses ({share:.0%}) were of entries that had expired. "
        f"The hit rate is {now:.1%}. A longer life could raise it to {most:.1%} at most."
    )
    figures: Figures = {"hits": hits, "misses": misses, "misses of expired entries": expired, "highest hit rate": most}
    return _advice(AdviceTopic.TTL, text, figures)


def _operations(totals: Totals) -> Advice:
    requests, points = (sum(getattr(each.now, name) for each in totals["operation"]) for name in ("requests", "points"))
    if requests < MIN_REQUESTS or not points:
        return _not_enough(AdviceTopic.OPERATIONS, requests, MIN_REQUESTS, "requests")
    parts: list[str] = []
    figures: Figures = {"requests": requests, "points": points}
    for each in costliest(totals["operation"])[:_MAX_OPERATIONS]:
        hash_, name = document_of(each.key)
        label = name if hash_ is None else f"{name} ({hash_[:_HASH_CHARACTERS]})"
        number = each.requests.requests
        senders = costliest(sender for sender in totals["sender"] if document_of(sender.key)[0] == hash_)
        by = ""
        if senders and each.points:
            by = f", {senders[0].points / each.points:.0%} of it by {document_of(senders[0].key)[1]}"
        parts.append(
            f"{label} takes {each.points / points:.0%} of all points: {number:,.0f} requests of "
            f"{each.points / number:,.0f} points{by}"
        )
        figures[f"points of {label}"] = each.points
    return _advice(AdviceTopic.OPERATIONS, f"The most expensive operations: {'; '.join(parts)}.", figures)


def _depth(totals: Totals) -> Advice:
    counted = _requests(totals, "depth")
    pages = sum(counted.values())
    if pages < MIN_PAGES:
        return _not_enough(AdviceTopic.DEPTH, pages, MIN_PAGES, "pages")
    parts = []
    for start, end in zip(DEPTHS, (*DEPTHS[1:], None), strict=True):
        if number := counted.get(str(start), 0):
            place = f"{start:,} or beyond" if end is None else f"{start:,} to {end - 1:,}" if start else "0"
            parts.append(f"{number / pages:.1%} at position {place}")
    deepest = max(int(start) for start in counted)
    text = f"Where the {pages:,} requested pages began: {', '.join(parts)}."
    figures: Figures = {f"pages from position {start}": number for start, number in counted.items()}
    return _advice(AdviceTopic.DEPTH, text, figures | {"deepest range in use": deepest})


def _memory(forecast: MemoryForecast | None, gauges: Figures) -> Advice:
    index, limit = gauges.get("index_bytes", 0.0), gauges.get("redis_max_bytes", 0.0)
    if forecast is None:
        return Advice(
            topic=AdviceTopic.MEMORY,
            text=f"Not enough data yet: a forecast needs {MIN_HOURS} hours in which the index was measured.",
            enough_data=False,
            figures=[AdviceFigure(name="bytes of the index", value=index)],
        )
    growth = forecast.bytes_per_day
    text = f"The index takes {_bytes(index)}. In {forecast.hours} measured hours it "
    text += f"grew by {_bytes(growth)} a day." if growth > 0 else "did not grow."
    figures: Figures = {"bytes of the index": index, "bytes per day": growth, "hours": forecast.hours}
    if limit > 0:
        figures["bytes of maxmemory"] = limit
        if forecast.full_at is not None:
            text += f" So it reaches maxmemory ({_bytes(limit)}) on {forecast.full_at:%Y-%m-%d}. Raise it before."
        else:
            text += f" It does not reach maxmemory ({_bytes(limit)}) within ten years."
    return _advice(AdviceTopic.MEMORY, text, figures)


def _bytes(size: float) -> str:
    """Return a size for people, in powers of 1,000 as on the page."""
    for unit in ("bytes", "kB", "MB"):
        if abs(size) < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
