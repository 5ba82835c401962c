"""Tests the reading of CSV and JSON Lines: columns, line numbers, and files that are damaged."""

import io
import re

import pytest

from loadgen.imports.columns import FIELDS, ColumnRules, WrongColumns
from loadgen.imports.records import Format, Record, RecordReader, UnreadableFile

NO_RULES = ColumnRules()


def read(data: bytes, format_: Format = "csv", rules: ColumnRules = NO_RULES) -> list[Record]:
    return list(RecordReader(io.BytesIO(data), format_, rules).records())


def test_rows_with_bom_line_breaks_in_cells_and_blank_lines() -> None:
    data = '\ufefftitle,description\r\nA,\r\n\r\n"x\r\ny","say ""hi"""\nZoë,z\n'.encode()
    assert [(record.line, record.values) for record in read(data)] == [
        (2, {"title": "A"}),
        (4, {"title": "x\r\ny", "description": 'say "hi"'}),
        (6, {"title": "Zoë", "description": "z"}),
    ]


def test_names_of_columns() -> None:
    data = b"Title,due at,External-ID,list_id,Notes,version,import_error,Who\nA,2026,e,l,n,7,old,w\n"
    rules = ColumnRules({"Who": "assignee"}, frozenset({"Notes"}))
    [record] = read(data, rules=rules)
    assert record.values == {"title": "A", "dueAt": "2026", "externalId": "e", "listId": "l", "assignee": "w"}
    assert record.columns["assignee"] == "Who"


@pytest.mark.parametrize(
    ("header", "rules", "words"),
    [
        ("title,colour", NO_RULES, ['unknown columns: "colour"', "--map", "--ignore", *FIELDS]),
        ("name", ColumnRules(ignored=frozenset({"name"})), ["no column is the title"]),
        ("title,Title", NO_RULES, ['several columns are the field "title"']),
        ("title", ColumnRules({"Due": "dueAt"}), ['no column has the name "Due"']),
    ],
)
def test_wrong_columns(header: str, rules: ColumnRules, words: list[str]) -> None:
    with pytest.raises(WrongColumns) as raised:
        read(header.encode() + b"\n", rules=rules)
    assert all(word in str(raised.value) for word in words)


def test_wrong_rules() -> None:
    with pytest.raises(WrongColumns, match='"due" is not a field'):
        ColumnRules({"Due": "due"})
    with pytest.raises(WrongColumns, match='"Due" is mapped and ignored'):
        ColumnRules({"Due": "dueAt"}, frozenset({"Due"}))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (b"A", "has 1 cells, but the header has 2"),
        (b"A,b,c", "has 3 cells, but the header has 2"),
        (b"A,\xff", "line 2 is not UTF-8: byte 0xff at column 3"),
        (b'A,"x\n\xe9"', "line 3 is not UTF-8: byte 0xe9 at column 1"),
    ],
)
def test_wrong_rows_are_rejected_and_the_next_are_read(row: bytes, problem: str) -> None:
    wrong, right = read(b"title,description\n" + row + b"\nB,c\n")
    assert (wrong.line, wrong.problem is not None and problem in wrong.problem) == (2, True)
    assert (right.values, right.problem) == ({"title": "B", "description": "c"}, None)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b'title\nA\n"B\nC\n', "line 4, in the record that begins on line 3, is not valid CSV"),
        (b'title\n"A" b\n', "line 2"),
        (b"title\n" + b"x" * 131_073 + b"\n", "line 2.*field larger than field limit"),
        (b"title\n" + b"x" * 1_000_001, "line 2 has more than 1,000,000 bytes"),
        (b"t\xe9tle\n", "line 1 is not UTF-8"),
    ],
)
def test_unreadable_files(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile) as raised:
        read(data)
    assert re.search(message, str(raised.value)), raised.value


def test_objects() -> None:
    data = b'\xef\xbb\xbf{"title":"A","labels":["a"],"description":null,"version":3}\r\n\n{"Title":"B"}'
    assert [(record.line, record.values) for record in read(data, "jsonl")] == [
        (1, {"title": "A", "labels": ["a"]}),
        (3, {"title": "B"}),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "is not valid JSON"),
        (b'{"title": "\xff"}', "is not valid JSON in UTF-8"),
        (b"[1]", "is not a JSON object"),
        (b"[" * 100_000, "is not valid JSON"),
        (b'{"title": "A", "colour": "red"}', 'has the unknown member "colour"'),
        (b'{"title": "A", "Title": "B"}', "has the field title twice, as title and as Title"),
    ],
)
def test_wrong_objects_are_rejected_and_the_next_are_read(line: bytes, problem: str) -> None:
    wrong, right = read(line + b'\n{"title":"B"}\n', "jsonl")
    assert wrong.problem is not None
    assert problem in wrong.problem
    assert right.values == {"title": "B"}
