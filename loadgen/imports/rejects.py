"""Rejected records: messages for people, and a file from which the corrected records can be imported."""

import sys
from typing import BinaryIO, TextIO

import msgspec

from loadgen.imports.columns import ERROR_COLUMN
from loadgen.imports.records import Record, RecordReader, csv_line

MAX_VALUE_CHARACTERS = 60
_encode = msgspec.json.Encoder().encode


class Rejects:
    """Prints the first rejected records, counts all, and writes each to a file if there is one."""

    def __init__(
        self, reader: RecordReader, file: BinaryIO | None, shown: int, delimiter: str, stream: TextIO = sys.stderr
    ) -> None:
        """shown: how many are printed."""
        self.count = 0
        self._reader = reader
        self._file = file
        self._shown = shown
        self._delimiter = delimiter
        self._stream = stream

    def add(self, record: Record, errors: list[tuple[str, str]]) -> None:
        """Reject a record for its errors: of each the field, '' for the whole record, and the message."""
        if self._file is not None:
            if not self.count and self._reader.format == "csv":
                header = [column for column in self._reader.header if column != ERROR_COLUMN]
                self._file.write(csv_line([*header, ERROR_COLUMN], self._delimiter))
            self._file.write(self._line(record, "; ".join(message for _, message in errors)))
        self.count += 1
        if self.count <= self._shown:
            for field, message in errors:
                self._stream.write(f"line {record.line}{_place(record, field)}: {message}\n")
        elif self.count == self._shown + 1:
            self._stream.write("further rejected records are only counted (--show)\n")

    def _line(self, record: Record, message: str) -> bytes:
        source = record.source
        if isinstance(source, bytes):
            try:
                decoded = msgspec.json.decode(source)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                decoded = None
            if isinstance(decoded, dict):
                return _encode(decoded | {ERROR_COLUMN: message}) + b"\n"
            return _encode({ERROR_COLUMN: message, "line": source.decode(errors="replace")}) + b"\n"
        header = self._reader.header
        cells = source
        if ERROR_COLUMN in header and len(source) == len(header):
            cells = [cell for column, cell in zip(header, source, strict=True) if column != ERROR_COLUMN]
        return csv_line([*cells, message], self._delimiter)


def _place(record: Record, field: str) -> str:
    """Return the column of a field with its value, shortened."""
    column = record.columns.get(field)
    if column is None:
        return ""
    if field not in record.values:
        return f', column "{column}"'
    value = record.values[field]
    text = value if isinstance(value, str) else _encode(value).decode() if _is_json(value) else str(value)
    text = text[:MAX_VALUE_CHARACTERS] + "…" if len(text) > MAX_VALUE_CHARACTERS else text
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return f', column "{column}", value "{shown}"'


def _is_json(value: object) -> bool:
    return isinstance(value, list | dict)
