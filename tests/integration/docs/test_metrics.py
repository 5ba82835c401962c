"""docs/operations.md tells what each metric says, and no metric that there is none of."""

import re

from prometheus_client.parser import text_string_to_metric_families

from tests.support.graphql_client import Client
from tests.support.service_process import ROOT

DOCUMENT = ROOT / "docs" / "operations.md"


async def test_every_metric_is_explained(client: Client) -> None:
    await client.create()
    text = (await client.http.get("/metrics")).text
    served = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
    section = DOCUMENT.read_text().partition("## Reading /metrics")[2].partition("\n## ")[0]
    explained = set(re.findall(r"`((?:millitask|process)_[a-z_]+)`", section))
    assert served <= explained
    # Some systems tell less of a process.
    assert {name for name in explained - served if name.startswith("millitask_")} == set()


def test_the_alarms_are_about_metrics_that_are_explained() -> None:
    text = DOCUMENT.read_text()
    named = set(re.findall(r"\b((?:millitask|process)_[a-z_]+)\b", text.partition("## Alarms")[2]))
    assert named <= set(re.findall(r"`((?:millitask|process)_[a-z_]+)`", text.partition("## Alarms")[0]))
