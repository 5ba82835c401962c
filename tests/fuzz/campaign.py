"""Sends generated operations to a running service and checks each response."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import httpx

from tests.fuzz.operations import KnownValues, generate_operations

# The campaign also sends this many variants of each operation, with ids and cursors that exist.
VARIANTS = 3
CONCURRENCY = 8
# A response that contains one of these texts is a finding.
FORBIDDEN = ("Traceback", 'File \\"', "psycopg", "redis.exceptions", "SELECT ", "workspace_id", "INTERNAL_SERVER_ERROR")

# A line of the log that contains one of these texts is a finding.
UNEXPECTED = (
    *("masked error", "Traceback", "unexpected", "never retrieved"),
    *('"level": "error"', '"level": "critical"', '"logger": "asyncio"', '"logger": "uvicorn'),
)


@dataclass
class Report:
    """Counts responses by status and error code, and collects the invalid responses."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    # WebSocket messages that were sent. Not all of them get an answer.
    messages: int = 0

    @property
    def requests(self) -> int:
        """Return the number of responses."""
        return self.statuses.total()

    def check(self, document: str, response: httpx.Response) -> None:
        """Count a response, and record each problem of the response."""
        problems = self._problems(response.status_code, response.text)
        try:
            body = response.json()
        except ValueError:
            problems.append("not JSON")
        else:
            problems += self._check_body(body)
        self._record(problems, document, response.text)

    def check_text(self, document: str, status: int, text: str) -> None:
        """Count a response that need not be JSON, and record each problem of its text."""
        self._record(self._problems(status, text), document, text)

    def check_log(self, log: str) -> None:
        """Record the lines of the service's log that tell of an unexpected error."""
        lines = [line for line in log.splitlines() if any(word in line for word in UNEXPECTED)]
        # A traceback ends with the error.
        self.findings += [f"log\n{line[:300]} … {line[-2000:]}" for line in lines]

    def _problems(self, status: int, text: str) -> list[str]:
        self.statuses[status] += 1
        return [word for word in FORBIDDEN if word in text] + ([f"status {status}"] if status >= 500 else [])

    def _record(self, problems: list[str], document: str, text: str) -> None:
        if problems:
            self.findings.append(f"{', '.join(problems)}\n{document}\n{text[:1000]}")

    def _check_body(self, body: Any) -> list[str]:
        if not isinstance(body, dict) or not ({"data", "errors"} & set(body)):
            return ["not a GraphQL response"]
        errors = body.get("errors", [])
        self.codes.update(error.get("extensions", {}).get("code", "none") for error in errors)
        return ["error without a code"] if any("code" not in error.get("extensions", {}) for error in errors) else []


async def campaign(url: str, count: int, seed: int, report: Report) -> None:
    """Send `count` requests concurrently. The seed determines the operations, but not their ids and cursors."""
    known, chance = KnownValues(seed), random.Random(seed)
    limits = httpx.Limits(max_connections=CONCURRENCY)
    async with httpx.AsyncClient(timeout=60, limits=limits) as http:
        documents = iter(_with_variants(known, seed))
        # Send one chunk at a time, because generating operations blocks the event loop.
        while chunk := list(islice(documents, min(CONCURRENCY, count - report.requests))):
            responses = await asyncio.gather(*(_send(http, url, document, chance) for document in chunk))
            for document, response in zip(chunk, responses, strict=True):
                report.check(document, response)
                known.learn(response.text)


def _with_variants(known: KnownValues, seed: int) -> Iterator[str]:
    for document in generate_operations(seed):
        yield document
        for _ in range(VARIANTS):
            yield known.insert_into(document)


async def _send(http: httpx.AsyncClient, url: str, document: str, chance: random.Random) -> httpx.Response:
    media_type = chance.choice(["application/json", "application/graphql-response+json"])
    if not document.startswith("mutation") and chance.random() < 0.1 and len(document) < 4000:
        return await http.get(url, params={"query": document}, headers={"Accept": media_type})
    # json.dumps escapes non-ASCII characters. An unpaired surrogate is sent as an escape sequence, as by other clients.
    content = json.dumps({"query": document}).encode()
    return await http.post(url, content=content, headers={"Accept": media_type, "Content-Type": "application/json"})
