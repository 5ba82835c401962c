"""Sends generated operations to a running service, and judges each answer."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import httpx

from tests.fuzz.documents import Spice, generated

# Each operation is sent as it was made, and so many times with what exists put into it.
SPICED = 3
AT_ONCE = 8
# Nothing of these belongs into an answer.
SECRETS = ("Traceback", 'File \\"', "psycopg", "redis.exceptions", "SELECT ", "workspace_id", "INTERNAL_SERVER_ERROR")


@dataclass
class Report:
    """What came back: how many answers of each status and each error code; and those that must not be."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many were answered."""
        return self.statuses.total()

    def judge(self, document: str, response: httpx.Response) -> None:
        """Counts an answer, and keeps what is wrong with it."""
        self.statuses[response.status_code] += 1
        text = response.text
        wrong = [word for word in SECRETS if word in text]
        if response.status_code >= 500:
            wrong.append(f"status {response.status_code}")
        try:
            body = response.json()
        except ValueError:
            wrong.append("no JSON")
        else:
            wrong += self._form(body)
        if wrong:
            self.findings.append(f"{', '.join(wrong)}\n{document}\n{text[:1000]}")

    def _form(self, body: Any) -> list[str]:
        if not isinstance(body, dict) or not ({"data", "errors"} & set(body)):
            return ["no GraphQL"]
        errors = body.get("errors", [])
        self.codes.update(error.get("extensions", {}).get("code", "none") for error in errors)
        return ["an error without a code"] if any("code" not in error.get("extensions", {}) for error in errors) else []


async def campaign(url: str, count: int, seed: int, report: Report) -> None:
    """`count` requests, some at once. The same seed makes the same operations; what exists differs."""
    spice, chance = Spice(seed), random.Random(seed)
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(timeout=60, limits=limits) as http:
        documents = iter(_with_spice(spice, seed))
        # In chunks: making them is work of this process too.
        while chunk := list(islice(documents, min(AT_ONCE, count - report.requests))):
            answers = await asyncio.gather(*(_send(http, url, document, chance) for document in chunk))
            for document, answer in zip(chunk, answers, strict=True):
                report.judge(document, answer)
                spice.learn(answer.text)


def _with_spice(spice: Spice, seed: int) -> Iterator[str]:
    for document in generated(seed):
        yield document
        for _ in range(SPICED):
            yield spice.put(document)


async def _send(http: httpx.AsyncClient, url: str, document: str, chance: random.Random) -> httpx.Response:
    form = chance.choice(["application/json", "application/graphql-response+json"])
    if not document.startswith("mutation") and chance.random() < 0.1 and len(document) < 4000:
        return await http.get(url, params={"query": document}, headers={"Accept": form})
    # ASCII: half a surrogate pair goes out as the escape that a client would send.
    content = json.dumps({"query": document}).encode()
    return await http.post(url, content=content, headers={"Accept": form, "Content-Type": "application/json"})
