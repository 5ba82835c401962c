"""The lists of a report: operations, tasks, views, depths, pages, clients and searches."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import strawberry

from db.task import Status
from db.usage import DEPTHS, Kind, document_of, page_of, view_of
from schema.insights.figures import KeyTotals, latency_of
from schema.types.insights import (
    ClientInsights,
    DepthInsights,
    OperationClient,
    OperationInsights,
    PageInsights,
    SearchInsights,
    TaskInsights,
    ViewInsights,
)
from schema.types.task import TaskOrder, TaskStatus

TotalsByKind = Mapping[Kind, Sequence[KeyTotals]]
MAX_TASKS, MAX_ITEMS, MAX_CLIENTS_OF_OPERATION = 100, 50, 5


def costliest(totals: Iterable[KeyTotals]) -> list[KeyTotals]:
    """Return the totals, those with the most points first."""
    return sorted(totals, key=lambda each: (-each.points, -each.requests.requests, each.key))


def operations(totals: TotalsByKind) -> list[OperationInsights]:
    """Return the operations, those with the most points first, each with the clients that send it."""
    senders: defaultdict[str | None, list[tuple[str, KeyTotals]]] = defaultdict(list)
    for each in totals["sender"]:
        hash_, actor = document_of(each.key)
        senders[hash_].append((actor, each))
    found = []
    for each in costliest(totals["operation"])[:MAX_ITEMS]:
        hash_, name = document_of(each.key)
        clients = sorted(senders[hash_], key=lambda sender: -sender[1].points)[:MAX_CLIENTS_OF_OPERATION]
        found.append(
            OperationInsights(
                name=name,
                hash=hash_,
                requests=each.requests,
                points=each.points,
                previous_points=each.previous_points,
                errors=0.0 if each.now is None else float(each.now.errors),
                latency=latency_of([each.now]),
                previous_latency=latency_of([each.before]),
                clients=[
                    OperationClient(actor=actor, requests=sender.requests, points=sender.points)
                    for actor, sender in clients
                ],
            )
        )
    return found


def clients(totals: TotalsByKind) -> list[ClientInsights]:
    """Return the clients, those with the most points first."""
    return [
        ClientInsights(actor=each.key, requests=each.requests, points=each.points, previous_points=each.previous_points)
        for each in costliest(totals["client"])[:MAX_ITEMS]
    ]


def tasks(totals: TotalsByKind) -> list[TaskInsights]:
    """Return the tasks, the most requested ones first."""
    return [
        TaskInsights(id=strawberry.ID(str(UUID(each.key))), requests=each.requests)
        for each in totals["task"][:MAX_TASKS]
    ]


def views(totals: TotalsByKind) -> list[ViewInsights]:
    """Return the views, the most requested ones first."""
    found = []
    for each in totals["view"]:
        status, order = view_of(each.key)
        found.append(ViewInsights(status=_status(status), order=TaskOrder(order), requests=each.requests))
    return found


def depths(totals: TotalsByKind) -> list[DepthInsights]:
    """Return every range of depths, the first page first."""
    counted = {each.key: each for each in totals["depth"]}
    return [
        DepthInsights(
            from_position=float(start),
            to_position=None if end is None else float(end),
            requests=counted.get(str(start), KeyTotals("", None, None)).requests,
        )
        for start, end in zip(DEPTHS, (*DEPTHS[1:], None), strict=True)
    ]


def pages(totals: TotalsByKind) -> list[PageInsights]:
    """Return the pages, the most requested ones first."""
    found = []
    for each in totals["page"][:MAX_ITEMS]:
        page = page_of(each.key, 0)
        found.append(
            PageInsights(
                status=_status(page.status),
                order=TaskOrder(page.order),
                first=page.first,
                position=float(page.position),
                requests=each.requests,
            )
        )
    return found


def searches(totals: TotalsByKind, kind: Kind) -> list[SearchInsights]:
    """Return the searches of a kind of rows, the most requested ones first."""
    return [SearchInsights(text=each.key, requests=each.requests) for each in totals[kind][:MAX_ITEMS]]


def _status(status: Status | None) -> TaskStatus | None:
    return None if status is None else TaskStatus(status)
