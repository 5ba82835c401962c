"""Tests that docs/reference/metrics.md explains exactly the metrics that the service returns."""

from prometheus_client.parser import text_string_to_metric_families

from tests.support.graphql_client import Client
from tests.unit.docs.pages import DOCS, first_cells, section


async def test_every_metric_is_explained_and_no_other(client: Client) -> None:
    await client.create()
    text = (await client.http.get("/metrics")).text
    families = list(text_string_to_metric_families(text))
    served = {family.name for family in families if family.type == "histogram"}
    served |= {sample.name for family in families if family.type != "histogram" for sample in family.samples}
    documented = first_cells(section(DOCS / "reference" / "metrics.md", "Reading /metrics"))
    assert served <= documented
    # Some platforms return fewer process metrics.
    assert {name for name in documented - served if name.startswith("millitask_")} == set()
