"""Tests the endpoint /metrics."""

from prometheus_client.parser import text_string_to_metric_families

from tests.support.graphql_client import Client

COUNTERS = ("hits", "misses", "sql_queries", "redis_round_trips", "publishes_lost", "scrubbed", "rebuilds")


async def test_response_is_in_prometheus_format(client: Client) -> None:
    response = await client.http.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(response.text)}
    assert families["millitask_ready"].type == "gauge"
    for name in COUNTERS:
        assert families[f"millitask_{name}"].type == "counter"
    assert all(family.documentation for family in families.values())


async def test_operations_are_counted(client: Client) -> None:
    before = await client.counters()
    assert before["millitask_ready"] == 1
    assert before["millitask_rebuilds_total"] == 1
    task = await client.create()
    document = "query ($id: ID!) { task(id: $id) { id } }"
    await client.query(document, id=task["id"])
    [bulk] = await client.create_many(["Bulk"])
    await client.query(document, id=bulk)
    after = await client.counters()
    grown = {name: after[f"millitask_{name}_total"] - before[f"millitask_{name}_total"] for name in COUNTERS}
    assert grown["hits"] >= 1
    # The feed also loads the created task, before or after the query loads the task.
    assert grown["misses"] in (1, 2)
    assert grown["hits"] + grown["misses"] in (2, 3)
    assert grown["sql_queries"] > 0
    assert grown["redis_round_trips"] >= 4
    assert (grown["publishes_lost"], grown["rebuilds"]) == (0, 0)
