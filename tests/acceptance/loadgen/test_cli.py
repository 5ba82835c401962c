import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from tests.support.scripted_server import Reply, ScriptedServer, created

ROOT = Path(__file__).parents[3]


async def start(*arguments: str) -> Process:
    command = (sys.executable, "-m", "loadgen", "load", *arguments)
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE)


async def run(*arguments: str) -> tuple[int | None, str, str]:
    process = await start(*arguments)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_load_prints_and_writes_a_summary(server: ScriptedServer, tmp_path: Path) -> None:
    file = tmp_path / "summary.json"
    code, out, err = await run("--count", "1200", "--url", server.url, "--json", str(file))
    assert code == 0, err
    assert len(server.tasks) == 1200
    assert [len(batch) for batch in server.batches] == [500, 500, 200]
    assert "acknowledged   1,200 tasks" in out
    assert "total          1,200 tasks in the service, 0 before" in out
    assert "1,200 of 1,200 tasks" in err
    summary = json.loads(file.read_text())
    assert (summary["outcome"], summary["acknowledged"]) == ("complete", 1200)
    assert summary["latency_ms"].keys() == {"p50", "p95", "p99", "max"}
    assert 0 < summary["peak_memory_bytes"] < 200_000_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_same_command_continues_after_a_signal(server: ScriptedServer, number: signal.Signals) -> None:
    server.script.append(lambda batch: created([[] for _ in batch]))
    server.always = Reply(503, b"busy")
    arguments = ("--count", "2000", "--url", server.url, "--concurrency", "1")
    process = await start(*arguments)
    await server.third_batch.wait()
    process.send_signal(number)
    out, err = await process.communicate()
    assert process.returncode == 130, err
    assert b"acknowledged   500 tasks" in out
    assert b"Run the same command again to continue" in out
    assert b"Traceback" not in err

    server.always = None
    code, _, err_text = await run(*arguments)
    assert code == 0, err_text
    assert len(server.tasks) == 2000


async def test_missing_service_is_reported() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    code, out, _ = await run("--count", "1", "--url", f"http://127.0.0.1:{port}/graphql")
    assert code == 1
    assert "Is the service running?" in out
    assert len(out.splitlines()) == 1


async def test_wrong_url_is_reported(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "reply", lambda body: Reply(404, b"no such page"))
    code, out, _ = await run("--count", "1", "--url", server.url)
    assert code == 1
    assert out == "the URL is not the GraphQL endpoint of Millitask: HTTP 404: no such page\n"


async def test_refused_token_is_reported(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = b'{"errors": [{"message": "The request has no token.", "extensions": {"code": "UNAUTHENTICATED"}}]}'
    monkeypatch.setattr(server, "reply", lambda body: Reply(401, refusal))
    code, out, _ = await run("--count", "1", "--url", server.url)
    assert code == 1
    assert out == ("HTTP 401: The request has no token. The loader sends the token from --token or MILLITASK_TOKEN.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--count", "0"),
        ("--count", "100000001"),
        ("--count", "many"),
        ("--count", "1", "--url", "localhost:8000"),
        ("--count", "1", "--url", "http://:99999/"),
        ("--count", "1", "--batch", "1001"),
        ("--count", "1", "--concurrency", "0"),
        ("--count", "1", "--max-wait", "0"),
        ("--count", "1", "--seed", "-1"),
        ("--count", "1", "--json", "no/such/folder/x"),
    ],
)
async def test_invalid_arguments_are_reported(arguments: tuple[str, ...]) -> None:
    code, out, err = await run(*arguments)
    assert code not in (0, None)
    assert "Traceback" not in err
    assert (arguments[-2] if arguments else "--count") in out + err
