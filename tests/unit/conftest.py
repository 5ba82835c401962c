"""Fixtures for unit tests, which must not start a store."""

import pytest


@pytest.fixture(scope="session")
def stores() -> None:
    """Fail a test that requests a store. Such a test belongs in tests/integration."""
    pytest.fail("Unit tests must not use PostgreSQL or Redis. Move this test to tests/integration.")
