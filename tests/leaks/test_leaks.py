"""A short campaign finds no leak, and finds each way to break the isolation."""

import pytest

from tests.leaks.broken import BROKEN
from tests.leaks.campaign import Report, campaign
from tests.leaks.world import world

COUNT = 300


async def test_workspaces_do_not_leak(database_url: str, redis_url: str) -> None:
    report = Report()
    async with world(database_url, redis_url, seed=1) as made:
        await campaign(made, COUNT, report)
    assert report.findings == []
    assert report.attempts.total() == COUNT
    # A campaign whose attempts are all refused in the same way would test nothing.
    assert len(report.attempts) >= 15
    assert report.statuses[200] > COUNT / 2


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_isolation_is_found(
    name: str, database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Report()
    BROKEN[name](monkeypatch)
    async with world(database_url, redis_url, seed=2) as made:
        await campaign(made, 10 * COUNT, report, stop_early=True)
    assert report.findings
