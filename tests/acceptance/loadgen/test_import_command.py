import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


async def start(*arguments: str) -> Process:
    command = (sys.executable, "-m", "loadgen", "import", *arguments)
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE)


async def run(data: bytes, *arguments: str) -> tuple[int | None, str, str]:
    process = await start(*arguments)
    out, err = await process.communicate(data)
    return process.returncode, out.decode(), err.decode()


async def test_dry_run_of_a_file_with_every_option(tmp_path: Path) -> None:
    file, rejects, summary = tmp_path / "a.csv", tmp_path / "rejected.csv", tmp_path / "summary.json"
    file.write_bytes(b"Name;Due date;Tags;Notes\nA;2026-01-01;a|b;x\nB;soon;;y\n")
    options: tuple[str, ...] = (
        "--map",
        "Name=title",
        "--map",
        "Due date=dueAt",
        "--map",
        "Tags=labels",
        "--ignore",
        "Notes",
    )
    options += ("--delimiter", ";", "--label-separator", "|", "--timezone", "Europe/Berlin", "--number-lines", "a-")
    code, out, err = await run(b"", str(file), "--dry-run", *options, "--rejects", str(rejects), "--json", str(summary))
    assert code == 1, err
    assert "valid     1 records (dry run: nothing was sent)" in out
    assert 'line 3, column "Due date", value "soon": dueAt must be a time in ISO 8601' in err
    assert rejects.read_text().splitlines()[0] == "Name;Due date;Tags;Notes;import_error"
    assert json.loads(summary.read_bytes())["rejected"] == 1
    assert json.loads(summary.read_bytes())["peak_memory_bytes"] < 150_000_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signal_ends_an_import_that_waits_for_input(number: signal.Signals) -> None:
    process = await start("-", "--dry-run")
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(b"title\nA\n" + b",\n")
    await process.stdin.drain()
    assert b"line 3" in await process.stderr.readline()
    process.send_signal(number)
    assert await process.wait() == 130
    process.stdin.close()


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("no/such/file.csv", "--dry-run"), 1, "No such file"),
        (("-", "--map", "title"), 2, "COLUMN=FIELD"),
        (("-", "--map", "a=colour"), 2, "colour"),
        (("-", "--timezone", "Mars/Olympus"), 2, "Europe/Berlin"),
        (("-", "--delimiter", ";;"), 2, "one character"),
        (("-", "--url", "http://127.0.0.1:9/graphql"), 1, "Is the service running?"),
    ],
)
async def test_wrong_arguments_are_reported(arguments: tuple[str, ...], code: int, word: str) -> None:
    found, out, err = await run(b"title\nA\n", *arguments)
    assert found == code
    assert "Traceback" not in err
    assert word in out + err
