"""A fixture for all tests with stores: what a test leaves open fails this test, and not a later one."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _collected_garbage() -> Iterator[None]:
    """Collect garbage after each test, when its other fixtures have ended.

    Warnings are errors, and an object that was left open warns when it is collected. Without this fixture, the
    collector runs in any later test, most likely in one that parses a large document, and fails that one.
    """
    yield
    gc.collect()
