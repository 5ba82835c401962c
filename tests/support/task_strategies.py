"""Strategies of Hypothesis for rows with any content that PostgreSQL can hold."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec
from hypothesis import strategies as st

from cache.redis.times import UNIX_EPOCH
from db.task import JsonText, Priority, Status, Task

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
# Expiries are cut to milliseconds.
EXPIRIES = st.integers(0, 7_258_118_399_999).map(lambda ms: UNIX_EPOCH + timedelta(milliseconds=ms))
# PostgreSQL stores no NUL, and UTF-8 has no surrogates.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
LABELS = st.lists(TEXTS.filter(bool), max_size=3, unique=True)
METADATA = st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers() | TEXTS | st.lists(TEXTS), max_size=3).map(
    lambda value: JsonText(msgspec.json.encode(value).decode())
)


def rows() -> st.SearchStrategy[Task]:
    """Return a strategy for rows."""
    return st.builds(
        Task,
        id=st.uuids(),
        title=TEXTS | st.sampled_from(['"', "\\", "}", "\u2028", "\x1f\x7f", "👩\u200d👧", "</script>"]),
        description=TEXTS,
        status=st.sampled_from(get_args(Status)),
        priority=st.sampled_from(get_args(Priority)),
        created_at=TIMES,
        updated_at=TIMES,
        expires_at=st.none() | EXPIRIES,
        version=st.integers(1, 2**31 - 1),
        created_by=st.none() | TEXTS,
        updated_by=st.none() | TEXTS,
        due_at=st.none() | TIMES,
        assignee=st.none() | TEXTS,
        labels=LABELS,
        metadata=st.none() | METADATA,
        external_id=st.none() | TEXTS,
        list_id=st.none() | st.uuids(),
    )
