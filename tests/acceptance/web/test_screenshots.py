"""Tests that the pictures of the tour can be taken, and that the tour shows each of them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.acceptance.web.site import Site
from tests.acceptance.web.tour.pictures import FOLDER, PICTURES, take_pictures
from tests.acceptance.web.tour.sample_tasks import insert_sample_tasks
from tests.acceptance.web.tour.tab_clock import PICTURE_TIME, TabClock
from tests.support.service_process import ROOT

TASKS = 2_000
TOUR = ROOT / "docs" / "tutorial" / "tour.md"


def test_the_tour_shows_each_picture() -> None:
    names = {f"{picture.name}.webp" for picture in PICTURES}
    assert set(re.findall(r"\]\(\.\./tour/([\w.-]+)\)", TOUR.read_text(encoding="utf-8"))) == names
    assert {path.name for path in FOLDER.iterdir()} == names


def test_times_move_from_real_time_to_that_of_the_pictures_and_back() -> None:
    clock = TabClock(PICTURE_TIME + timedelta(days=400, hours=1))
    answer = '{"createdAt":"2027-12-31T11:27:00.500809+00:00","title":"2027-12-31","cursor":"dAAG"}'
    shown = '{"createdAt":"2026-11-26T10:20:00.000Z","title":"2027-12-31","cursor":"dAAG"}'
    assert clock.to_page(answer) == shown
    assert clock.to_service('{"expiresAt":"2026-11-27T18:00:00.000Z"}') == '{"expiresAt":"2028-01-01T19:00:00.000Z"}'


@pytest.fixture
def filled_at(site: Site) -> Iterator[datetime]:
    """Fill the service with the tasks of the tour, and yield the time of their insertion."""
    now = datetime.now(UTC)
    site.replace_tasks(TASKS, partial(insert_sample_tasks, now=now))
    yield now
    site.replace_tasks(0)


async def test_each_picture_can_be_taken(site: Site, filled_at: datetime, browser: Browser, tmp_path: Path) -> None:
    taken = [path async for path in take_pictures(browser, site, filled_at, tmp_path)]
    assert [path.stem for path in taken] == [picture.name for picture in PICTURES]
    assert [path.name for path in taken if not path.read_bytes().startswith(b"RIFF")] == []
