import io
from collections import Counter

import pytest
from rich.console import Console

from loadgen.load import Plan, load
from loadgen.progress import Progress
from loadgen.summary import Outcome, Summary
from tests.unit.loadgen.peer import Peer, Reply, Task, created, graphql, user_error

pytestmark = pytest.mark.usefixtures("short_waits")


async def run(
    peer: Peer,
    count: int = 20,
    batch: int = 5,
    concurrency: int = 2,
    longest: float = 5,
    max_wait: float = 5,
) -> Summary:
    plan = Plan(peer.url, count, 1, batch, concurrency, longest, max_wait)
    return await load(plan, Progress(Console(file=io.StringIO()), count))


async def test_every_task_is_sent_once_and_acknowledged(peer: Peer) -> None:
    summary = await run(peer, count=23)
    assert summary.outcome is Outcome.COMPLETE
    assert (summary.acknowledged, summary.requests, summary.retries) == (23, 5, 0)
    assert (summary.total_before, summary.total_after) == (0, 23)
    assert sorted(map(len, peer.batches)) == [3, 5, 5, 5, 5]
    assert summary.exit_code == 0


async def test_connections_are_kept(peer: Peer) -> None:
    await run(peer, count=200, batch=1, concurrency=3)
    assert peer.connections <= 3


async def test_several_are_in_flight_and_no_more_than_asked_for(peer: Peer) -> None:
    peer.always = Reply(503, delay=0.2)
    await run(peer, count=100, batch=1, concurrency=4, max_wait=0.3)
    assert peer.connections == 4


async def test_a_second_run_sends_the_same_ids_in_other_batches(peer: Peer) -> None:
    await run(peer, count=30, batch=7)
    first = dict(peer.tasks)
    summary = await run(peer, count=40, batch=3, concurrency=4)
    assert len(peer.tasks) == 40
    assert first.keys() <= peer.tasks.keys()
    assert (summary.total_before, summary.total_after) == (30, 40)


@pytest.mark.parametrize(
    "fault",
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
async def test_faults_that_pass_are_waited_out(peer: Peer, fault: Reply) -> None:
    peer.script.extend([fault] * 3)
    summary = await run(peer)
    assert summary.outcome is Outcome.COMPLETE
    assert (summary.acknowledged, summary.retries, len(peer.tasks)) == (20, 3, 20)
    sent = Counter(task["id"] for batch in peer.batches for task in batch)
    assert len(sent) == 20


async def test_an_answer_that_does_not_come_is_a_fault_that_passes(peer: Peer) -> None:
    peer.script.append(Reply(delay=30))
    summary = await run(peer, longest=0.2)
    assert (summary.outcome, summary.acknowledged) == (Outcome.COMPLETE, 20)
    assert summary.retries == 1


async def test_retry_after_is_honoured(peer: Peer) -> None:
    peer.script.append(Reply(503, b"busy", {"retry-after": "1"}))
    summary = await run(peer, concurrency=1)
    assert summary.outcome is Outcome.COMPLETE
    assert summary.seconds >= 1


async def test_gives_up_when_nothing_succeeds_any_more(peer: Peer) -> None:
    peer.script.append(lambda batch: created([[] for _ in batch]))
    peer.always = Reply(503, b"closed for today")
    summary = await run(peer, concurrency=1, max_wait=0.3)
    assert summary.outcome is Outcome.FAILED
    assert summary.message == "no success for 0.3 s; last: HTTP 503: closed for today"
    assert summary.acknowledged == 5
    assert summary.exit_code == 1
    assert "The same command goes on from here" in summary.lines()[-1]


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Reply(413, b"too large"), "HTTP 413: too large"),
        (Reply(400, b'{"errors": [{"message": "bad"}]}'), "HTTP 400: bad"),
        (graphql(None, [{"message": "too deep"}]), "too deep"),
        (created([], [user_error("TOO_MANY")]), "said TOO_MANY (TOO_MANY)"),
        (created([[]]), "1 results for 5 tasks"),
        (graphql({"createTasks": None}), "not that of Millitask"),
    ],
)
async def test_a_refusal_ends_it_at_once(peer: Peer, refusal: Reply, said: str) -> None:
    peer.always = refusal
    summary = await run(peer, concurrency=1)
    assert (summary.outcome, summary.retries) == (Outcome.FAILED, 0)
    assert len(peer.batches) == 1
    assert summary.message is not None
    assert "tasks 0 to 4 were refused" in summary.message
    assert said in summary.message


async def test_errors_of_items_are_reported_and_the_rest_is_loaded(peer: Peer) -> None:
    def answer(batch: list[Task]) -> Reply:
        return created([[user_error("INVALID")], [user_error("ID_TAKEN")], *([] for _ in batch[2:])])

    peer.script.append(answer)
    summary = await run(peer, concurrency=1)
    assert summary.outcome is Outcome.COMPLETE
    assert (summary.acknowledged, summary.already_taken, summary.failed) == (18, 1, 1)
    assert summary.item_errors == ["task 0: title: said INVALID (INVALID)"]
    assert summary.exit_code == 1


async def test_tasks_deleted_since_are_no_failure(peer: Peer) -> None:
    peer.script.append(lambda batch: created([[user_error("ID_TAKEN")] for _ in batch]))
    summary = await run(peer)
    assert (summary.acknowledged, summary.already_taken) == (15, 5)
    assert summary.exit_code == 0


async def test_bodies_are_json_and_ask_for_no_compression(peer: Peer) -> None:
    await run(peer)
    assert all("content-type: application/json" in head for head in peer.headers)
    assert all("accept-encoding: identity" in head for head in peer.headers)
