from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import msgspec
import pytest

from loadgen.sample_text import CONTEXTS, OBJECTS, SENTENCES, VERBS
from loadgen.tasks import EXPIRY_DAYS, GeneratedTask, Values, expiry_times, generate_tasks, list_ids

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


@pytest.fixture(scope="module")
def many() -> list[GeneratedTask]:
    return list(generate_tasks(1, 20_000, NOW))


def test_longest_title_and_description_are_within_the_limits() -> None:
    longest = [max(words, key=len) for words in (VERBS, OBJECTS, CONTEXTS)]
    assert len("{} the {} {}".format(*longest)) <= 500
    assert 3 * (max(map(len, SENTENCES)) + 1) <= 10_000


def test_sample_text_has_no_duplicates() -> None:
    for words in (VERBS, OBJECTS, CONTEXTS, SENTENCES):
        assert len(set(words)) == len(words)


def test_titles_vary_and_are_well_formed(many: list[GeneratedTask]) -> None:
    assert len({task.title for task in many}) > 19_000
    assert all(" the " in task.title and task.title == task.title.strip() for task in many)


def test_descriptions_have_one_to_three_different_sentences(many: list[GeneratedTask]) -> None:
    described = [task.description for task in many if task.description is not None]
    assert len(described) / len(many) == pytest.approx(0.25, abs=0.02)
    found = [[s for s in SENTENCES if s in text] for text in described]
    assert {len(sentences) for sentences in found} == {1, 2, 3}
    for text, sentences in zip(described, found, strict=True):
        assert sum(map(len, sentences)) + len(sentences) - 1 == len(text)


def test_statuses_priorities_and_expiries_have_the_intended_shares(many: list[GeneratedTask]) -> None:
    statuses = Counter(task.status for task in many)
    for status, share in {"TODO": 0.6, "IN_PROGRESS": 0.15, "DONE": 0.25}.items():
        assert statuses[status] / len(many) == pytest.approx(share, abs=0.02)
    priorities = Counter(task.priority for task in many)
    assert set(priorities) == {"NONE", "LOW", "MEDIUM", "HIGH", "URGENT"}
    expiring = sum(task.expires_at is not None for task in many)
    assert expiring / len(many) == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("minute", [0, 30, 59])
def test_expiry_times_are_full_hours_between_a_day_and_a_year_ahead(minute: int) -> None:
    now = NOW.replace(minute=minute, second=59)
    moments = [datetime.fromisoformat(text) for text in expiry_times(now)]
    assert len(moments) == EXPIRY_DAYS
    assert all((m.minute, m.second, m.tzinfo) == (0, 0, UTC) for m in moments)
    assert moments[0] - now >= timedelta(days=1)
    assert moments[-1] - now <= timedelta(days=EXPIRY_DAYS, hours=1)


def test_same_seed_generates_the_same_tasks_for_any_count(many: list[GeneratedTask]) -> None:
    assert list(generate_tasks(1, 100, NOW)) == many[:100]
    assert list(generate_tasks(2, 100, NOW)) != many[:100]


def test_another_day_changes_only_the_expiry(many: list[GeneratedTask]) -> None:
    later = list(generate_tasks(1, 1000, NOW + timedelta(days=9)))
    assert [msgspec.structs.replace(task, expires_at=None) for task in later] == [
        msgspec.structs.replace(task, expires_at=None) for task in many[:1000]
    ]
    assert later != many[:1000]


def test_values_are_spread_over_the_tasks_and_change_nothing_else(many: list[GeneratedTask]) -> None:
    valued = list(generate_tasks(1, 3000, NOW, Values(lists=3, assignees=40, labels=5)))
    assert [msgspec.structs.replace(task, list_id=None, assignee=None, labels=None) for task in valued] == many[:3000]
    lists = Counter(task.list_id for task in valued)
    assert set(lists) == set(list_ids(1, 3))
    assert min(lists.values()) > 800
    assert {task.assignee for task in valued} == {f"user-{number}" for number in range(1, 41)}
    labels = Counter(label for task in valued for label in task.labels or ())
    assert set(labels) == {f"label-{number}" for number in range(1, 6)}
    assert {len(task.labels or ()) for task in valued} == {0, 1, 2, 3}
    assert all(len(set(task.labels)) == len(task.labels) for task in valued if task.labels)
    assert list(generate_tasks(1, 50, NOW, Values(lists=3, assignees=40, labels=5))) == valued[:50]


def test_lists_have_other_ids_than_tasks_and_other_seeds(many: list[GeneratedTask]) -> None:
    ids = {*list_ids(1, 100), *list_ids(2, 100), *(task.id for task in many)}
    assert len(ids) == 200 + len(many)


def test_tasks_are_generated_lazily() -> None:
    assert len(list(islice(generate_tasks(1, 10**8, NOW), 3))) == 3
