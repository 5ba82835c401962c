"""Workers of two releases share the stores during a rolling deployment, and never believe each other's entries."""

import shutil
import time
from pathlib import Path
from typing import Any

import httpx

from api.config.settings import Settings
from api.devstores import find_stores
from tests.support.service_process import ROOT, Service, serve

LAYERS = ("api", "schema", "compiler", "cache", "db", "millitask")
TASK = "query ($id: ID!) { task(id: $id) { title priority version } }"
SEARCH = "query ($query: String!) { searchTasks(query: $query) { nodes { id } } }"
CREATE = 'mutation { createTask(input: { title: "One", priority: HIGH }) { task { id } } }'
RENAME = """mutation ($id: ID!, $title: String!) {
  updateTask(input: { id: $id, title: $title }) { task { version } userErrors { code } }
}"""


def execute(service: Service, document: str, **variables: Any) -> Any:
    url = f"http://127.0.0.1:{service.port}/graphql"
    answer = httpx.post(url, json={"query": document, "variables": variables}, timeout=30).json()
    assert "errors" not in answer, answer
    return answer["data"]


# For each file, texts of the service and of an earlier release: without `priority` in its entries, and without words.
EARLIER = {
    "cache/redis/encoded_task.py": [
        ('FORMAT = f"5.{TASK_FORMAT}"', 'FORMAT = "3.without-priority"'),
        ("map(astuple, tasks)", '(astuple(msgspec.structs.replace(task, priority="NONE")) for task in tasks)'),
    ],
    "db/task_table.py": [
        (", words, words_version, created_at", ", created_at"),
        (", words, {words.VERSION}, coalesce", ", coalesce"),
        (", words = incoming.words, words_version = {words.VERSION}", ""),
    ],
    "cache/maintenance/housekeeping.py": [("            if words:", "            if False:")],
}


def earlier_release(folder: Path) -> Path:
    """Copy the service and change the copy into an earlier release."""
    for layer in LAYERS:
        shutil.copytree(ROOT / layer, folder / layer, ignore=shutil.ignore_patterns("__pycache__"))
    for name, changes in EARLIER.items():
        text = (folder / name).read_text()
        for current, earlier in changes:
            assert current in text
            text = text.replace(current, earlier)
        (folder / name).write_text(text)
    return folder


def wait_until_found(service: Service, text: str, id_: str) -> None:
    """Wait until a search finds the task. A worker of an earlier release leaves the words to another worker."""
    deadline = time.monotonic() + 60
    while [node["id"] for node in execute(service, SEARCH, query=text)["searchTasks"]["nodes"]] != [id_]:
        assert time.monotonic() < deadline, text
        time.sleep(0.1)


def test_workers_of_two_releases_read_each_others_writes(tmp_path: Path) -> None:
    with serve(tmp_path / "data") as new:
        stores = find_stores(Settings(data_dir=tmp_path / "data"))
        assert stores is not None
        with serve(
            tmp_path / "old-data",
            root=earlier_release(tmp_path / "old"),
            DATABASE_URL=stores.database_url,
            REDIS_URL=stores.redis_url,
        ) as old:
            id_ = execute(new, CREATE)["createTask"]["task"]["id"]
            for number in range(1, 4):
                for writer in (old, new):
                    title = f"{number} by {writer.port}"
                    assert execute(writer, RENAME, id=id_, title=title)["updateTask"]["userErrors"] == []
                    for _ in range(2):  # the second read uses the entry that the first read filled
                        assert execute(new, TASK, id=id_)["task"]["priority"] == "HIGH"
                        assert execute(new, TASK, id=id_)["task"]["title"] == title
                        assert execute(old, TASK, id=id_)["task"]["title"] == title
                    for reader in (old, new):
                        wait_until_found(reader, title, id_)
            created = execute(old, CREATE)["createTask"]["task"]["id"]
            wait_until_found(new, "one", created)
