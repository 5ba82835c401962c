"""Tests which persisted queries are kept or evicted, and invalid manifests."""

import hashlib
import json
from pathlib import Path
from sys import getsizeof

import pytest

from api.app import create_app
from api.config.settings import Settings, SettingsError
from api.graphql.persisted_queries import (
    MAX_DOCUMENT_CHARACTERS,
    MAX_DOCUMENTS,
    MAX_DOCUMENTS_BYTES,
    MAX_LINES,
    PersistedQueries,
    load_manifest,
    sha256_of,
)
from api.graphql.request import GraphQLRequest, RequestError
from schema.build import create_schema

TOTAL = "{ tasks(first: 1) { totalCount } }"
LONG = "{ tasks(first: " + "9" * 4301 + ") { totalCount } }"


def hash_of(algorithm: str, text: str) -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def register(queries: PersistedQueries, document: str) -> None:
    queries.register(GraphQLRequest(document, document_id=sha256_of(document)), "default")


def is_registered(queries: PersistedQueries, document: str, workspace: str = "default") -> bool:
    try:
        request = GraphQLRequest(document_id=sha256_of(document))
        return queries.resolve(request, workspace, stored_only=True) == document
    except RequestError:
        return False


def test_least_recently_used_and_too_long_documents_are_not_kept() -> None:
    queries = PersistedQueries()
    documents = [f"# {number}\n{TOTAL}" for number in range(MAX_DOCUMENTS + 1)]
    documents += ["#" * MAX_DOCUMENT_CHARACTERS, "#" * (MAX_DOCUMENT_CHARACTERS + 1)]
    for document in documents:
        register(queries, document)
    missing = [document for document in documents if not is_registered(queries, document)]
    assert missing == [*documents[:2], documents[-1]]


def test_document_that_is_registered_again_is_not_evicted() -> None:
    queries = PersistedQueries()
    documents = [f"# {number}\n{TOTAL}" for number in range(MAX_DOCUMENTS)]
    for document in (*documents, documents[0], "{ __typename }"):
        register(queries, document)
    assert is_registered(queries, documents[0])
    assert not is_registered(queries, documents[1])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "Expecting property name"),
        ("[]", "must be"),
        ('{"operations": [{"id": "a"}]}', "must be"),
        ("1", "must be"),
        ('{"a": 1}', "must be"),
        (json.dumps({"a" * 64: TOTAL}), "must be the SHA-256, SHA-1 or MD5"),
        (json.dumps({"a" * 40: TOTAL}), "must be the SHA-256, SHA-1 or MD5"),
        (json.dumps({"Total": TOTAL}), "must be the SHA-256, SHA-1 or MD5"),
        (json.dumps({"md5:" + hash_of("sha1", TOTAL): TOTAL}), "must be the SHA-256, SHA-1 or MD5"),
        (json.dumps({sha256_of("{ }"): "{ }"}), "is not valid GraphQL"),
        (json.dumps({sha256_of(LONG): LONG}), "is not valid GraphQL"),
        (json.dumps({sha256_of("{"): "{"}), "is not valid GraphQL"),
        (json.dumps({sha256_of("{ nothing }"): "{ nothing }"}), "is not valid for the schema"),
        (None, r"documents\.json: cannot be read: no such file or directory\.$"),
    ],
)
def test_invalid_manifest_is_refused(tmp_path: Path, text: str | None, problem: str) -> None:
    path = tmp_path / "documents.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=problem) as caught:
        create_app(Settings(database_url="postgresql:///x", redis_url="redis://x", trusted_documents=path))
    assert str(path) in str(caught.value)
    assert str(caught.value).startswith("MILLITASK_TRUSTED_DOCUMENTS: ")


@pytest.mark.parametrize("prefix", ["", "PREFIX:"])
@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_manifest_may_name_documents_by_other_hashes(tmp_path: Path, algorithm: str, prefix: str) -> None:
    path = tmp_path / "documents.json"
    hash_ = hash_of(algorithm, TOTAL)
    id_ = prefix.replace("PREFIX", algorithm) + hash_
    path.write_text("\ufeff" + json.dumps({id_: TOTAL}))
    queries = PersistedQueries(load_manifest(path, create_schema()._schema), trusted_only=True)
    for given in (hash_, f"{algorithm}:{hash_}"):
        assert queries.resolve(GraphQLRequest(document_id=given), "default", stored_only=True) == TOTAL
    with pytest.raises(RequestError, match="runs trusted documents only"):
        queries.resolve(GraphQLRequest(document_id=hash_of(algorithm, "{ other }")), "default", stored_only=False)


@pytest.mark.parametrize("algorithm", ["sha1", "md5"])
def test_clients_register_documents_by_sha256_only(algorithm: str) -> None:
    queries = PersistedQueries()
    request = GraphQLRequest(TOTAL, document_id=hash_of(algorithm, TOTAL))
    assert queries.resolve(request, "default", stored_only=False) == TOTAL
    queries.register(request, "default")
    with pytest.raises(RequestError, match="PersistedQueryNotFound"):
        queries.resolve(GraphQLRequest(document_id=request.document_id), "default", stored_only=False)


def test_memory_of_registered_documents_is_bounded() -> None:
    queries = PersistedQueries()
    # A character outside of the basic plane makes each character of its text take four bytes.
    documents = [f"# {number}😀".ljust(MAX_DOCUMENT_CHARACTERS, "#") for number in range(MAX_DOCUMENTS)]
    for document in documents:
        register(queries, document)
    kept = sum(getsizeof(document) for document in documents if is_registered(queries, document))
    assert MAX_DOCUMENTS_BYTES * 0.9 < kept < MAX_DOCUMENTS_BYTES * 1.1


@pytest.mark.parametrize(
    ("text", "limit", "requested"),
    [("#" * 1001, 1000, 1001), ("\n" * 6000, MAX_LINES, 6001), ("\r" * 6000, MAX_LINES, 6001)],
)
def test_long_text_is_refused(text: str, limit: int, requested: int) -> None:
    queries = PersistedQueries(max_characters=1000 if limit == 1000 else 10_000)
    with pytest.raises(RequestError) as refused:
        queries.resolve(GraphQLRequest(text), "default", stored_only=False)
    assert refused.value.extensions == {"code": "DOCUMENT_TOO_LONG", "limit": limit, "requested": requested}


def test_trusted_document_has_no_length_limit() -> None:
    text = TOTAL + "\n" * 6000
    queries = PersistedQueries({sha256_of(text): text}, max_characters=1000)
    request = GraphQLRequest(text, document_id=sha256_of(text))
    assert queries.resolve(request, "default", stored_only=True) == text


def test_document_of_one_workspace_is_unknown_in_another() -> None:
    queries = PersistedQueries()
    register(queries, TOTAL)
    assert is_registered(queries, TOTAL)
    assert not is_registered(queries, TOTAL, "another")
