"""The response of an operation: its JSON, also in compressed form."""

import zlib
from typing import Any, NamedTuple, Protocol

from msgspec import Raw, Struct
from msgspec.structs import astuple

from schema.execution.answer import Answer
from schema.execution.plan import Plan

# Level 1 of zlib: higher levels take much more time and save few bytes.
COMPRESSION_LEVEL = 1
# This value of `wbits` makes zlib write the header and the trailer of gzip.
_GZIP = 16 + zlib.MAX_WBITS
# The outcome of an operation without errors.
OK = "OK"


class CompressedHolder(Protocol):
    """Keeps the compressed form of a body that several responses share, such as a cached page."""

    gzipped: bytes | None


LoggedOperation = tuple[str, str | None, str | None, int | None]


class OperationRecord(NamedTuple):
    """What logs and metrics tell of an operation.

    name, document_hash: None if there is no valid operation. The name is that for logs, so a long one is cut. The hash
    is SHA-256 in hexadecimal digits. points: its cost. outcome: OK, or the code of the first error. errors: their
    number. plan: None if there is no plan.
    """

    outcome: str
    name: str | None = None
    document_hash: str | None = None
    points: int | None = None
    errors: int = 0
    plan: Plan | None = None

    @property
    def logged(self) -> LoggedOperation:
        """The fields of a log line. They are cached, so they hold no plan."""
        return self.outcome, self.name, self.document_hash, self.points

    @property
    def kind(self) -> str | None:
        """query, mutation or subscription; None if there is no valid operation."""
        kind = None if self.plan is None else self.plan.kind
        return None if kind is None else kind.value


class ResponseBody:
    """The JSON of a response, and whether the operation was executed: otherwise the JSON has no `data`."""

    __slots__ = ("_holder", "body", "executed", "record")

    def __init__(
        self, body: bytes, record: OperationRecord, *, executed: bool, holder: CompressedHolder | None = None
    ) -> None:
        self.body = body
        self.record = record
        self.executed = executed
        self._holder = holder

    def compressed(self) -> bytes:
        """Return the body compressed by gzip. With a holder, only the first of its responses compresses."""
        holder = self._holder
        if holder is None:
            return compress(self.body)
        gzipped = holder.gzipped
        if gzipped is None:
            gzipped = holder.gzipped = compress(self.body)
        return gzipped

    @property
    def is_compressed(self) -> bool:
        """Whether `compressed` returns at once."""
        return self._holder is not None and self._holder.gzipped is not None


def body_of(answer: Answer) -> dict[str, Any]:
    """Return the body of a response. `data` is absent if the operation did not run, and null if it ran and failed."""
    body: dict[str, Any] = {"data": answer.data} if answer.executed else {}
    if answer.errors:
        body["errors"] = [dict(error.formatted) for error in answer.errors]
    if answer.extensions:
        body["extensions"] = answer.extensions
    return body


def compress(body: bytes) -> bytes:
    """Return the body compressed by gzip."""
    return zlib.compress(body, COMPRESSION_LEVEL, _GZIP)


def has_more_text(content: Any, limit_bytes: int) -> bool:
    """Return whether the texts of a response have more bytes than the limit. Their JSON has at least as many."""
    waiting, size = [content], 0
    while waiting and size <= limit_bytes:
        value = waiting.pop()
        if isinstance(value, str):
            size += len(value) if value.isascii() else len(value.encode(errors="surrogatepass"))
        elif isinstance(value, Raw):
            size += memoryview(value).nbytes
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
        elif isinstance(value, Struct):
            waiting += astuple(value)
    return size > limit_bytes
