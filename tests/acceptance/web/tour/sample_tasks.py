"""A million tasks like those of a company: generated ones, titles in several scripts, and chosen ones at the top."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import psycopg

from db import words
from loadgen.ids import random_bytes, task_id
from loadgen.tasks import generate_tasks
from tests.acceptance.web.tour.tab_clock import PICTURE_TIME

SEED = 18
SECONDS_BETWEEN_TASKS = 63  # A million tasks are created in two years.
ONE_IN_OTHER_SCRIPTS = 11
_COLUMNS = (
    "workspace_id, id, title, description, status, priority, created_at, updated_at, expires_at, words, words_version"
)
# The types in COPY's binary format: an enum is sent as text, and the words as the bytes that the service computes.
_TYPES = ("text", "uuid", "text", "text", "text", "text", "timestamptz", "timestamptz", "timestamptz", "bytea", "int2")

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
    """A task at the top of the list. `hours_left` is the time until it expires."""

    title: str
    status: str = "TODO"
    priority: str = "NONE"
    hours_left: float | None = None
    description: str = ""


# The newest one is first.
CHOSEN = (
    Chosen("Call Eastgate School about the delivery on Friday", "TODO", "HIGH", 6.5),
    Chosen("Renew the TLS certificate of the shop", "IN_PROGRESS", "URGENT", 30),
    Chosen(
        "Prepare the slide deck for the board",
        "IN_PROGRESS",
        "HIGH",
        75,
        "Ten slides at most.\n\n- last year's figures, from the annual report\n- the plan for the Lisbon office\n"
        "- open questions for the board\n\nThe template: https://intranet.example/templates/board",
    ),
    Chosen("مراجعة عقد الإيجار للمكتب الجديد", "TODO", "MEDIUM"),
    Chosen("Answer the auditors' questions", "IN_PROGRESS", "HIGH"),
    Chosen("Order new chairs for the meeting room", "TODO", "LOW", 24 * 9 + 1),
    Chosen("会議の議事録を共有する", "DONE"),
    Chosen("Send the invoice of October to Acme", "DONE", "MEDIUM"),
    Chosen(OTHER_SCRIPTS[-2], "TODO", "MEDIUM"),
    Chosen("Write the minutes of Monday's meeting", "DONE"),
    Chosen("Plan the move to the second floor", "TODO", "MEDIUM", 24 * 45),
)


class _Row(NamedTuple):
    """The part of a row that does not depend on its age."""

    id: str
    title: str
    description: str
    status: str
    priority: str
    expires_at: datetime | None


def insert_sample_tasks(connection: psycopg.Connection, count: int, now: datetime) -> None:
    """Insert `count` tasks that were created before `now`, with the words for the search."""
    with connection.cursor().copy(f"COPY task ({_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(_TYPES)
        for index, row in enumerate(_rows(count, now)):
            created_at = now - timedelta(seconds=(count - index) * SECONDS_BETWEEN_TASKS)
            found = words.tsvector(row.title, row.description)
            copy.write_row(
                ("default", UUID(row.id), *row[1:5], created_at, created_at, row.expires_at, found, int(words.VERSION))
            )


def _rows(count: int, now: datetime) -> Iterator[_Row]:
    """Yield the tasks, oldest first. Everything but the expiry depends only on the count."""
    chosen = CHOSEN[:count]
    # The generator rounds its times to hours, which must be those of the pictures.
    generated = generate_tasks(SEED, count - len(chosen), PICTURE_TIME)
    for index, task in enumerate(generated):
        kind, number = divmod(index * 7, ONE_IN_OTHER_SCRIPTS)
        title = task.title if number else OTHER_SCRIPTS[kind % len(OTHER_SCRIPTS)]
        expires_at = now + (datetime.fromisoformat(task.expires_at) - PICTURE_TIME) if task.expires_at else None
        yield _Row(task.id, title, task.description or "", task.status, task.priority, expires_at)
    for index, (title, status, priority, hours_left, description) in enumerate(reversed(chosen), count - len(chosen)):
        expires_at = None if hours_left is None else now + timedelta(hours=hours_left)
        id_ = task_id(index, random_bytes(SEED, index)[:10])
        yield _Row(id_, title, description, status, priority, expires_at)
