from typing import Any

import pytest
from strawberry.extensions import parser_cache, validation_cache

from schema.execution.document_cache import DOCUMENTS, LONGEST
from tests.support.graphql_client import Client


def caches() -> list[Any]:
    return [parser_cache._get_parse_cache(DOCUMENTS), validation_cache._get_validate_cache(DOCUMENTS)]


def kept() -> list[int]:
    return [cache.cache_info().currsize for cache in caches()]


@pytest.fixture
def nothing_kept() -> None:
    for cache in caches():
        cache.cache_clear()


@pytest.mark.usefixtures("nothing_kept")
@pytest.mark.parametrize(("length", "count"), [(LONGEST, 1), (LONGEST + 1, 0)])
async def test_a_document_is_kept_unless_it_is_long(client: Client, length: int, count: int) -> None:
    query = "{ __typename }" + " " * (length - 14)
    for _ in range(2):
        assert await client.answer(query) == {"data": {"__typename": "Query"}}
    assert kept() == [count, count]


@pytest.mark.usefixtures("nothing_kept")
async def test_no_more_are_kept_however_many_are_sent(client: Client) -> None:
    for number in range(DOCUMENTS + 1):
        await client.answer(f"{{ a{number}: __typename }}")
    assert kept() == [DOCUMENTS, DOCUMENTS]
