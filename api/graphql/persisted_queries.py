"""Documents that are named by the hash of their text: trusted ones of a manifest, and those that clients have sent."""

import hashlib
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import msgspec
from graphql import GraphQLError, GraphQLSchema, parse, validate

from api.config.settings import SettingsError
from api.graphql.request import Operation, RequestError

# How many documents that clients have sent are kept, and how long each may be (characters): 16 MiB at most.
MOST, LONGEST = 1024, 16 * 1024
_HASH = re.compile(r"(sha256:)?([0-9a-f]{64})")


class Documents:
    """What a document's id stands for. Trusted documents never change; the others are those that were used last, kept
    by each process for itself: a client that asks another process is told PERSISTED_QUERY_NOT_FOUND, and sends the
    text."""

    def __init__(self, trusted: dict[str, str] | None = None, *, trusted_only: bool = False) -> None:
        self._trusted = trusted or {}
        self._trusted_only = trusted_only
        self._sent: OrderedDict[str, str] = OrderedDict()

    def text(self, operation: Operation, *, stored_only: bool) -> str:
        """Return the document of a request; with `stored_only`, never one that came with it. Raises `RequestError`."""
        id_ = document_id(operation)
        if id_ in self._trusted:
            return self._trusted[id_]
        if self._trusted_only:
            raise RequestError(
                400,
                "Only trusted documents are answered here, and this is none of them: ask for one by its documentId, or "
                "have this one added to the manifest.",
                "DOCUMENT_NOT_TRUSTED",
            )
        if id_ is not None and operation.query is None:
            return self._recall(id_)
        if not operation.query:
            raise RequestError(
                400, 'There is nothing to run: send a "query", or the "documentId" of a stored document.'
            )
        if id_ is not None and hash_of(operation.query) != id_:
            raise RequestError(400, "The sha256Hash is not that of the query.", "PERSISTED_QUERY_HASH_MISMATCH")
        if stored_only:
            raise RequestError(
                400, "GET is answered for stored documents only: send the text by POST.", "DOCUMENT_NOT_STORED"
            )
        return operation.query

    def keep(self, operation: Operation) -> None:
        """Keeps the text of an operation that came with its hash, and that was found to be valid."""
        id_ = document_id(operation)
        if id_ is None or operation.query is None or id_ in self._trusted or len(operation.query) > LONGEST:
            return
        self._sent[id_] = operation.query
        self._sent.move_to_end(id_)
        if len(self._sent) > MOST:
            self._sent.popitem(last=False)

    def _recall(self, id_: str) -> str:
        if id_ not in self._sent:
            # The words and the code of Apollo's protocol: its clients answer with the text.
            raise RequestError(400, "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
        self._sent.move_to_end(id_)
        return self._sent[id_]


def document_id(operation: Operation) -> str | None:
    """The SHA-256 that the document is named by, in hexadecimal: a `documentId`, or Apollo's `persistedQuery`."""
    persisted: Any = operation.extensions.get("persistedQuery")
    if operation.document_id is None and persisted is None:
        return None
    if operation.document_id is not None:
        given: Any = operation.document_id
    elif isinstance(persisted, dict) and persisted.get("version") == 1:
        given = persisted.get("sha256Hash")
    else:
        raise RequestError(400, 'extensions.persistedQuery must be {"version": 1, "sha256Hash": "…"}.')
    match = _HASH.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise RequestError(
            400, "The id of a document is the SHA-256 of its text: 64 hexadecimal digits, in lower case."
        )
    return match[2]


def hash_of(text: str) -> str:
    """SHA-256 in hexadecimal; of half a surrogate pair as well, which is no text and is refused later."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def trusted_documents(path: Path, schema: GraphQLSchema) -> dict[str, str]:
    """The documents of a manifest, by hash: Apollo's persisted query manifest, or an object of hashes and texts.

    Raises `SettingsError`, which names what is wrong.
    """
    try:
        manifest = msgspec.json.decode(path.read_bytes())
        documents: dict[str, str] = (
            {item["id"]: item["body"] for item in manifest["operations"]} if "operations" in manifest else manifest
        )
        for id_, text in documents.items():
            if id_.removeprefix("sha256:") != hash_of(text):
                raise SettingsError(f"{path}: {id_} is not the SHA-256 of its document.")
            if errors := validate(schema, parse(text)):
                raise SettingsError(f"{path}: the document {id_} does not fit the schema: {errors[0].message}")
    except GraphQLError as error:
        raise SettingsError(f"{path}: a document is not GraphQL: {error.message}") from error
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as a manifest of documents: {error}") from error
    except (TypeError, KeyError, AttributeError) as error:
        raise SettingsError(
            f'{path}: must be {{"operations": [{{"id": …, "body": …}}]}} or {{hash: document}}.'
        ) from error
    return {id_.removeprefix("sha256:"): text for id_, text in documents.items()}
