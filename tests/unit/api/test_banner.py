"""Tests the banner that `serve` prints when the service is ready."""

from pathlib import Path

import pytest

from api.config.settings import Settings
from api.process.banner import banner


def test_banner_names_the_folders_of_embedded_stores(tmp_path: Path) -> None:
    (tmp_path / "index.html").touch()
    settings = Settings(data_dir=tmp_path / "data", page_dir=tmp_path, profile="development")
    assert banner(settings, "127.0.0.1:8000", 1.84).splitlines() == [
        "Millitask is ready after 1.8 s: http://127.0.0.1:8000",
        "GraphQL (with the playground): http://127.0.0.1:8000/graphql",
        f"Tasks: PostgreSQL in {tmp_path}/data/postgres; index: Redis in {tmp_path}/data/run",
    ]


@pytest.mark.parametrize(
    ("database", "redis", "expected"),
    [
        ("postgresql://me:sesame@h:5432/tasks?sslmode=require", "rediss://:sesame@r:6380/1", "h:5432/tasks; r:6380/1"),
        ("postgresql://one:1,two:2/tasks?user=me&password=sesame", "redis://r", "one:1,two:2/tasks; r"),
        ("postgresql:///tasks?host=/run", "unix://me:sesame@/run/redis.sock?db=2", "/tasks; /run/redis.sock"),
    ],
)
def test_banner_hides_users_and_passwords_of_external_stores(
    tmp_path: Path, database: str, redis: str, expected: str
) -> None:
    settings = Settings(database_url=database, redis_url=redis, page_dir=tmp_path, profile="production")
    page, graphql, stores = banner(settings, "h:1", 2).splitlines()
    assert page.endswith("(the web page is not built: run make page)")
    assert graphql == "GraphQL: http://h:1/graphql"
    tasks, index = expected.split("; ")
    assert stores == f"Tasks: PostgreSQL at {tasks}; index: Redis at {index}"
    assert "sesame" not in stores
