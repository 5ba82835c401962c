"""Tests the caches of parsed and validated documents."""

from typing import Any

import pytest
from strawberry.extensions import parser_cache, validation_cache

from schema.execution.document_cache import MAX_CACHED_CHARACTERS, MAX_CACHED_DOCUMENTS
from tests.support.graphql_client import Client


def caches() -> list[Any]:
    return [
        parser_cache._get_parse_cache(MAX_CACHED_DOCUMENTS),
        validation_cache._get_validate_cache(MAX_CACHED_DOCUMENTS),
    ]


def cached_documents() -> list[int]:
    return [cache.cache_info().currsize for cache in caches()]


@pytest.fixture
def empty_caches() -> None:
    for cache in caches():
        cache.cache_clear()


@pytest.mark.usefixtures("empty_caches")
@pytest.mark.parametrize(("length", "count"), [(MAX_CACHED_CHARACTERS, 1), (MAX_CACHED_CHARACTERS + 1, 0)])
async def test_long_document_is_not_cached(client: Client, length: int, count: int) -> None:
    query = "{ __typename }" + " " * (length - 14)
    for _ in range(2):
        assert await client.answer(query) == {"data": {"__typename": "Query"}}
    assert cached_documents() == [count, count]


@pytest.mark.usefixtures("empty_caches")
async def test_caches_stay_within_their_limit(client: Client) -> None:
    for number in range(MAX_CACHED_DOCUMENTS + 1):
        await client.answer(f"{{ a{number}: __typename }}")
    assert cached_documents() == [MAX_CACHED_DOCUMENTS, MAX_CACHED_DOCUMENTS]
