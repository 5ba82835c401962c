"""Attacks of single clients on a worker: others are answered, the attackers are cut off, and memory stays bounded.

Each test prints the longest time that the worker's event loop was held, and how long an honest client waited for pages
(`pytest -s`). Tests do not assert times.
"""

import asyncio
import json
import select
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from api.config.settings import Settings
from api.devstores.stores import find_stores
from tests.acceptance.api.many_subscriptions import write_with_subscriptions
from tests.support.loop_watchdog import Observations, watched
from tests.support.raw_client import HEAD, code_of, connect, is_closed, is_page_of, post, response, send_all
from tests.support.service_process import Service, serve, until
from tests.support.table_lock import locked_task_table

TIMEOUT_MS = "3000"
MAX_RESIDENT_BYTES = 300 * 2**20
ALIVE = post("{ __typename }")
PAGE = post("{ tasks(first: 100) { nodes { id description } } }")
CREATE = "mutation ($tasks: [CreateTaskInput!]!) { createTasks(input: {tasks: $tasks}) { userErrors { code } } }"

pytestmark = pytest.mark.xdist_group("attacks")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = tmp_path_factory.mktemp("attacks")
    with serve(data, MILLITASK_RECEIVE_TIMEOUT_MS=TIMEOUT_MS, MILLITASK_SEND_TIMEOUT_MS=TIMEOUT_MS) as running:
        yield running


@pytest.fixture(scope="module")
def large_tasks(service: Service) -> None:
    """Create 100 tasks of 40 KB."""
    tasks = [{"title": "Large", "description": "😀" * 10_000} for _ in range(20)]
    for _ in range(5):
        status, body = exchange(service, post(CREATE, tasks=tasks))
        assert (status, body["data"]["createTasks"]["userErrors"]) == (200, [])


@pytest.fixture
def watchdog(service: Service, request: pytest.FixtureRequest) -> Iterator[Observations]:
    """Check at the end that an honest client was answered, and that the worker's memory is bounded."""
    with watched(service) as found:
        yield found
    sys.stdout.write(
        f"{request.node.name}: loop held for {found.longest_hold_ms:.0f} ms, {found.resident_bytes / 2**20:.0f} MiB, "
        f"honest pages p50 {found.page_p50_ms:.1f} and p99 {found.page_p99_ms:.1f} ms, {found.probes} probes\n"
    )
    assert found.failures == []
    assert found.resident_bytes <= MAX_RESIDENT_BYTES
    assert exchange(service, ALIVE)[0] == 200
    assert '"level": "error"' not in service.output.read_text()


def exchange(service: Service, request: bytes) -> tuple[int, Any]:
    with connect(service.port) as connection:
        send_all(connection, request)
        return response(connection)


@contextmanager
def opened(service: Service, count: int, first: bytes) -> Iterator[list[socket.socket]]:
    """Yield connections that have sent the first bytes of a request."""
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(service.port)) for _ in range(count)]
        for connection in connections:
            send_all(connection, first)
        yield connections


def test_honest_client_alone(service: Service, watchdog: Observations) -> None:
    """Print the times with which those under attack compare."""
    assert until(lambda: exchange(service, ALIVE)[0] != 200, 2) is False


@pytest.mark.parametrize(
    "document",
    [
        "{" + "\n" * 480_000 + " ".join(f"x{number}" for number in range(100)) + "}",
        "{" + "\n" * 60_000 + " ".join(f"x{number}" for number in range(100)) + "}",
        "{ __typename #" + "x" * 900_000 + "\n}",
        '{ task(id: "' + "x" * 900_000 + '") { id } }',
        "{" + " " * 900_000 + "__typename }",
        "{ tasks(first: " + "1" * 900_000 + ") { totalCount } }",
    ],
    ids=["many newlines", "fewer newlines", "comment", "string", "blanks", "number"],
)
def test_too_long_document_is_refused_before_it_is_parsed(
    service: Service, watchdog: Observations, document: str
) -> None:
    assert code_of(exchange(service, post(document))) == (400, "DOCUMENT_TOO_LONG")


@pytest.mark.parametrize(
    "document",
    [
        "{" + "\n" * 4900 + " ".join(f"x{number}" for number in range(900)) + "}",
        "{" + " ".join("task" * 10 + str(number) for number in range(900)) + "}",
        "mutation { createTask(input: {" + " ".join(f"a{number}: 1" for number in range(600)) + "}) { task { id } } }",
        "{ __typename }" + " ".join(f"fragment f{number} on Query {{ __typename }}" for number in range(240)),
        "query (" + " ".join(f"$b{number}: Int" for number in range(480)) + ") { __typename }",
    ],
    ids=["fields", "suggestions", "input fields", "fragments", "variables"],
)
def test_invalid_document_has_few_short_errors(service: Service, watchdog: Observations, document: str) -> None:
    status, body = exchange(service, post(document))
    assert status == 200
    errors = body["errors"]
    assert isinstance(errors, list)
    assert len(errors) == 11
    assert errors[-1]["message"] == "Too many validation errors, error limit reached. Validation aborted."
    assert len(json.dumps(body)) < 20_000


def test_unfinished_bodies_take_no_slots_and_time_out(service: Service, watchdog: Observations) -> None:
    with opened(service, 100, HEAD + b"Content-Length: 100\r\n\r\n{") as attackers:
        assert exchange(service, ALIVE)[0] == 200
        assert [code_of(response(each)) for each in attackers] == [(408, "RECEIVE_TIMEOUT")] * 100
        assert until(lambda: all(map(is_closed, attackers)))
    assert '"status": 500' not in service.output.read_text()


def test_client_that_leaves_before_its_request_is_complete_is_not_an_error(
    service: Service, watchdog: Observations
) -> None:
    with opened(service, 10, HEAD + b"Content-Length: 100\r\nX-Request-Id: left\r\n\r\n{"):
        pass
    assert until(lambda: service.output.read_text().count('"request_id": "left"') >= 10)
    lines = [line for line in service.output.read_text().splitlines() if '"request_id": "left"' in line]
    assert all(json.loads(line)["status"] == 499 for line in lines)


def test_memory_of_unfinished_bodies_is_bounded(service: Service, watchdog: Observations) -> None:
    with opened(service, 300, HEAD + b"Content-Length: 1000000\r\n\r\n") as attackers:
        for each in attackers:
            each.settimeout(0.2)
            send_all(each, b" " * 99_999, 10)
        assert exchange(service, ALIVE)[0] == 200
        assert until(lambda: all(map(is_closed, attackers)))


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * 490_000 + b"1]",
        b'{"query": "{ __typename }", "variables": {"x": [' + b"1," * 450_000 + b"1]}}",
        json.dumps({"query": "{ __typename }", "variables": {"x": "y" * 999_000}}).encode(),
    ],
    ids=["batch", "list", "text"],
)
def test_many_large_bodies_take_no_slots_from_pages(service: Service, watchdog: Observations, body: bytes) -> None:
    request = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with ExitStack() as stack:
        attackers = [stack.enter_context(connect(service.port)) for _ in range(100)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda each: send_all(each, request), attackers))
        codes = set[str]()
        for each in attackers:
            with suppress(OSError):  # the oldest are closed while more than 32 MiB arrive
                codes |= {error["extensions"]["code"] for error in response(each)[1].get("errors", [])}
    assert codes <= {"BUSY", "BATCHING_DISABLED"}


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: ", b"a" * 2**20),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n", b"x: y\r\n" * 2**17),
        (b"GET /", b"a" * 2**20),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n", b"x: y\r\n" * 2**17),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a" * 2**20),
    ],
    ids=["value", "headers", "target", "trailers", "chunk extension"],
)
def test_endless_heads_and_trailers_are_refused(
    service: Service, watchdog: Observations, start: bytes, part: bytes
) -> None:
    with connect(service.port) as connection:
        send_all(connection, start)
        send_all(connection, part, 100)
        assert code_of(response(connection)) == (431, "HEADERS_TOO_LARGE")


@pytest.mark.usefixtures("large_tasks")
def test_too_large_response_is_refused_before_it_is_encoded(service: Service, watchdog: Observations) -> None:
    many_fields = " ".join(f"a{number}: description" for number in range(30))
    many_pages = " ".join(f"a{number}: tasks(first: 100) {{ nodes {{ description }} }}" for number in range(30))
    for status, document in (
        (400, f"{{ tasks(first: 100) {{ nodes {{ {many_fields} }} }} }}"),
        (200, f"{{ {many_pages} }}"),
    ):
        assert code_of(exchange(service, post(document))) == (status, "RESPONSE_TOO_LARGE")
    assert exchange(service, PAGE)[0] == 200


@pytest.mark.usefixtures("large_tasks")
def test_searchers_take_no_slots_or_connections_from_pages(service: Service, watchdog: Observations) -> None:
    """The lock lets every search last until all searchers have sent theirs. The tasks of the page are cached."""
    small_page = post("{ tasks(first: 5) { totalCount nodes { id title } } }")
    assert exchange(service, small_page)[0] == 200
    stores = find_stores(Settings(data_dir=service.output.parent, database_url=None, redis_url=None))
    assert stores is not None
    search = post('{ searchTasks(query: "large", first: 5) { nodes { id } } }')
    with ExitStack() as stack:
        with locked_task_table(stores.database_url):
            searchers = stack.enter_context(opened(service, 200, search))
            assert until(lambda: len(select.select(searchers, [], [], 0)[0]) >= 184)
            assert all(until(lambda: is_page_of(5, exchange(service, small_page))) for _ in range(20))
        answers = [response(each) for each in searchers]
    assert [code_of(answer)[1] for answer in answers if "errors" in answer[1]].count("SEARCHES_BUSY") >= 184


@pytest.mark.usefixtures("large_tasks")
def test_clients_that_do_not_read_are_closed(service: Service, watchdog: Observations) -> None:
    [pid] = service.find("api worker")
    files = Path(f"/proc/{pid}/fd")
    before = len(list(files.iterdir()))
    with opened(service, 60, b"") as attackers:
        for each in attackers:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            send_all(each, PAGE)
            assert each.recv(1)
            # A slot is free again although the response has not been received.
            assert exchange(service, ALIVE)[0] == 200
        # All of them are closed, up to a few files that the worker has opened for other reasons.
        assert until(lambda: len(list(files.iterdir())) <= before + 5)


def test_write_reaches_thousands_of_subscriptions(service: Service, watchdog: Observations) -> None:
    def write() -> None:
        assert exchange(service, post(CREATE, tasks=[{"title": "One write"}]))[0] == 200

    asyncio.run(write_with_subscriptions(service.port, write))
