"""Tests which persisted queries are kept or evicted, and invalid manifests."""

import json
from pathlib import Path

import pytest

from api.app import create_app
from api.config.settings import Settings, SettingsError
from api.graphql.persisted_queries import MAX_DOCUMENT_CHARACTERS, MAX_DOCUMENTS, PersistedQueries, sha256_of
from api.graphql.request import GraphQLRequest, RequestError

TOTAL = "{ tasks(first: 1) { totalCount } }"


def register(queries: PersistedQueries, document: str) -> None:
    queries.register(GraphQLRequest(document, document_id=sha256_of(document)))


def is_registered(queries: PersistedQueries, document: str) -> bool:
    try:
        return queries.resolve(GraphQLRequest(document_id=sha256_of(document)), stored_only=True) == document
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
        ("{", "cannot be read"),
        ("[]", "must be"),
        ('{"operations": [{"id": "a"}]}', "must be"),
        (json.dumps({"a" * 64: TOTAL}), "is not the SHA-256"),
        (json.dumps({sha256_of("{"): "{"}), "is not valid GraphQL"),
        (json.dumps({sha256_of("{ nothing }"): "{ nothing }"}), "is not valid for the schema"),
        (None, "cannot be read"),
    ],
)
def test_invalid_manifest_is_refused(tmp_path: Path, text: str | None, problem: str) -> None:
    path = tmp_path / "documents.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=problem) as caught:
        create_app(Settings(database_url="postgresql:///x", redis_url="redis://x", trusted_documents=path))
    assert str(path) in str(caught.value)
