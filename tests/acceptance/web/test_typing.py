"""Runs short typing sessions with faults. `make typing` runs many."""

import pytest
from playwright.async_api import Browser

from tests.acceptance.web.site import Site
from tests.acceptance.web.typing.faults import KINDS
from tests.acceptance.web.typing.oracle import Typed, lost_keystrokes
from tests.acceptance.web.typing.plan import Shares
from tests.acceptance.web.typing.session import run_session

SESSIONS = 3
# Longer than in the campaign, so that a busy machine still types something in these few steps.
ACTION_MS = 15_000
# Stores nothing, and says that it has.
BROKEN_STORAGE = "IDBObjectStore.prototype.put = function (value, key) { return this.get(key) }"


@pytest.mark.parametrize("number", range(SESSIONS))
async def test_no_keystroke_is_lost(site: Site, browser: Browser, number: int) -> None:
    kinds = frozenset(KINDS) - {"hang"}
    shares = Shares(action_ms=ACTION_MS)
    outcome = await run_session(site, browser, f"short-{number}", kinds, steps=3, shares=shares)
    assert outcome.lost == {}, outcome.steps
    assert outcome.keystrokes > 0


async def test_lost_keystrokes_are_noticed(site: Site, browser: Browser) -> None:
    """If the browser does not store what it says it stores, text is lost when the tab is closed while offline."""
    shares = Shares(fault=1, heal=0, reopen=1, settle_seconds=2, action_ms=ACTION_MS)
    kinds = frozenset({"offline"})
    outcome = await run_session(site, browser, "broken", kinds, steps=2, shares=shares, init_script=BROKEN_STORAGE)
    assert sum(outcome.lost.values()) > 0, outcome.steps


def test_what_is_left_of_a_text_is_its_longest_prefix() -> None:
    typed = [Typed("row", "letter"), Typed("form", "parcel")]
    assert lost_keystrokes(typed, "Write the letter, send the par") == {"parcel (form)": 3}
