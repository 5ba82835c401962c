import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.fuzz.campaign import Report, campaign
from tests.fuzz.hostile import HostileGenerator
from tests.fuzz.hostile_campaign import hostile_campaign
from tests.fuzz.leaving import CONVERSATIONS, Until, departures, in_use, leave_all, unanswered
from tests.support.service_process import Service, command, serve, until

COUNT = 600


def test_generated_operations_get_valid_responses_and_leave_the_stores_consistent(tmp_path: Path) -> None:
    report = Report()
    with serve(tmp_path, MILLITASK_LOG_LEVEL="error") as service:
        asyncio.run(campaign(f"http://127.0.0.1:{service.port}/graphql", COUNT, 1, report))
        verified = command(tmp_path, "verify")
    assert report.findings == []
    assert report.requests == COUNT
    assert report.statuses[200] > COUNT / 4
    assert verified.returncode == 0, verified.stdout + verified.stderr


EXECUTORS = [pytest.param(name, marks=pytest.mark.xdist_group(f"fuzz {name}")) for name in ("compiled", "standard")]


@pytest.fixture(scope="module", params=EXECUTORS)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Yield a service with each executor in turn."""
    data = tmp_path_factory.mktemp("fuzz")
    with serve(data, MILLITASK_LOG_LEVEL="warning", MILLITASK_EXECUTOR=request.param) as running:
        yield running


def test_clients_that_leave_are_no_errors_and_nothing_of_them_stays(service: Service) -> None:
    report = Report()
    assert leave_all(service.port, departures()) > 500
    assert until(lambda: in_use(service.port) == {}), in_use(service.port)
    report.check_log(service.output.read_text())
    assert report.findings == []


# The service refuses the WebSocket.
REFUSED = {"event stream, then a WebSocket": [Until(b"101 ")]}


def test_clients_that_stay_are_answered(service: Service) -> None:
    assert {name: missing for name in CONVERSATIONS if (missing := unanswered(service.port, name))} == REFUSED


def test_damaged_requests_and_messages_are_no_internal_errors(service: Service) -> None:
    report = Report()
    asyncio.run(hostile_campaign(f"http://127.0.0.1:{service.port}/graphql", COUNT, 1, report))
    verified = command(service.output.parent, "verify")
    report.check_log(service.output.read_text())
    assert report.findings == []
    assert report.requests + report.messages == COUNT
    # A generator whose input is always refused in the same way would test nothing.
    assert len(report.codes) >= 5
    assert report.statuses[200] > COUNT / 5
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_damaged_input_depends_on_the_seed_only() -> None:
    first, second, other = HostileGenerator(1), HostileGenerator(1), HostileGenerator(2)
    requests = [[generator.request() for _ in range(50)] for generator in (first, second, other)]
    messages = [[generator.message() for _ in range(50)] for generator in (first, second, other)]
    assert (requests[0], messages[0]) == (requests[1], messages[1])
    assert requests[0] != requests[2]


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "masked error"}',
        "Traceback (most recent call last):",
        "unexpected error",
        '{"level": "error", "logger": "api.realtime.websocket", "message": "Failed."}',
        '{"level": "warning", "logger": "asyncio", "message": "socket.send() raised exception."}',
        "Task exception was never retrieved",
    ],
)
def test_unexpected_error_in_the_log_is_a_finding(line: str) -> None:
    report = Report()
    report.check_log(f"ready\n{line}\n")
    assert len(report.findings) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, '{"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}'),
        (200, '{"errors": [{"message": "x"}]}'),
        (200, '{"data": {"x": "Traceback (most recent call last)"}}'),
        (200, "<html>"),
        (200, "[]"),
    ],
)
def test_invalid_response_is_a_finding(status: int, body: str) -> None:
    report = Report()
    report.check("{ x }", httpx.Response(status, text=body))
    assert len(report.findings) == 1
