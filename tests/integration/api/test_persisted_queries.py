"""Tests documents that a request names by a hash: documents registered by clients, trusted documents, and GET."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.config.settings import Settings
from api.graphql.persisted_queries import sha256_of
from tests.support.graphql_client import TOTAL, Client, running, without_cost

OTHER = "{ taskCounts { all } }"
DELETE = "mutation ($id: ID!) { deleteTask(input: {id: $id}) { deletedTaskId } }"


def persisted(text: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256_of(text)}}} | more


async def send(client: Client, **body: Any) -> Any:
    return without_cost((await client.http.post("/graphql", json=body)).json())


async def get(client: Client, **body: Any) -> Any:
    params = {name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()}
    return without_cost((await client.http.get("/graphql", params=params)).json())


def code(response: Any) -> str:
    [error] = response["errors"]
    return str(error["extensions"]["code"])


async def test_document_is_registered_by_its_hash(client: Client) -> None:
    assert code(await send(client, **persisted(TOTAL))) == "PERSISTED_QUERY_NOT_FOUND"
    first = await send(client, query=TOTAL, **persisted(TOTAL))
    assert first == {"data": {"tasks": {"totalCount": 0}}}
    assert await send(client, **persisted(TOTAL)) == first
    assert await get(client, **persisted(TOTAL)) == first
    assert await send(client, documentId=f"sha256:{sha256_of(TOTAL)}") == first


async def test_wrong_hash_is_refused_and_not_registered(client: Client) -> None:
    assert code(await send(client, query=OTHER, **persisted(TOTAL))) == "PERSISTED_QUERY_HASH_MISMATCH"
    assert code(await send(client, **persisted(TOTAL))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("text", ["{", "{ nothing }", "query ($a: Int!) { tasks(first: $a) { totalCount } }"])
async def test_invalid_document_is_not_registered(client: Client, text: str) -> None:
    await send(client, query=text, **persisted(text))
    assert code(await send(client, **persisted(text))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_get_does_not_register_a_document(client: Client) -> None:
    assert "data" in await get(client, query=TOTAL, **persisted(TOTAL))
    assert code(await send(client, **persisted(TOTAL))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("given", [1, [], {}, {"version": 2, "sha256Hash": "0" * 64}, {"version": 1, "sha256Hash": 7}])
async def test_malformed_persisted_query_is_refused(client: Client, given: object) -> None:
    assert code(await send(client, query=TOTAL, extensions={"persistedQuery": given})) == "BAD_REQUEST"


@pytest.fixture(params=["apollo", "plain"])
def manifest(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "documents.json"
    texts = {sha256_of(text): text for text in (TOTAL, DELETE)}
    operations = [{"id": id_, "body": text, "name": "A", "type": "query"} for id_, text in texts.items()]
    apollo = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations}
    path.write_text(json.dumps(apollo if request.param == "apollo" else texts))
    return path


@pytest.fixture
async def trusting_client(database_url: str, redis_url: str, manifest: Path) -> AsyncIterator[Client]:
    settings = Settings(database_url=database_url, redis_url=redis_url, trusted_documents=manifest, trusted_only=True)
    async with running(settings) as client:
        yield client


async def test_only_trusted_documents_run(trusting_client: Client) -> None:
    total = {"data": {"tasks": {"totalCount": 0}}}
    assert await send(trusting_client, documentId=sha256_of(TOTAL)) == total
    assert await send(trusting_client, **persisted(TOTAL)) == total
    for body in ({"query": TOTAL}, {"query": OTHER}, persisted(OTHER), {"query": OTHER, **persisted(OTHER)}):
        assert code(await send(trusting_client, **body)) == "DOCUMENT_NOT_TRUSTED"
    variables = {"id": "0190f2a4-7d1e-7c3a-9f00-3b1f0c2d4e5f"}
    assert code(await get(trusting_client, documentId=sha256_of(DELETE), variables=variables)) == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(("algorithm", "member"), [("sha1", "documentId"), ("sha256", "documentId"), ("md5", "doc_id")])
async def test_documents_of_other_tools_run(
    database_url: str, redis_url: str, tmp_path: Path, algorithm: str, member: str
) -> None:
    hash_ = hashlib.new(algorithm, TOTAL.encode()).hexdigest()
    # The client preset of graphql-codegen writes this prefix.
    id_ = f"sha256:{hash_}" if algorithm == "sha256" else hash_
    path = tmp_path / "persisted-documents.json"
    path.write_text(json.dumps({id_: TOTAL}))
    settings = Settings(database_url=database_url, redis_url=redis_url, trusted_documents=path, trusted_only=True)
    async with running(settings) as client:
        for ask in (send, get):
            assert (await ask(client, **{member: id_}))["data"] == {"tasks": {"totalCount": 0}}
        assert code(await send(client, **{member: hash_[::-1]})) == "DOCUMENT_NOT_TRUSTED"


async def test_get_in_production_runs_only_stored_documents(database_url: str, redis_url: str, manifest: Path) -> None:
    settings = Settings(
        database_url=database_url, redis_url=redis_url, profile="production", trusted_documents=manifest
    )
    async with running(settings) as client:
        assert "data" in await get(client, documentId=sha256_of(TOTAL))
        assert "data" in await send(client, query=OTHER, **persisted(OTHER))
        assert "data" in await get(client, **persisted(OTHER))
        assert code(await get(client, query=OTHER)) == "DOCUMENT_NOT_STORED"
        assert code(await get(client, query="{ __typename }", **persisted("{ __typename }"))) == "DOCUMENT_NOT_STORED"
        page = await client.http.get("/graphql", headers={"Accept": "text/html"})
        assert "html" not in page.headers["Content-Type"]
