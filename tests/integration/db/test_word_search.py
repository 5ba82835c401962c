"""Tests that a search finds every word of a title, in real databases of different locales."""

import asyncio
import itertools
import json
from collections.abc import Iterator
from typing import Any, ClassVar

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from api.devstores import StoreUrls
from db.connection import Connection
from db.migrations import migrate
from db.pages import NEWEST_POSITION
from db.pool import Database
from db.search import matching_words
from db.task_table import insert_tasks
from db.words import tsquery
from schema.resolvers.search import search_terms
from tests.support.examples import examples
from tests.support.service_process import ROOT
from tests.support.task_factories import WORKSPACE, new_task

# Independent of the definition in db/words.py: what everybody would call letters and digits, and what stands between.
LETTERS = st.characters(categories=["Lu", "Ll", "Nd"]) | st.sampled_from("aAzZ09éßİıσςÅǅ한हמم")
SIGNS = st.characters(categories=["Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "So", "Zs", "Cc"])
SEPARATORS = st.text(SIGNS | st.sampled_from("<>/.@&;:-_'„“”‘’«»…#?=% \t"), min_size=1, max_size=4)
SEEN_WORDS = st.text(LETTERS, min_size=1, max_size=12)
# Shapes in which PostgreSQL's parser sees tags, addresses, entities, files, versions and numbers.
SHAPES = st.sampled_from(
    [
        "<{}>",
        "</{}>",
        "<a href='{}'>",
        "http://{}/",
        "{}@{}.com",
        "&{};",
        "&#{};",
        "/{}/{}.txt",
        "{}.{}.{}",
        "-{}",
    ]
)


@st.composite
def titles(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Return a title and the words that a person sees in it."""
    words = draw(st.lists(SEEN_WORDS, min_size=1, max_size=6))
    title = draw(st.just("") | SEPARATORS)
    for word in words:
        shape = draw(st.just("{}") | SHAPES)
        title += shape.replace("{}", word) + draw(SEPARATORS)
    return title.replace("\0", " "), words


async def is_found(connection: Connection, workspace: str, text: str, *, whole: bool = False) -> bool:
    query = tsquery([(text, whole)])
    assert query is not None, f"no word in {text!r}"
    found = await matching_words(connection, workspace, query, NEWEST_POSITION, 1, "first")
    return len(found) == 1


class ExampleRunner:
    """Runs every example in the same database, in a workspace of its own."""

    numbers: ClassVar = itertools.count(1)

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    async def __aenter__(self) -> "ExampleRunner":
        self._database = await Database(self._url).__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._database.__aexit__(None, None, None)

    async def check(self, title: str, words: list[str], *, described: bool) -> None:
        workspace = f"w{next(self.numbers)}"
        async with self._database.connection() as connection:
            task = new_task("Title", description=title) if described else new_task(title)
            await insert_tasks(connection, workspace, [task])
            for word in words:
                for form in (word, word.upper(), word.lower(), word[:3]):
                    assert await is_found(connection, workspace, form), (form, title)
                assert await is_found(connection, workspace, word, whole=True), (word, title)
            assert await is_found(connection, workspace, title, whole=True), title
            assert await is_found(connection, workspace, title), title


def run_examples(database_url: str, number: int) -> None:
    @settings(max_examples=examples(number), suppress_health_check=list(HealthCheck), database=None)
    @given(titles(), st.booleans())
    def run(seen: tuple[str, list[str]], described: bool) -> None:
        loop.run_until_complete(runner.check(*seen, described=described))

    with asyncio.Runner() as asyncio_runner:
        loop = asyncio_runner.get_loop()
        runner = loop.run_until_complete(ExampleRunner(database_url).__aenter__())
        try:
            run()
        finally:
            loop.run_until_complete(runner.__aexit__())


def test_every_word_of_a_title_is_found(database_url: str) -> None:
    run_examples(database_url, 400)


@pytest.fixture
def database_without_case(stores: StoreUrls) -> Iterator[str]:
    """Yield the URL of a database whose locale knows the case of ASCII letters only."""
    name = sql.Identifier("test_locale")
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'")
    with psycopg.connect(stores.database_url, autocommit=True) as connection:
        connection.execute(create.format(name))
        url = stores.database_url.replace(":///millitask?", ":///test_locale?")
        migrate(url)
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def test_words_do_not_depend_on_the_locale(database_without_case: str) -> None:
    with psycopg.connect(database_without_case) as connection:
        assert connection.execute("SELECT lower('É')").fetchone() == ("É",)
    run_examples(database_without_case, 50)


FOUND = {
    "Mail Anna <anna.smith@example.com>": ["smith", "anna", "mail", "example", "com"],
    "„word“ and ‚other‘": ["word", "other"],
    "任务列表": ["任务", "务列", "列表", "任", "表", "任务列表"],
    "0\U0001d15f00: ♩ note": ["00", "\U0001d15f", "♩", "note"],
    "Größe": ["grosse", "GRÖSSE", "gröss", "große"],
    "deploy v1.2.3 to https://stage.example.org/a_b?c=d": ["2", "v1", "stage", "a", "b", "c", "d"],
}
NOT_FOUND = {
    "the report": [("report the", True), ("the rep", True), ("eport", False), ("there", False)],
    "任务,列表": [("务列", False), ("列任", False)],
    "one two": [("one three", False)],
}


@pytest.mark.parametrize("title", FOUND)
async def test_words_are_found(connection: Connection, title: str) -> None:
    await insert_tasks(connection, WORKSPACE, [new_task(title)])
    assert [word for word in FOUND[title] if not await is_found(connection, WORKSPACE, word)] == []


@pytest.mark.parametrize("title", NOT_FOUND)
async def test_other_words_are_not_found(connection: Connection, title: str) -> None:
    await insert_tasks(connection, WORKSPACE, [new_task(title)])
    for text, whole in NOT_FOUND[title]:
        assert not await is_found(connection, WORKSPACE, text, whole=whole), text


MATCHES = json.loads((ROOT / "tests/unit/db/word_examples.json").read_text(encoding="utf-8"))["matches"]


@pytest.mark.parametrize("example", MATCHES, ids=lambda example: f"{example['query']} in {example['text']}")
async def test_page_marks_what_the_search_finds(connection: Connection, example: dict[str, Any]) -> None:
    """The tests of the page check the marks. Every term that it marks is found, and a query without marks is not."""
    await insert_tasks(connection, WORKSPACE, [new_task(example["text"])])
    queries = [tsquery([term]) for term in search_terms(example["query"])]
    found = [await matching_words(connection, WORKSPACE, query or "", NEWEST_POSITION, 1, "first") for query in queries]
    assert any(found) == bool(example["marks"])


async def test_phrase_does_not_continue_from_the_title_to_the_description(connection: Connection) -> None:
    await insert_tasks(connection, WORKSPACE, [new_task("call the", description="bank today")])
    assert await is_found(connection, WORKSPACE, "bank today", whole=True)
    assert not await is_found(connection, WORKSPACE, "the bank", whole=True)


async def test_largest_texts_are_found(connection: Connection) -> None:
    texts = ["任务" * 5_000, "\ufdfa" * 10_000, "x" * 10_000, "ab " * 3_333, "🎉" * 10_000, "ﷺ任" * 5_000]
    await insert_tasks(connection, WORKSPACE, [new_task("任" * 500, description=text) for text in texts])
    for text in texts:
        assert await is_found(connection, WORKSPACE, text[:200]), text[:5]
