"""Advice to the operator: in English, as findings without a language, and the figures from which it follows."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cache.usage.reuse import miss_ratio, tasks_for
from db.caller import DEFAULT_WORKSPACE
from db.connection import Connection
from db.usage import DEPTHS, Kind, document_of
from db.usage_reports import Span, usage_totals
from schema.insights.figures import KeyTotals, totals_by_kind
from schema.insights.findings import finding
from schema.insights.gauges import Gauges
from schema.insights.lists import costliest
from schema.insights.memory import MIN_HOURS
from schema.types.insights_service import (
    Advice,
    AdviceCode,
    AdviceFigure,
    AdviceFinding,
    AdviceTopic,
    MemoryForecast,
)

ADVICE_PERIOD = timedelta(days=7)
# Below these numbers, advice would be a guess.
MIN_READS, MIN_REQUESTS, MIN_PAGES, MIN_ENTRIES = 10_000, 100, 100, 1000
HIT_RATES = (0.8, 0.9, 0.95, 0.99)
# What NOT_ENOUGH_DATA counts, and its name in the text.
_UNITS = {"TASKS_READ": "tasks read", "TASKS_IN_REDIS": "tasks in Redis", "REQUESTS": "requests", "PAGES": "pages"}
_KINDS: tuple[Kind, ...] = ("counter", "cause", "operation", "sender", "depth", "reuse")
_MAX_OPERATIONS = 3
_HASH_CHARACTERS = 12
Totals = Mapping[Kind, Sequence[KeyTotals]]
Figures = dict[str, float]


async def advise(connection: Connection, workspace: str, now: datetime, gauges: Gauges) -> list[Advice]:
    """Return the advice on each topic, from the last 7 days. gauges: the sizes until `advice_until(now)`."""
    since, until = now - ADVICE_PERIOD, advice_until(now)
    rows = await usage_totals(connection, workspace, _KINDS, [Span("hour", since, until)], since)
    totals, sizes = totals_by_kind(rows), gauges.last(since)
    return [
        _redis_size(workspace, totals, sizes),
        _ttl(totals),
        _operations(totals),
        _depth(totals),
        _memory(gauges.forecast(), sizes),
    ]


def advice_until(now: datetime) -> datetime:
    """Return the end of the period that advice is about. The present hour is part of it."""
    return now + timedelta(hours=1)


def _advice(
    topic: AdviceTopic,
    text: str,
    figures: Figures,
    findings: Sequence[AdviceFinding],
    *,
    enough_data: bool = True,
) -> Advice:
    listed = [AdviceFigure(name=name, value=value) for name, value in figures.items()]
    return Advice(topic=topic, text=text, enough_data=enough_data, figures=listed, findings=list(findings))


def _not_enough(topic: AdviceTopic, found: float, needed: float, unit: str) -> Advice:
    what = _UNITS[unit]
    text = f"Not enough data yet: {found:,.0f} of the {needed:,.0f} {what} that this advice needs, in the last 7 days."
    missing = finding(AdviceCode.NOT_ENOUGH_DATA, found=found, needed=needed, unit=unit)
    return _advice(topic, text, {what: found}, [missing], enough_data=False)


def _requests(totals: Totals, kind: Kind) -> dict[str, int]:
    return {each.key: int(each.requests.requests) for each in totals[kind]}


def _redis_size(workspace: str, totals: Totals, gauges: Mapping[str, float]) -> Advice:
    topic = AdviceTopic.REDIS_SIZE
    if workspace != DEFAULT_WORKSPACE:
        text = f"All workspaces share Redis. Ask for advice on its size in the workspace {DEFAULT_WORKSPACE}."
        shared = finding(AdviceCode.REDIS_IS_SHARED, workspace=DEFAULT_WORKSPACE)
        return _advice(topic, text, {}, [shared], enough_data=False)
    distances = _requests(totals, "reuse")
    reads, entries = sum(distances.values()), gauges.get("redis_entries", 0.0)
    if reads < MIN_READS:
        return _not_enough(topic, reads, MIN_READS, "TASKS_READ")
    if entries < MIN_ENTRIES:
        return _not_enough(topic, entries, MIN_ENTRIES, "TASKS_IN_REDIS")
    index, limit = gauges.get("redis_index_bytes", 0.0), gauges.get("redis_max_bytes", 0.0)
    entry = max(1.0, gauges.get("redis_used_bytes", 0.0) - index) / entries
    figures: Figures = {"tasks read": reads, "bytes of an entry": entry, "bytes of the indexes": index}
    parts, findings = [], []
    for rate in HIT_RATES:
        tasks = tasks_for(distances, rate)
        if tasks is None:
            findings.append(finding(AdviceCode.HIT_RATE_OUT_OF_REACH, hit_rate=rate))
            parts.append(f"{rate:.0%} is out of reach for any size: too many tasks are read only once in an hour")
            break
        figures[f"bytes for a hit rate of {rate:.0%}"] = needed = index + tasks * entry
        findings.append(finding(AdviceCode.SIZE_FOR_HIT_RATE, hit_rate=rate, bytes=needed, tasks=tasks))
        parts.append(f"{rate:.0%} needs {_bytes(needed)} ({tasks:,} tasks)")
    text = f"Redis sizes for a hit rate of the cache, if it evicts the least recently used task: {'; '.join(parts)}."
    text += " They are rather too large than too small: volatile-lfu misses less."
    if limit > 0:
        misses = miss_ratio(distances, max(0.0, limit - index) / entry)
        assert misses is not None
        figures |= {"bytes of maxmemory": limit, "hit rate at maxmemory": 1 - misses}
        text += f" The present maxmemory of {_bytes(limit)} is enough for {1 - misses:.1%}."
        findings.append(finding(AdviceCode.HIT_RATE_OF_MAXMEMORY, bytes=limit, hit_rate=1 - misses))
    findings.append(finding(AdviceCode.SIZE_OF_ENTRIES, index_bytes=index, entry_bytes=entry))
    text += f" Indexes take {_bytes(index)} of it, and an entry {entry:,.0f} bytes."
    return _advice(topic, text, figures, findings)


def _ttl(totals: Totals) -> Advice:
    counters, causes = _requests(totals, "counter"), _requests(totals, "cause")
    hits, misses, expired = counters.get("hits", 0), counters.get("misses", 0), causes.get("expired", 0)
    if hits + misses < MIN_READS:
        return _not_enough(AdviceTopic.TTL, hits + misses, MIN_READS, "TASKS_READ")
    now, most = hits / (hits + misses), (hits + expired) / (hits + misses)
    share = expired / misses if misses else 0.0
    text = (
        f"Entries live for an hour. {expired:,} of {misses:,} misses ({share:.0%}) were of entries that had expired. "
        f"The hit rate is {now:.1%}. A longer life could raise it to {most:.1%} at most."
    )
    figures: Figures = {"hits": hits, "misses": misses, "misses of expired entries": expired, "highest hit rate": most}
    findings = [
        finding(AdviceCode.EXPIRED_MISSES, expired=expired, misses=misses, share=share),
        finding(AdviceCode.HIT_RATE_OF_LONGER_LIFE, hit_rate=now, highest=most),
    ]
    return _advice(AdviceTopic.TTL, text, figures, findings)


def _operations(totals: Totals) -> Advice:
    requests, points = (sum(getattr(each.now, name) for each in totals["operation"]) for name in ("requests", "points"))
    if requests < MIN_REQUESTS or not points:
        return _not_enough(AdviceTopic.OPERATIONS, requests, MIN_REQUESTS, "REQUESTS")
    parts: list[str] = []
    findings = []
    figures: Figures = {"requests": requests, "points": points}
    for each in costliest(totals["operation"])[:_MAX_OPERATIONS]:
        hash_, name = document_of(each.key)
        label = name if hash_ is None else f"{name} ({hash_[:_HASH_CHARACTERS]})"
        number = each.requests.requests
        senders = costliest(sender for sender in totals["sender"] if document_of(sender.key)[0] == hash_)
        by, client, client_share = "", None, None
        if senders and each.points:
            client, client_share = document_of(senders[0].key)[1], senders[0].points / each.points
            by = f", {client_share:.0%} of it by {client}"
        parts.append(
            f"{label} takes {each.points / points:.0%} of all points: {number:,.0f} requests of "
            f"{each.points / number:,.0f} points{by}"
        )
        figures[f"points of {label}"] = each.points
        findings.append(
            finding(
                AdviceCode.EXPENSIVE_OPERATION,
                operation=name,
                hash=hash_,
                share=each.points / points,
                requests=number,
                points_each=each.points / number,
                client=client,
                client_share=client_share,
            )
        )
    text = f"The most expensive operations: {'; '.join(parts)}."
    return _advice(AdviceTopic.OPERATIONS, text, figures, findings)


def _depth(totals: Totals) -> Advice:
    counted = _requests(totals, "depth")
    pages = sum(counted.values())
    if pages < MIN_PAGES:
        return _not_enough(AdviceTopic.DEPTH, pages, MIN_PAGES, "PAGES")
    parts, findings = [], []
    for start, end in zip(DEPTHS, (*DEPTHS[1:], None), strict=True):
        if number := counted.get(str(start), 0):
            place = f"{start:,} or beyond" if end is None else f"{start:,} to {end - 1:,}" if start else "0"
            parts.append(f"{number / pages:.1%} at position {place}")
            findings.append(
                finding(AdviceCode.PAGES_AT_DEPTH, share=number / pages, from_position=start, to_position=end)
            )
    deepest = max(int(start) for start in counted)
    text = f"Where the {pages:,} requested pages began: {', '.join(parts)}."
    figures: Figures = {f"pages from position {start}": number for start, number in counted.items()}
    return _advice(AdviceTopic.DEPTH, text, figures | {"deepest range in use": deepest}, findings)


def _memory(forecast: MemoryForecast | None, gauges: Mapping[str, float]) -> Advice:
    index, limit = gauges.get("index_bytes", 0.0), gauges.get("redis_max_bytes", 0.0)
    if forecast is None:
        text = f"Not enough data yet: a forecast needs {MIN_HOURS} hours in which the index was measured."
        missing = finding(AdviceCode.NOT_ENOUGH_DATA, needed=MIN_HOURS, unit="HOURS")
        return _advice(AdviceTopic.MEMORY, text, {"bytes of the index": index}, [missing], enough_data=False)
    growth = forecast.bytes_per_day
    text = f"The index takes {_bytes(index)}. In {forecast.hours} measured hours it "
    text += f"grew by {_bytes(growth)} a day." if growth > 0 else "did not grow."
    figures: Figures = {"bytes of the index": index, "bytes per day": growth, "hours": forecast.hours}
    findings = [finding(AdviceCode.INDEX_GROWTH, bytes=index, hours=forecast.hours, bytes_per_day=growth)]
    if limit > 0:
        figures["bytes of maxmemory"] = limit
        if forecast.full_at is not None:
            full_at = forecast.full_at.isoformat()
            findings.append(finding(AdviceCode.INDEX_FULL_AT, bytes=limit, at=full_at))
            text += f" So it reaches maxmemory ({_bytes(limit)}) on {forecast.full_at:%Y-%m-%d}. Raise it before."
        else:
            text += f" It does not reach maxmemory ({_bytes(limit)}) within ten years."
            findings.append(finding(AdviceCode.INDEX_NEVER_FULL, bytes=limit))
    return _advice(AdviceTopic.MEMORY, text, figures, findings)


def _bytes(size: float) -> str:
    """Return a size for people, in powers of 1,000 as on the page."""
    for unit in ("bytes", "kB", "MB"):
        if abs(size) < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
