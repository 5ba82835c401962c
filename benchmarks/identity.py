"""Suite `identity`: what a token costs on a cached page, and how soon a revoked token is refused everywhere."""

import itertools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from benchmarks.hammer import PAGE, page_request
from benchmarks.http_load import load, post
from benchmarks.report import ROOT, Report, median_ratio
from benchmarks.service import Service

ROUNDS, SECONDS = 7, 2.0
CONNECTIONS = 16
REVOCATIONS = 10
WORKERS = 2
SUBSCRIPTION = {"query": "subscription { taskCountsChanged { all } }"}


def run(report: Report) -> None:
    """Measure with `report.count` tasks in one workspace."""
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name:
        open_ = Service(Path(name) / "data")
        with open_.running():
            open_.wait_for_index()
            open_.load(report.count, Path(name) / "load.json")
            urls = open_.stores()
            variables = {"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url}
            with_tokens = Service(Path(name) / "tokens", variables=variables | {"MILLITASK_IDENTITY": "tokens"})
            with with_tokens.running():
                with_tokens.wait_for_index()
                _, token = _create_token(variables)
                _measure_hot_page(report, open_, with_tokens, token)
            several = Service(Path(name) / "tokens", WORKERS, variables=variables | {"MILLITASK_IDENTITY": "tokens"})
            with several.running():
                several.wait_for_index()
                _measure_revocation(report, several, variables)


def _command(variables: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api", "token", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | dict(variables), check=True, capture_output=True, text=True
    )


def _create_token(variables: Mapping[str, str]) -> tuple[str, str]:
    """Return the id of a new token, and the token."""
    created = _command(variables, "create", "--name", "benchmark", "--scope", "tasks:read")
    [id_] = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4,12}){4}", created.stderr)
    return id_, created.stdout.strip()


def _measure_hot_page(report: Report, without: Service, with_tokens: Service, token: str) -> None:
    """Measure one page from the page cache, in turns."""
    requests = {without: post(PAGE), with_tokens: page_request(token)}
    rates: dict[Service, list[float]] = {service: [] for service in requests}
    costs: dict[Service, list[float]] = {service: [] for service in requests}
    for _ in range(ROUNDS):
        for service, request in requests.items():
            before = service.cpu_seconds()
            sent = load(service.port, itertools.repeat(request), connections=CONNECTIONS, seconds=SECONDS)
            costs[service].append((service.cpu_seconds() - before) * 1000 / sent.requests)
            rates[service].append(sent.rate)
    report.add("hot page without identity", statistics.median(rates[without]), "/s")
    report.add("hot page with a token", statistics.median(rates[with_tokens]), "/s")
    report.add(
        "hot page with a token ÷ without identity", median_ratio(rates[with_tokens], rates[without]), "", "≥ 0.9"
    )
    report.add(
        "CPU of a hot page without identity ÷ with a token", median_ratio(costs[without], costs[with_tokens]), ""
    )


def _measure_revocation(report: Report, service: Service, variables: Mapping[str, str]) -> None:
    """Measure from the end of the command until no worker answers and the event stream has ended."""
    refused, ended = list[float](), list[float]()
    for _ in range(REVOCATIONS):
        id_, token = _create_token(variables)
        headers = {"Authorization": f"Bearer {token}"}
        stream = headers | {"Accept": "text/event-stream"}
        with (
            httpx.Client(timeout=60) as client,
            client.stream("POST", f"{service.url}/graphql", json=SUBSCRIPTION, headers=stream) as events,
        ):
            chunks = events.iter_raw()
            next(chunks)
            _command(variables, "revoke", id_)
            revoked_at = time.monotonic()
            refused.append(_until_refused(service, headers) - revoked_at)
            for _ in chunks:
                pass
            ended.append(time.monotonic() - revoked_at)
    report.add("revoked token until it is refused by all workers, slowest", max(refused), "s", "≤ 5")
    report.add("revoked token until its event stream ends, slowest", max(ended), "s", "≤ 5")


def _until_refused(service: Service, headers: Mapping[str, str]) -> float:
    """Return the time of the last answer other than 401. Each request has a connection of its own, to any worker."""
    answered_at, last = time.monotonic(), 0
    while last < 20 * WORKERS:
        response = httpx.post(
            f"{service.url}/graphql", content=PAGE, headers={**headers, "Content-Type": "application/json"}
        )
        if response.status_code == 401:
            last += 1
        else:
            answered_at, last = time.monotonic(), 0
    return answered_at
