import io
from collections import Counter

import pytest
from rich.console import Console

from loadgen.load import LoadPlan, load
from loadgen.progress import Progress
from loadgen.summary import Outcome, Summary
from tests.support.scripted_server import Reply, ScriptedServer, Task, created, graphql, user_error

pytestmark = pytest.mark.usefixtures("short_backoff")


async def run(
    server: ScriptedServer,
    count: int = 20,
    batch: int = 5,
    concurrency: int = 2,
    timeout_seconds: float = 5,
    max_wait: float = 5,
) -> Summary:
    plan = LoadPlan(server.url, count, 1, batch, concurrency, timeout_seconds, max_wait)
    return await load(plan, Progress(Console(file=io.StringIO()), count))


async def test_every_task_is_sent_once_and_acknowledged(server: ScriptedServer) -> None:
    summary = await run(server, count=23)
    assert summary.outcome is Outcome.COMPLETE
    assert (summary.acknowledged, summary.requests, summary.retries) == (23, 5, 0)
    assert (summary.total_before, summary.total_after) == (0, 23)
    assert sorted(map(len, server.batches)) == [3, 5, 5, 5, 5]
    assert summary.exit_code == 0


async def test_connections_are_reused(server: ScriptedServer) -> None:
    await run(server, count=200, batch=1, concurrency=3)
    assert server.connections <= 3


async def test_concurrency_is_at_most_the_configured_number(server: ScriptedServer) -> None:
    server.always = Reply(503, delay=0.05)
    # A timeout would open another connection, so `max_wait` is much longer than the delay.
    await run(server, count=100, batch=1, concurrency=4, max_wait=1.5)
    assert server.connections == 4


async def test_second_run_with_other_batches_sends_the_same_ids(server: ScriptedServer) -> None:
    await run(server, count=30, batch=7)
    first = dict(server.tasks)
    summary = await run(server, count=40, batch=3, concurrency=4)
    assert len(server.tasks) == 40
    assert first.keys() <= server.tasks.keys()
    assert (summary.total_before, summary.total_after) == (30, 40)


@pytest.mark.parametrize(
    "error",
    [
        Reply(503, b"busy", {"retry-after": "0"}),
        Reply(500, b"oops"),
        Reply(429),
        Reply(408),
        graphql(None, [{"message": "away", "extensions": {"code": "UNAVAILABLE"}}]),
        graphql(None, [{"message": "done or not", "extensions": {"code": "OUTCOME_UNKNOWN"}}]),
        Reply(cut=0),
        Reply(cut=30),
    ],
    ids=["503", "500", "429", "408", "UNAVAILABLE", "OUTCOME_UNKNOWN", "dropped", "dropped in the answer"],
)
async def test_temporary_errors_are_retried(server: ScriptedServer, error: Reply) -> None:
    server.script.extend([error] * 3)
    summary = await run(server)
    assert summary.outcome is Outcome.COMPLETE
    assert (summary.acknowledged, summary.retries, len(server.tasks)) == (20, 3, 20)
    sent = Counter(task["id"] for batch in server.batches for task in batch)
    assert len(sent) == 20


async def test_missing_response_is_retried_after_the_timeout(server: ScriptedServer) -> None:
    server.script.append(Reply(delay=30))
    summary = await run(server, timeout_seconds=0.2)
    assert (summary.outcome, summary.acknowledged) == (Outcome.COMPLETE, 20)
    assert summary.retries == 1


async def test_retry_after_is_honoured(server: ScriptedServer) -> None:
    server.script.append(Reply(503, b"busy", {"retry-after": "1"}))
    summary = await run(server, concurrency=1)
    assert summary.outcome is Outcome.COMPLETE
    assert summary.seconds >= 1


async def test_load_fails_when_no_request_succeeds_for_the_maximum_wait(server: ScriptedServer) -> None:
    server.script.append(lambda batch: created([[] for _ in batch]))
    server.always = Reply(503, b"closed for today")
    summary = await run(server, concurrency=1, max_wait=0.3)
    assert summary.outcome is Outcome.FAILED
    assert summary.message == "no request succeeded for 0.3 s (last error: HTTP 503: closed for today)"
    assert summary.acknowledged == 5
    assert summary.exit_code == 1
    assert "Run the same command again to continue" in summary.lines()[-1]


@pytest.mark.parametrize(
    ("rejection", "reason"),
    [
        (Reply(413, b"too large"), "HTTP 413: too large"),
        (Reply(400, b'{"errors": [{"message": "bad"}]}'), "HTTP 400: bad"),
        (graphql(None, [{"message": "too deep"}]), "too deep"),
        (created([], [user_error("TOO_MANY")]), "said TOO_MANY (TOO_MANY)"),
        (created([[]]), "1 results for 5 tasks"),
        (graphql({"createTasks": None}), "not from Millitask"),
    ],
)
async def test_rejected_request_ends_the_load(server: ScriptedServer, rejection: Reply, reason: str) -> None:
    server.always = rejection
    summary = await run(server, concurrency=1)
    assert (summary.outcome, summary.retries) == (Outcome.FAILED, 0)
    assert len(server.batches) == 1
    assert summary.message is not None
    assert "the service rejected tasks 0 to 4" in summary.message
    assert reason in summary.message


async def test_failed_tasks_are_reported_and_the_others_are_loaded(server: ScriptedServer) -> None:
    def respond(batch: list[Task]) -> Reply:
        return created([[user_error("INVALID")], [user_error("ID_TAKEN")], *([] for _ in batch[2:])])

    server.script.append(respond)
    summary = await run(server, concurrency=1)
    assert summary.outcome is Outcome.COMPLETE
    assert (summary.acknowledged, summary.already_taken, summary.failed) == (18, 1, 1)
    assert summary.item_errors == ["task 0: title: said INVALID (INVALID)"]
    assert summary.exit_code == 1


async def test_tasks_deleted_since_an_earlier_load_are_not_failures(server: ScriptedServer) -> None:
    server.script.append(lambda batch: created([[user_error("ID_TAKEN")] for _ in batch]))
    summary = await run(server)
    assert (summary.acknowledged, summary.already_taken) == (15, 5)
    assert summary.exit_code == 0


async def test_requests_are_json_without_compression(server: ScriptedServer) -> None:
    await run(server)
    assert all("content-type: application/json" in head for head in server.headers)
    assert all("accept-encoding: identity" in head for head in server.headers)
