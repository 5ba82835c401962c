"""Documents that requests name by a hash: trusted documents of a manifest, and texts that clients sent before."""

import hashlib
import re
from collections import OrderedDict
from pathlib import Path
from typing import Any, NoReturn

from graphql import GraphQLError, GraphQLSchema, parse, validate

from api.config.settings import SettingsError, variable
from api.graphql.json_text import decode_json
from api.graphql.request import GraphQLRequest, RequestError
from schema.limits.checks import check_numbers

# Bounds on the documents that clients register, per worker. A character takes up to four bytes of memory.
MAX_DOCUMENTS, MAX_DOCUMENT_CHARACTERS, MAX_DOCUMENTS_BYTES = 1024, 16 * 1024, 16 * 2**20
# Errors say where they are in the document. To find that, graphql-core walks over all lines before, for each error.
MAX_LINES = 5000
# The hash function of an id by its length in hexadecimal digits. Clients register documents under SHA-256 only. The
# others are the ids of trusted documents: graphql-codegen makes SHA-1, and Relay MD5, unless they are configured
# otherwise. The author of the manifest decides what is trusted, so a weak hash is no risk.
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}
_SHA256_DIGITS = 64
_HASH = re.compile(r"(?:(md5|sha1|sha256):)?([0-9a-f]+)")
_HASHES = "the SHA-256, SHA-1 or MD5 of its text in lower-case hexadecimal digits"


class PersistedQueries:
    """The documents that requests can name by a hash.

    Trusted documents never change, and belong to all workspaces. Documents that clients register belong to the
    workspace of the client. They are kept per worker, the least recently used evicted first. A client that reaches
    another worker gets PERSISTED_QUERY_NOT_FOUND and sends the text.
    """

    def __init__(
        self, trusted: dict[str, str] | None = None, *, trusted_only: bool = False, max_characters: int = 2**16
    ) -> None:
        """`max_characters` limits the texts of clients. Trusted documents have no limit."""
        self._trusted = trusted or {}
        self._trusted_only = trusted_only
        self._max_characters = max_characters
        # By workspace and hash.
        self._registered: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._registered_bytes = 0

    def resolve(self, request: GraphQLRequest, workspace: str, *, stored_only: bool) -> str:
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
            return self._registered_document((workspace, hash_))
        if not request.query:
            raise RequestError(400, 'The request has no operation: send a "query", or the "documentId" of a document.')
        self._check_length(request.query)
        if hash_ is not None and not _is_hash_of(hash_, request.query):
            raise RequestError(
                400,
                "The hash is not that of the query. Compute it from the exact text that you send.",
                "PERSISTED_QUERY_HASH_MISMATCH",
            )
        if stored_only:
            raise RequestError(
                400, "GET runs stored documents only. Send the text of a document by POST.", "DOCUMENT_NOT_STORED"
            )
        return request.query

    def register(self, request: GraphQLRequest, workspace: str) -> None:
        """Store the text of a valid request that also carries its hash. Texts over the size limit are not stored."""
        hash_ = document_hash(request)
        if hash_ is None or request.query is None or hash_ in self._trusted or len(hash_) != _SHA256_DIGITS:
            return
        if len(request.query) > MAX_DOCUMENT_CHARACTERS:
            return
        key = workspace, hash_
        if key not in self._registered:
            self._registered_bytes += _memory_bytes(request.query)
        self._registered[key] = request.query
        self._registered.move_to_end(key)
        while len(self._registered) > MAX_DOCUMENTS or self._registered_bytes > MAX_DOCUMENTS_BYTES:
            _, evicted = self._registered.popitem(last=False)
            self._registered_bytes -= _memory_bytes(evicted)

    def _check_length(self, text: str) -> None:
        """Raise `RequestError` if a text is too long to be read."""
        if len(text) > self._max_characters:
            _refuse_length("characters", self._max_characters, len(text))
        if len(text) > MAX_LINES and (lines := 1 + text.count("\n") + text.count("\r")) > MAX_LINES:
            _refuse_length("lines", MAX_LINES, lines)

    def _registered_document(self, key: tuple[str, str]) -> str:
        if key not in self._registered:
            # Apollo's protocol prescribes this message and code. Its clients then send the text.
            raise RequestError(400, "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
        self._registered.move_to_end(key)
        return self._registered[key]


def _refuse_length(what: str, limit: int, requested: int) -> NoReturn:
    raise RequestError(
        400,
        f"The document has {requested:,} {what}; the limit is {limit:,}. Shorten it, or use variables.",
        "DOCUMENT_TOO_LONG",
        {"limit": limit, "requested": requested},
    )


def _memory_bytes(text: str) -> int:
    """Return the memory of a text, or an upper bound."""
    return len(text) if text.isascii() else 4 * len(text)


def document_hash(request: GraphQLRequest) -> str | None:
    """Return the hash (hexadecimal) in `documentId` or in Apollo's `persistedQuery`, or None if there is neither.

    Raises `RequestError` if either field is malformed.
    """
    if request.document_id is None and not request.has_extensions:
        return None
    persisted: Any = request.extensions.get("persistedQuery")
    if request.document_id is None and persisted is None:
        return None
    if request.document_id is not None:
        given: Any = request.document_id
    elif isinstance(persisted, dict) and persisted.get("version") == 1:
        given = persisted.get("sha256Hash")
    else:
        raise RequestError(400, 'extensions.persistedQuery must be {"version": 1, "sha256Hash": "…"}.')
    hash_ = _parse_hash(given) if isinstance(given, str) else None
    if hash_ is None:
        raise RequestError(400, f"The id of a document must be {_HASHES}.")
    return hash_


def _parse_hash(text: str) -> str | None:
    """Return the hexadecimal digits of an id, or None if it is not a hash that the service knows."""
    match = _HASH.fullmatch(text)
    algorithm = None if match is None else _ALGORITHMS.get(len(match[2]))
    return match[2] if match is not None and algorithm is not None and match[1] in (None, algorithm) else None


def _is_hash_of(hash_: str, text: str) -> bool:
    # An unpaired surrogate has no UTF-8 form. The parser refuses it later, with a better message than hashing would.
    digest = hashlib.new(_ALGORITHMS[len(hash_)], text.encode(errors="surrogatepass"), usedforsecurity=False)
    return digest.hexdigest() == hash_


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a document in hexadecimal."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def load_manifest(path: Path, schema: GraphQLSchema) -> dict[str, str]:
    """Return the documents of a manifest by hash. Raises `SettingsError` if the manifest or a document is not valid.

    The file is Apollo's persisted query manifest, or a JSON object that maps each hash to its document.
    """
    try:
        return _read_manifest(path, schema)
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {str(error.strerror).lower()}." if isinstance(error, OSError) else str(error)
        raise SettingsError(f"{variable('trusted_documents')}: {path}: {problem}") from error


def _read_manifest(path: Path, schema: GraphQLSchema) -> dict[str, str]:
    """Return the documents of a manifest by hash. Raises `OSError`, or `ValueError` with what is wrong."""
    documents: dict[str, str] = {}
    for id_, text in _manifest_items(decode_json(path.read_bytes())):
        hash_ = _parse_hash(id_)
        if hash_ is None or not _is_hash_of(hash_, text):
            raise ValueError(f"{id_[:80]} must be {_HASHES}, exactly as the file has it.")
        if problem := _document_problem(schema, text):
            raise ValueError(f"the document {id_} {problem}")
        documents[hash_] = text
    return documents


def _manifest_items(manifest: Any) -> list[tuple[str, str]]:
    """Return the pairs of an id and a document. Raises `ValueError`."""
    try:
        items = (
            [(item["id"], item["body"]) for item in manifest["operations"]]
            if "operations" in manifest
            else list(manifest.items())
        )
    except (TypeError, KeyError, AttributeError):
        items = [(None, None)]
    if not all(isinstance(part, str) for item in items for part in item):
        raise ValueError('must be {"operations": [{"id": …, "body": …}]} or {hash: document}.')
    return items


def _document_problem(schema: GraphQLSchema, text: str) -> str | None:
    """Return why a document can never run, or None."""
    try:
        document = parse(text, allow_empty_selection_sets=False)
        check_numbers(text, document)
    except GraphQLError as error:
        return f"is not valid GraphQL: {error.message}"
    errors = validate(schema, document)
    return f"is not valid for the schema: {errors[0].message}" if errors else None
