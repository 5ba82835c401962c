"""Documents by their hash: those that clients sent, trusted ones, and what GET is answered for."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.config.settings import Settings, SettingsError
from api.graphql.persisted_queries import LONGEST, MOST, Documents, hash_of
from api.graphql.request import Operation, RequestError
from tests.support.graphql_client import TOTAL, Client, running, without_cost

OTHER = "{ taskCounts { all } }"
DELETE = "mutation ($id: ID!) { deleteTask(input: {id: $id}) { deletedTaskId } }"


def persisted(text: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}} | more


async def send(client: Client, **body: Any) -> Any:
    return without_cost((await client.http.post("/graphql", json=body)).json())


async def get(client: Client, **body: Any) -> Any:
    params = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    return without_cost((await client.http.get("/graphql", params=params)).json())


def code(answer: Any) -> str:
    [error] = answer["errors"]
    return str(error["extensions"]["code"])


async def test_a_document_that_was_sent_is_known_by_its_hash(client: Client) -> None:
    assert code(await send(client, **persisted(TOTAL))) == "PERSISTED_QUERY_NOT_FOUND"
    first = await send(client, query=TOTAL, **persisted(TOTAL))
    assert first == {"data": {"tasks": {"totalCount": 0}}}
    assert await send(client, **persisted(TOTAL)) == first
    assert await get(client, **persisted(TOTAL)) == first
    assert await send(client, documentId=f"sha256:{hash_of(TOTAL)}") == first


async def test_another_text_under_a_hash_is_refused_and_not_kept(client: Client) -> None:
    assert code(await send(client, query=OTHER, **persisted(TOTAL))) == "PERSISTED_QUERY_HASH_MISMATCH"
    assert code(await send(client, **persisted(TOTAL))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("text", ["{", "{ nothing }", "query ($a: Int!) { tasks(first: $a) { totalCount } }"])
async def test_what_cannot_run_is_not_kept(client: Client, text: str) -> None:
    await send(client, query=text, **persisted(text))
    assert code(await send(client, **persisted(text))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_get_keeps_nothing(client: Client) -> None:
    assert "data" in await get(client, query=TOTAL, **persisted(TOTAL))
    assert code(await send(client, **persisted(TOTAL))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("given", [1, [], {}, {"version": 2, "sha256Hash": "0" * 64}, {"version": 1, "sha256Hash": 7}])
async def test_a_persisted_query_that_is_none(client: Client, given: object) -> None:
    assert code(await send(client, query=TOTAL, extensions={"persistedQuery": given})) == "BAD_REQUEST"


def test_only_so_many_documents_of_so_many_characters_are_kept() -> None:
    documents = Documents()
    texts = [f"# {number}\n{TOTAL}" for number in range(MOST + 1)]
    for text in (*texts, "#" * LONGEST, "#" * (LONGEST + 1)):
        documents.keep(Operation(text, extensions=persisted(text)["extensions"]))
    lost = []
    for text in (*texts, "#" * LONGEST, "#" * (LONGEST + 1)):
        try:
            documents.text(Operation(**persisted(text)), stored_only=True)
        except RequestError:
            lost.append(text)
    # The two that came first, and the one that is too long.
    assert lost == [*texts[:2], "#" * (LONGEST + 1)]


def test_the_documents_that_were_used_last_are_kept() -> None:
    documents = Documents()
    texts = [f"# {number}\n{TOTAL}" for number in range(MOST)]
    for text in (*texts, texts[0], "{ __typename }"):  # the first is sent once more, with its text
        documents.keep(Operation(text, extensions=persisted(text)["extensions"]))
    assert documents.text(Operation(**persisted(texts[0])), stored_only=True) == texts[0]
    with pytest.raises(RequestError):
        documents.text(Operation(**persisted(texts[1])), stored_only=True)


@pytest.fixture(params=["apollo", "plain"])
def manifest(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "documents.json"
    texts = {hash_of(text): text for text in (TOTAL, DELETE)}
    operations = [{"id": id_, "body": text, "name": "A", "type": "query"} for id_, text in texts.items()]
    apollo = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    path.write_text(json.dumps(apollo if request.param == "apollo" else texts))
    return path


@pytest.fixture
async def trusting(database_url: str, redis_url: str, manifest: Path) -> AsyncIterator[Client]:
    settings = Settings(database_url=database_url, redis_url=redis_url, trusted_documents=manifest, trusted_only=True)
    async with running(settings) as client:
        yield client


async def test_trusted_documents_alone(trusting: Client) -> None:
    total = {"data": {"tasks": {"totalCount": 0}}}
    assert await send(trusting, documentId=hash_of(TOTAL)) == total
    assert await send(trusting, **persisted(TOTAL)) == total
    for body in ({"query": TOTAL}, {"query": OTHER}, persisted(OTHER), {"query": OTHER, **persisted(OTHER)}):
        assert code(await send(trusting, **body)) == "DOCUMENT_NOT_TRUSTED"
    variables = {"id": "0190f2a4-7d1e-7c3a-9f00-3b1f0c2d4e5f"}
    assert code(await get(trusting, documentId=hash_of(DELETE), variables=variables)) == "METHOD_NOT_ALLOWED"


async def test_in_production_get_is_for_stored_documents(database_url: str, redis_url: str, manifest: Path) -> None:
    settings = Settings(
        database_url=database_url, redis_url=redis_url, profile="production", trusted_documents=manifest
    )
    async with running(settings) as client:
        assert "data" in await get(client, documentId=hash_of(TOTAL))
        assert "data" in await send(client, query=OTHER, **persisted(OTHER))
        assert "data" in await get(client, **persisted(OTHER))
        assert code(await get(client, query=OTHER)) == "DOCUMENT_NOT_STORED"
        assert code(await get(client, query="{ __typename }", **persisted("{ __typename }"))) == "DOCUMENT_NOT_STORED"
        page = await client.http.get("/graphql", headers={"Accept": "text/html"})
        assert "html" not in page.headers["Content-Type"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "must be"),
        ('{"operations": [{"id": "a"}]}', "must be"),
        (json.dumps({"a" * 64: TOTAL}), "is not the SHA-256"),
        (json.dumps({hash_of("{"): "{"}), "is not GraphQL"),
        (json.dumps({hash_of("{ nothing }"): "{ nothing }"}), "does not fit the schema"),
        (None, "cannot be read"),
    ],
)
def test_a_manifest_that_is_none(tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "documents.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=words) as caught:
        create_app(Settings(database_url="postgresql:///x", redis_url="redis://x", trusted_documents=path))
    assert str(path) in str(caught.value)


def test_trusted_only_needs_a_manifest() -> None:
    with pytest.raises(ValueError, match="MILLITASK_TRUSTED_DOCUMENTS"):
        Settings(trusted_only=True)
