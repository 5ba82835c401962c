"""A million tasks like those of a company: generated ones, titles in several scripts, and chosen ones at the top.

They are in lists, have people who work on them, labels and due dates.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import psycopg

from db import words
from loadgen.ids import random_bytes, task_id
from loadgen.tasks import Values, generate_tasks, list_ids
from tests.acceptance.web.tour.tab_clock import PICTURE_TIME

SEED = 18
SECONDS_BETWEEN_TASKS = 63  # A million tasks are created in two years.
ONE_IN_OTHER_SCRIPTS = 11
ONE_IN_DUE = 3
# The columns with their types in COPY's binary format: an enum is sent as text, and the words as the bytes that the
# service computes.
_COLUMNS = {
    **{"workspace_id": "text", "id": "uuid", "title": "text", "description": "text", "status": "text"},
    **{"priority": "text", "expires_at": "timestamptz", "due_at": "timestamptz", "list_id": "uuid"},
    **{"assignee": "text", "labels": "text[]", "created_at": "timestamptz", "updated_at": "timestamptz"},
    **{"words": "bytea", "words_version": "int2"},
}

LISTS = ("Customers", "Finance", "Hiring", "Lisbon office", "Products", "Suppliers", "Website")
PEOPLE = ("Ana Costa", "Ben Okafor", "Chiara Conti", "Daniel Weiss", "Emi Tanaka", "Farid Haddad", "Grace Lindqvist")
LABELS = ("contract", "idea", "invoice", "legal", "phone call", "travel", "waiting")

OTHER_SCRIPTS = (
    "مراجعة عقد الإيجار للمكتب الجديد",
    "إرسال الفاتورة رقم 1042 إلى العميل",
    "تحديث قائمة الأسعار قبل نهاية الشهر",
    "会議の議事録を共有する",
    "第3四半期の売上レポートを確認",
    "大阪支店の在庫を数える",
    "לעדכן את לוח הזמנים של הפרויקט",
    "확인: 새 공급업체 계약서",
    "Согласовать смету с бухгалтерией",
    "Überprüfung der Haftpflichtversicherungsbedingungen für Müller & Söhne",
    "Révision du règlement intérieur de la Brasserie Élan",
    "Επιβεβαίωση της παραγγελίας για το εστιατόριο",
    "更新产品手册的安全说明",
    "Ask the landlord in Lisbon whether the second floor can be rented from March, what the deposit would be, and who "
    "pays for the new windows that were promised to the tenants before us",
    "Compare the offers for the delivery van: leasing over four years with service, or buying a used one with less "
    "than 60,000 kilometres",
)


class Chosen(NamedTuple):
    """A task at the top of the list. It expires in `hours_left` hours, and is due in `days_left` days."""

    title: str
    status: str = "TODO"
    priority: str = "NONE"
    hours_left: float | None = None
    description: str = ""
    list: str | None = None
    assignee: str | None = None
    labels: tuple[str, ...] = ()
    days_left: int | None = None


# The newest one is first.
CHOSEN = (
    Chosen(
        "Call Eastgate School about the delivery on Friday",
        *("TODO", "HIGH", 6.5),
        list="Customers",
        assignee=PEOPLE[1],
        labels=("phone call",),
        days_left=0,
    ),
    Chosen("Renew the TLS certificate of the shop", "IN_PROGRESS", "URGENT", 30, list="Website", assignee=PEOPLE[4]),
    Chosen(
        "Prepare the slide deck for the board",
        "IN_PROGRESS",
        "HIGH",
        75,
        "Ten slides at most.\n\n- last year's figures, from the annual report\n- the plan for the Lisbon office\n"
        "- open questions for the board\n\nThe template: https://intranet.example/templates/board",
        list="Finance",
        assignee=PEOPLE[0],
        days_left=3,
    ),
    Chosen("مراجعة عقد الإيجار للمكتب الجديد", "TODO", "MEDIUM", list="Lisbon office", labels=("contract", "legal")),
    Chosen("Answer the auditors' questions", "IN_PROGRESS", "HIGH", list="Finance", assignee=PEOPLE[2], days_left=-1),
    Chosen("Order new chairs for the meeting room", "TODO", "LOW", 24 * 9 + 1, list="Lisbon office"),
    Chosen("会議の議事録を共有する", "DONE", assignee=PEOPLE[4]),
    Chosen("Send the invoice of October to Acme", "DONE", "MEDIUM", list="Customers", labels=("invoice",)),
    Chosen(OTHER_SCRIPTS[-2], "TODO", "MEDIUM", list="Lisbon office", assignee=PEOPLE[0], labels=("phone call",)),
    Chosen("Write the minutes of Monday's meeting", "DONE", assignee=PEOPLE[5]),
    Chosen("Plan the move to the second floor", "TODO", "MEDIUM", 24 * 45, list="Lisbon office", days_left=40),
)


class _Row(NamedTuple):
    """The part of a row that does not depend on its age, in the order of the columns."""

    id: UUID
    title: str
    description: str
    status: str
    priority: str
    expires_at: datetime | None
    due_at: datetime | None
    list_id: UUID | None
    assignee: str | None
    labels: list[str]


def insert_sample_tasks(connection: psycopg.Connection, count: int, now: datetime) -> None:
    """Insert the lists, and `count` tasks that were created before `now`, with the words for the search."""
    lists = [(id_, name) for name, id_ in _lists().items()]
    connection.cursor().executemany("INSERT INTO task_list (workspace_id, id, name) VALUES ('default', %s, %s)", lists)
    with connection.cursor().copy(f"COPY task ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(list(_COLUMNS.values()))
        for index, row in enumerate(_rows(count, now)):
            created_at = now - timedelta(seconds=(count - index) * SECONDS_BETWEEN_TASKS)
            found = words.tsvector(row.title, row.description)
            copy.write_row(("default", *row, created_at, created_at, found, int(words.VERSION)))


def _lists() -> dict[str, UUID]:
    """Return the ids of the lists by their names."""
    return {name: UUID(id_) for name, id_ in zip(LISTS, list_ids(SEED, len(LISTS)), strict=True)}


def _rows(count: int, now: datetime) -> Iterator[_Row]:
    """Yield the tasks, oldest first. Everything but the times depends only on the count."""
    chosen = CHOSEN[:count]
    # The generator rounds its times to hours, which must be those of the pictures.
    generated = generate_tasks(
        SEED, count - len(chosen), PICTURE_TIME, Values(len(LISTS), assignees=len(PEOPLE), labels=len(LABELS))
    )
    for index, task in enumerate(generated):
        kind, number = divmod(index * 7, ONE_IN_OTHER_SCRIPTS)
        title = task.title if number else OTHER_SCRIPTS[kind % len(OTHER_SCRIPTS)]
        yield _Row(
            UUID(task.id),
            title,
            task.description or "",
            task.status,
            task.priority,
            now + (datetime.fromisoformat(task.expires_at) - PICTURE_TIME) if task.expires_at else None,
            None if index % ONE_IN_DUE else now + timedelta(days=index // ONE_IN_DUE % 61 - 5),
            UUID(task.list_id),
            PEOPLE[_number(task.assignee)] if index % 2 else None,
            [LABELS[_number(label)] for label in task.labels or ()],
        )
    lists = _lists()
    for index, at_top in enumerate(reversed(chosen), count - len(chosen)):
        yield _Row(
            UUID(task_id(index, random_bytes(SEED, index)[:10])),
            at_top.title,
            at_top.description,
            at_top.status,
            at_top.priority,
            None if at_top.hours_left is None else now + timedelta(hours=at_top.hours_left),
            None if at_top.days_left is None else now + timedelta(days=at_top.days_left, hours=5),
            lists[at_top.list] if at_top.list else None,
            at_top.assignee,
            list(at_top.labels),
        )


def _number(generated: str | None) -> int:
    """Return the index of a generated assignee or label, such as `user-7`."""
    assert generated is not None
    return int(generated.rpartition("-")[2]) - 1
