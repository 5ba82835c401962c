"""The embedded stores start, are found, refuse what they must, and leave nothing behind."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from api.config.settings import Settings
from api.devstores import EmbeddedStores, StoreError, StoreUrls, find, find_database, remove_data
from api.devstores.folder import DataFolder
from tests.support.service_process import ROOT, alive, descendants, until

HOLDER = """
import sys, time
from pathlib import Path
from api.devstores import EmbeddedStores
from api.config.settings import Settings
EmbeddedStores(Settings(data_dir=Path(sys.argv[1])), durable=False).start()
print("started", flush=True)
time.sleep(600)
"""


def settings(data: Path) -> Settings:
    return Settings(database_url=None, redis_url=None, data_dir=data)


def answers(urls: StoreUrls) -> bool:
    with psycopg.connect(urls.database_url) as connection:
        row = connection.execute("SELECT current_database()").fetchone()
    with redis.Redis.from_url(urls.redis_url) as client:
        return row == ("millitask",) and bool(client.ping())


@contextmanager
def holder(data: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the stores."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            process.kill()


def test_data_survive_a_restart_and_the_cache_does_not(tmp_path: Path) -> None:
    with EmbeddedStores(settings(tmp_path)) as urls:
        assert answers(urls)
        with psycopg.connect(urls.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        with redis.Redis.from_url(urls.redis_url) as client:
            client.set("lost", "1")
    with EmbeddedStores(settings(tmp_path)) as urls:
        with psycopg.connect(urls.database_url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
        with redis.Redis.from_url(urls.redis_url) as client:
            assert client.dbsize() == 0


def test_what_is_acknowledged_is_on_disk(tmp_path: Path) -> None:
    names = ["fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "jit"]
    with (
        EmbeddedStores(settings(tmp_path)) as urls,
        psycopg.connect(urls.database_url) as connection,
    ):
        values = [connection.execute(f"SHOW {name}").fetchone() for name in names]
        encoding = connection.execute("SHOW server_encoding").fetchone()
    assert values == [("on",), ("on",), ("on",), ("",), ("off",)]
    assert encoding == ("UTF8",)


def test_redis_evicts_entries_only(stores: StoreUrls) -> None:
    with redis.Redis.from_url(stores.redis_url) as client:
        found = client.config_get("*")
    assert found["maxmemory-policy"] == "volatile-lfu"
    assert found["maxmemory"] == str(2**30)
    assert (found["save"], found["appendonly"], found["port"]) == ("", "no", "0")


def test_sockets_are_for_their_owner_alone(tmp_path: Path) -> None:
    with EmbeddedStores(settings(tmp_path)):
        folder = DataFolder(tmp_path)
        assert stat.S_IMODE(folder.sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.postgres.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["deep/" * 30, "with space, comma % and quote'"])
def test_an_unusual_path_serves_too(tmp_path: Path, name: str) -> None:
    data = tmp_path / name
    with EmbeddedStores(settings(data), durable=False) as urls:
        assert answers(urls)
        assert find(settings(data)) == urls
        assert DataFolder(data).sockets.parent != data
        assert stat.S_IMODE(DataFolder(data).sockets.stat().st_mode) == 0o700
    assert remove_data(settings(data), lambda: True)
    assert not DataFolder(data).sockets.exists()


def test_a_foreign_folder_for_sockets_is_refused(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / ("deep/" * 30))
    folder.sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(StoreError, match="belongs to somebody else"):
            folder.create_sockets(os.geteuid())
    finally:
        folder.sockets.unlink()


def test_found_only_while_they_run(tmp_path: Path) -> None:
    assert find(settings(tmp_path)) is None
    assert find_database(settings(tmp_path)) is None
    with EmbeddedStores(settings(tmp_path), durable=False) as urls:
        assert find(settings(tmp_path)) == urls
        assert find_database(settings(tmp_path)) == urls.database_url
    assert find(settings(tmp_path)) is None


def test_only_what_has_no_address_is_started(tmp_path: Path, stores: StoreUrls) -> None:
    given = Settings(database_url=stores.database_url, redis_url=None, data_dir=tmp_path)
    embedded = EmbeddedStores(given)
    with embedded as urls:
        assert [server.name for server in embedded.servers] == ["Redis"]
        assert urls.database_url == stores.database_url
        assert answers(urls)


def test_one_folder_serves_one(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        with pytest.raises(StoreError, match=f"in use by process {other.pid}"):
            EmbeddedStores(settings(tmp_path)).start()
        with pytest.raises(StoreError, match="in use"):
            remove_data(settings(tmp_path), lambda: True)
        found = find(settings(tmp_path))
        assert found is not None
        assert answers(found)


def test_nothing_outlives_a_killed_parent_and_the_next_start_just_works(tmp_path: Path) -> None:
    with holder(tmp_path) as parent:
        below = descendants(parent.pid)
        assert len(below) >= 4
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        # At once: it waits for the others to end.
        with EmbeddedStores(settings(tmp_path), durable=False) as urls:
            assert answers(urls)
            assert not alive(below)


def test_a_store_ends_even_if_its_guard_is_killed(tmp_path: Path) -> None:
    with holder(tmp_path) as parent:
        below = descendants(parent.pid)
        guards = [pid for pid, line in below.items() if "watchdog.py" in line]
        assert len(guards) == 2
        for guard in guards:
            os.kill(guard, signal.SIGKILL)
        assert until(lambda: set(alive(below)) <= set(guards), 10)


def test_files_of_a_killed_server_are_no_hindrance(tmp_path: Path) -> None:
    with EmbeddedStores(settings(tmp_path), durable=False):
        stale = (tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()
    # The number now belongs to another process: to this one.
    stale[0] = str(os.getpid())
    (tmp_path / "postgres" / "postmaster.pid").write_text("\n".join(stale) + "\n")
    sockets = DataFolder(tmp_path).sockets
    (sockets / ".s.PGSQL.5432").touch()
    (sockets / ".s.PGSQL.5432.lock").write_text("\n".join(stale) + "\n")
    (sockets / "redis.sock").touch()
    with EmbeddedStores(settings(tmp_path), durable=False) as urls:
        assert answers(urls)


def test_an_interrupted_initdb_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    with EmbeddedStores(settings(tmp_path), durable=False) as urls:
        assert answers(urls)


def test_data_of_another_version_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StoreError, match="written by PostgreSQL 16, but this is PostgreSQL 18"):
        EmbeddedStores(settings(tmp_path)).start()
    assert [file.name for file in (tmp_path / "postgres").iterdir()] == ["PG_VERSION"]


def test_a_folder_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(StoreError, match="is not a data folder of PostgreSQL"):
        EmbeddedStores(settings(tmp_path)).start()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="MILLITASK_DATA_DIR"):
        EmbeddedStores(settings(tmp_path / "file" / "data")).start()


def test_data_are_removed_only_when_confirmed(tmp_path: Path) -> None:
    with EmbeddedStores(settings(tmp_path), durable=False):
        pass
    (tmp_path / "mine.txt").touch()
    assert not remove_data(settings(tmp_path), lambda: False)
    assert (tmp_path / "postgres").exists()
    assert remove_data(settings(tmp_path), lambda: True)
    assert {file.name for file in tmp_path.iterdir()} == {"lock", "mine.txt"}
