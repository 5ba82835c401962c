import asyncio
from pathlib import Path

import httpx
import pytest

from tests.fuzz.campaign import Report, campaign
from tests.support.service_process import command, serve

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
