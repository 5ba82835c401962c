"""Records of a file: the rows of a CSV file, or the objects of a JSON Lines file, with their line numbers."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

import msgspec

from loadgen.imports.columns import ColumnRules, WrongColumns

Format = Literal["csv", "jsonl"]
# Far beyond what a task may have, so that a quotation mark without its end does not fill the memory.
MAX_LINE_BYTES = 1_000_000
MAX_CELL_CHARACTERS = 131_072
_BOM = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder().decode


class UnreadableFile(Exception):
    """The file cannot be read any further. The message is shown to the user."""


@dataclass(slots=True)
class Record:
    """One record. `values` are those that are set, by field. A record with a `problem` is rejected.

    line: where it begins. columns: the name of each field's column. source: the cells or the object, as they are.
    """

    line: int
    values: dict[str, Any]
    columns: dict[str, str]
    source: list[str] | bytes
    problem: str | None = None


class RecordReader:
    """Reads the records of a file, in constant memory. `read_bytes` counts what was read.

    For CSV, `header` has the names of the columns once the first record was read.
    """

    def __init__(self, file: BinaryIO, format_: Format, rules: ColumnRules, delimiter: str = ",") -> None:
        self.format = format_
        self.header: list[str] = []
        self.fields: list[str | None] = []
        self.read_bytes = 0
        self._file = file
        self._rules = rules
        self._delimiter = delimiter
        self._line = 0
        # Where the current record begins.
        self._first_line = 1
        # The lines of the current record that are not UTF-8.
        self._damaged: list[tuple[int, UnicodeDecodeError]] = []

    def records(self) -> Iterator[Record]:
        """Yield the records. Raises `UnreadableFile` and `WrongColumns`."""
        return self._objects() if self.format == "jsonl" else self._rows()

    def _lines(self) -> Iterator[bytes]:
        while line := self._file.readline(MAX_LINE_BYTES + 1):
            self._line += 1
            self.read_bytes += len(line)
            if len(line) > MAX_LINE_BYTES:
                raise UnreadableFile(f"line {self._line} has more than {MAX_LINE_BYTES:,} bytes")
            yield line.removeprefix(_BOM) if self._line == 1 else line

    def _texts(self) -> Iterator[str]:
        for line in self._lines():
            try:
                yield line.decode()
            except UnicodeDecodeError as error:
                self._damaged.append((self._line, error))
                yield line.decode(errors="replace")

    def _rows(self) -> Iterator[Record]:
        csv.field_size_limit(MAX_CELL_CHARACTERS)
        rows = csv.reader(self._texts(), delimiter=self._delimiter, strict=True)
        try:
            for row in rows:
                if row and not self.header:
                    self._read_header(row)
                elif row:
                    yield self._row(row)
                self._first_line = self._line + 1
        except csv.Error as error:
            begins = f", in the record that begins on line {self._first_line}," if self.header else ""
            raise UnreadableFile(
                f"line {self._line}{begins} is not valid CSV: {error}. Is a quotation mark not closed or not doubled?"
            ) from None
        if not self.header:
            raise UnreadableFile("the file is empty: it must begin with a header line")

    def _read_header(self, row: list[str]) -> None:
        if self._damaged:
            raise UnreadableFile(_not_utf8(*self._damaged[0]))
        self.header = row
        self.fields = self._rules.fields_of(row)
        self._columns = {field: column for field, column in zip(self.fields, row, strict=True) if field is not None}

    def _row(self, row: list[str]) -> Record:
        line, self._damaged, damaged = self._first_line, [], self._damaged
        if damaged:
            return Record(line, {}, self._columns, row, _not_utf8(*damaged[0]))
        if len(row) != len(self.fields):
            problem = f"has {len(row)} cells, but the header has {len(self.fields)}"
            return Record(line, {}, self._columns, row, problem)
        values = {field: cell for field, cell in zip(self.fields, row, strict=True) if field is not None and cell}
        return Record(line, values, self._columns, row)

    def _objects(self) -> Iterator[Record]:
        for line in self._lines():
            if line.strip():
                yield self._object(line.strip())

    def _object(self, line: bytes) -> Record:
        record = Record(self._line, {}, {}, line)
        try:
            decoded = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            record.problem = f"is not valid JSON in UTF-8: {error}"
            return record
        if not isinstance(decoded, dict):
            record.problem = "is not a JSON object"
            return record
        for member, value in decoded.items():
            try:
                field = self._rules.field_of(member)
            except KeyError:
                record.problem = (
                    f'has the unknown member "{member[:50]}": map it with --map or leave it out with --ignore'
                )
                return record
            if field is None or value is None:
                continue
            if field in record.values:
                record.problem = f"has the field {field} twice, as {record.columns[field]} and as {member[:50]}"
                return record
            record.values[field], record.columns[field] = value, member
        return record


def _not_utf8(line: int, error: UnicodeDecodeError) -> str:
    byte = error.object[error.start]
    return f"line {line} is not UTF-8: byte 0x{byte:02x} at column {error.start + 1}. Convert the file to UTF-8"


def csv_line(cells: list[str], delimiter: str = ",") -> bytes:
    """Return a line of CSV."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


__all__ = ["Format", "Record", "RecordReader", "UnreadableFile", "WrongColumns", "csv_line"]
