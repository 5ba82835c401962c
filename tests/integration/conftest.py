"""Fixtures for all tests with stores: what a test leaves open fails this test, and not a later one."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _frozen_leftovers() -> None:
    """Exclude what earlier tests of this process keep from the collections below.

    Otherwise, each of them traverses the syntax trees that tests/unit caches, which takes longer than most tests.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _collected_garbage() -> Iterator[None]:
    """Collect garbage after each test, when its other fixtures have ended.

    Warnings are errors, and an object that was left open warns when it is collected. Without this fixture, the
    collector runs in any later test, most likely in one that parses a large document, and fails that one.
    """
    yield
    gc.collect()
