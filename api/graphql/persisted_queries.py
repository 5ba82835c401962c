"""Documents that requests name by a hash: trusted documents of a manifest, and texts that clients sent before."""

import hashlib
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import msgspec
from graphql import GraphQLError, GraphQLSchema, parse, validate

from api.config.settings import SettingsError
from api.graphql.request import GraphQLRequest, RequestError

# Bounds on the documents that clients register: at most 16 MiB per worker.
MAX_DOCUMENTS, MAX_DOCUMENT_CHARACTERS = 1024, 16 * 1024
_HASH = re.compile(r"(sha256:)?([0-9a-f]{64})")


class PersistedQueries:
    """The documents that requests can name by a hash.

    Trusted documents never change. Documents that clients register are kept per worker, the least recently used
    evicted first. A client that reaches another worker gets PERSISTED_QUERY_NOT_FOUND and sends the text.
    """

    def __init__(self, trusted: dict[str, str] | None = None, *, trusted_only: bool = False) -> None:
        self._trusted = trusted or {}
        self._trusted_only = trusted_only
        self._registered: OrderedDict[str, str] = OrderedDict()

    def resolve(self, request: GraphQLRequest, *, stored_only: bool) -> str:
        """Return the text of the requested document. With `stored_only`, reject a text in the request, unless trusted.

        Raises `RequestError`.
        """
        hash_ = document_hash(request)
        if hash_ in self._trusted:
            return self._trusted[hash_]
        if self._trusted_only:
            raise RequestError(
                400,
                "This server runs trusted documents only, and this document is not one of them. Request a trusted "
                "document by its documentId, or add this one to the manifest.",
                "DOCUMENT_NOT_TRUSTED",
            )
        if hash_ is not None and request.query is None:
            return self._registered_document(hash_)
        if not request.query:
            raise RequestError(400, 'The request has no operation: send a "query", or the "documentId" of a document.')
        if hash_ is not None and sha256_of(request.query) != hash_:
            raise RequestError(
                400,
                "sha256Hash is not the SHA-256 of the query. Compute it from the exact text that you send.",
                "PERSISTED_QUERY_HASH_MISMATCH",
            )
        if stored_only:
            raise RequestError(
                400, "GET runs stored documents only. Send the text of a document by POST.", "DOCUMENT_NOT_STORED"
            )
        return request.query

    def register(self, request: GraphQLRequest) -> None:
        """Store the text of a valid request that also carries its hash. Texts over the size limit are not stored."""
        hash_ = document_hash(request)
        if hash_ is None or request.query is None or hash_ in self._trusted:
            return
        if len(request.query) > MAX_DOCUMENT_CHARACTERS:
            return
        self._registered[hash_] = request.query
        self._registered.move_to_end(hash_)
        if len(self._registered) > MAX_DOCUMENTS:
            self._registered.popitem(last=False)

    def _registered_document(self, hash_: str) -> str:
        if hash_ not in self._registered:
            # Apollo's protocol prescribes this message and code. Its clients then send the text.
            raise RequestError(400, "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
        self._registered.move_to_end(hash_)
        return self._registered[hash_]


def document_hash(request: GraphQLRequest) -> str | None:
    """Return the SHA-256 (hexadecimal) in `documentId` or in Apollo's `persistedQuery`, or None if there is neither.

    Raises `RequestError` if either field is malformed.
    """
    persisted: Any = request.extensions.get("persistedQuery")
    if request.document_id is None and persisted is None:
        return None
    if request.document_id is not None:
        given: Any = request.document_id
    elif isinstance(persisted, dict) and persisted.get("version") == 1:
        given = persisted.get("sha256Hash")
    else:
        raise RequestError(400, 'extensions.persistedQuery must be {"version": 1, "sha256Hash": "…"}.')
    match = _HASH.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise RequestError(
            400, "The id of a document must be the SHA-256 of its text: 64 hexadecimal digits in lower case."
        )
    return match[2]


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a document in hexadecimal."""
    # An unpaired surrogate has no UTF-8 form. The parser refuses it later, with a better message than hashing would.
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def load_manifest(path: Path, schema: GraphQLSchema) -> dict[str, str]:
    """Return the documents of a manifest by hash. Raises `SettingsError` if the manifest or a document is not valid.

    The file is Apollo's persisted query manifest, or a JSON object that maps each hash to its document.
    """
    try:
        manifest = msgspec.json.decode(path.read_bytes())
        documents: dict[str, str] = (
            {item["id"]: item["body"] for item in manifest["operations"]} if "operations" in manifest else manifest
        )
        for hash_, text in documents.items():
            if hash_.removeprefix("sha256:") != sha256_of(text):
                raise SettingsError(f"{path}: {hash_} is not the SHA-256 of its document.")
            if errors := validate(schema, parse(text)):
                raise SettingsError(f"{path}: the document {hash_} is not valid for the schema: {errors[0].message}")
    except GraphQLError as error:
        raise SettingsError(f"{path}: a document is not valid GraphQL: {error.message}") from error
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as a manifest of documents: {error}") from error
    except (TypeError, KeyError, AttributeError) as error:
        raise SettingsError(
            f'{path}: must be {{"operations": [{{"id": …, "body": …}}]}} or {{hash: document}}.'
        ) from error
    return {hash_.removeprefix("sha256:"): text for hash_, text in documents.items()}
