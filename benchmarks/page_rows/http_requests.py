"""The requests of the suite `page`: pages of 50 tasks with 8 fields and cursors, as bytes.

No request of the rows that measure warm pages is repeated before all others were sent. A page cache that holds fewer
pages than the list has, and evicts the page that was used longest ago, therefore never answers them.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import count, cycle
from uuid import UUID

import msgspec

from benchmarks.http_load import get, post

PAGE_SIZE = 50
MAX_PAGES = 20_000
TASK = "id title status priority createdAt updatedAt expiresAt version"
CONNECTION = f"pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ {TASK} }} }}"
POSTGRAPHILE_CONNECTION = CONNECTION.replace("{ id ", "{ rowId ")
UPDATE = """mutation ($id: ID!, $title: String!) { updateTask(input: { id: $id, title: $title }) {
  task { version } userErrors { code } } }"""
TYPENAME = post(msgspec.json.encode({"query": "{ __typename }"}))
CONSTANT = get("/")
# One update follows on this many pages.
PAGES_PER_UPDATE = 9


def endless(*requests: bytes) -> Iterator[bytes]:
    """Return the requests in their order, again and again."""
    return cycle(requests)


def operation(document: str, **variables: object) -> bytes:
    """Return the request of an operation."""
    return post(msgspec.json.encode({"query": document, "variables": variables}))


def page_request(page: int, name: str = "Page") -> bytes:
    """Return the request for a page by its number, with the total. Each name makes a document of its own."""
    document = f"query {name}($page: Int!) {{ tasks(first: 50, page: $page) {{ totalCount {CONNECTION} }} }}"
    return operation(document, page=page)


def page_requests(pages: Sequence[int], name: str) -> Iterator[bytes]:
    """Return endless requests for pages, in the same order again and again."""
    return endless(*(page_request(page, name) for page in pages))


def keyset_requests(cursors: Sequence[str]) -> Iterator[bytes]:
    """Return endless requests for pages that follow a cursor, without the total."""
    document = f"query Keyset($after: String!) {{ tasks(first: 50, after: $after) {{ {CONNECTION} }} }}"
    return endless(*(operation(document, after=cursor) for cursor in cursors))


def raw_requests(pages: Sequence[int]) -> Iterator[bytes]:
    """Return endless requests for the pages, for the peer `raw`."""
    return endless(*(get(f"/tasks/{page}") for page in pages))


def warming_requests(pages: int) -> Iterator[bytes]:
    """Return requests that read every task of the first pages once. A request reads two pages."""
    document = "query ($page: Int!) { tasks(first: 100, page: $page) { pageInfo { endCursor } nodes { id title } } }"
    return (operation(document, page=page) for page in range(1, (pages + 1) // 2 + 1))


def mixed_requests(pages: Sequence[int], ids: Sequence[UUID]) -> Iterator[bytes]:
    """Return endless requests for pages, and an update of one of the tasks after every nine of them."""
    reads, targets = page_requests(pages, "Mixed"), cycle(ids)
    for number in count():
        for _ in range(PAGES_PER_UPDATE):
            yield next(reads)
        yield operation(UPDATE, id=str(next(targets)), title=f"Title {number} of the benchmark")


def distinct_documents(number: int, pages: int) -> Iterator[bytes]:
    """Return requests with different documents, which read different pages while there are any."""
    for at in range(number):
        yield operation(
            f"query Document{at} {{ tasks(first: 50, page: {at % pages + 1}) {{ totalCount {CONNECTION} }} }}"
        )


def postgraphile_request(arguments: str = "", fields: str = "") -> bytes:
    """Return the request for a page of PostGraphile, in the order of the primary key, newest first."""
    condition = f'first: 50, condition: {{ workspaceId: "default" }}, orderBy: PRIMARY_KEY_DESC{arguments}'
    return operation(f"{{ allTasks({condition}) {{ {fields}{POSTGRAPHILE_CONNECTION} }} }}")


def shuffled(pages: range) -> list[int]:
    """Return page numbers in a random order, the same in every run."""
    return random.Random(1).sample(pages, len(pages))
