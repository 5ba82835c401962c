"""Tests the embedded stores: they start, restart, refuse unsuitable folders, and leave no process behind."""

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
from api.devstores import EmbeddedStores, StoreSetupError, StoreUrls, find_database_url, find_stores, remove_data
from api.devstores.folder import DataFolder
from tests.support.service_process import ROOT, alive, descendants, until

HOLDER_SCRIPT = """
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


def answer(urls: StoreUrls) -> bool:
    with psycopg.connect(urls.database_url) as connection:
        row = connection.execute("SELECT current_database()").fetchone()
    with redis.Redis.from_url(urls.redis_url) as client:
        return row == ("millitask",) and bool(client.ping())


@contextmanager
def holder(data: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run the stores of a folder in another process."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER_SCRIPT, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            process.kill()


def test_data_survives_a_restart_and_the_cache_does_not(tmp_path: Path) -> None:
    with EmbeddedStores(settings(tmp_path)) as urls:
        assert answer(urls)
        with psycopg.connect(urls.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        with redis.Redis.from_url(urls.redis_url) as client:
            client.set("lost", "1")
    with EmbeddedStores(settings(tmp_path)) as urls:
        with psycopg.connect(urls.database_url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
        with redis.Redis.from_url(urls.redis_url) as client:
            assert client.dbsize() == 0


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows the environment of a process")
def test_allocator_of_redis_is_tuned_unless_the_operator_has_set_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tunables() -> bytes:
        with EmbeddedStores(settings(tmp_path), durable=False) as urls, redis.Redis.from_url(urls.redis_url) as client:
            environment = Path(f"/proc/{client.info()['process_id']}/environ").read_bytes()
        (found,) = [value for value in environment.split(b"\0") if value.startswith(b"GLIBC_TUNABLES=")]
        return found.partition(b"=")[2]

    assert tunables() == b"glibc.malloc.tcache_count=4096"
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=7")
    assert tunables() == b"glibc.malloc.tcache_count=7"


def test_acknowledged_writes_are_durable(tmp_path: Path) -> None:
    names = ["fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "jit"]
    with (
        EmbeddedStores(settings(tmp_path)) as urls,
        psycopg.connect(urls.database_url) as connection,
    ):
        values = [connection.execute(f"SHOW {name}").fetchone() for name in names]
        encoding = connection.execute("SHOW server_encoding").fetchone()
    assert values == [("on",), ("on",), ("on",), ("",), ("off",)]
    assert encoding == ("UTF8",)


def test_redis_may_evict_only_keys_with_a_ttl(stores: StoreUrls) -> None:
    with redis.Redis.from_url(stores.redis_url) as client:
        found = client.config_get("*")
    assert found["maxmemory-policy"] == "volatile-lfu"
    assert found["maxmemory"] == str(2**30)
    assert (found["save"], found["appendonly"], found["port"]) == ("", "no", "0")


def test_only_the_owner_may_access_sockets_and_data(tmp_path: Path) -> None:
    with EmbeddedStores(settings(tmp_path / "data")):
        folder = DataFolder(tmp_path / "data")
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.postgres.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["deep/" * 30, "with space, comma % and quote'"])
def test_long_or_unusual_path_works(tmp_path: Path, name: str) -> None:
    data = tmp_path / name
    with EmbeddedStores(settings(data), durable=False) as urls:
        assert answer(urls)
        assert find_stores(settings(data)) == urls
        assert DataFolder(data).sockets.parent != data
        assert stat.S_IMODE(DataFolder(data).sockets.stat().st_mode) == 0o700
    assert remove_data(settings(data), lambda: True)
    assert not DataFolder(data).sockets.exists()


def test_socket_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / ("deep/" * 30))
    folder.sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(StoreSetupError, match="belongs to another user"):
            folder.create_sockets(os.geteuid())
    finally:
        folder.sockets.unlink()


def test_stores_are_found_only_while_they_run(tmp_path: Path) -> None:
    assert find_stores(settings(tmp_path)) is None
    assert find_database_url(settings(tmp_path)) is None
    with EmbeddedStores(settings(tmp_path), durable=False) as urls:
        assert find_stores(settings(tmp_path)) == urls
        assert find_database_url(settings(tmp_path)) == urls.database_url
    assert find_stores(settings(tmp_path)) is None


def test_store_with_a_url_is_not_started(tmp_path: Path, stores: StoreUrls) -> None:
    given = Settings(database_url=stores.database_url, redis_url=None, data_dir=tmp_path)
    embedded = EmbeddedStores(given)
    with embedded as urls:
        assert [server.name for server in embedded.servers] == ["Redis"]
        assert urls.database_url == stores.database_url
        assert answer(urls)


def test_folder_in_use_is_refused(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        with pytest.raises(StoreSetupError, match=f"in use by process {other.pid}"):
            EmbeddedStores(settings(tmp_path)).start()
        with pytest.raises(StoreSetupError, match="in use"):
            remove_data(settings(tmp_path), lambda: True)
        found = find_stores(settings(tmp_path))
        assert found is not None
        assert answer(found)


def test_stores_end_with_a_killed_parent_and_start_again(tmp_path: Path) -> None:
    with holder(tmp_path) as parent:
        below = descendants(parent.pid)
        assert len(below) >= 4
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        # This start waits until the old stores have ended.
        with EmbeddedStores(settings(tmp_path), durable=False) as urls:
            assert answer(urls)
            assert not alive(below)


def test_store_ends_when_its_watchdog_is_killed(tmp_path: Path) -> None:
    with holder(tmp_path) as parent:
        below = descendants(parent.pid)
        watchdogs = [pid for pid, line in below.items() if "watchdog.py" in line]
        assert len(watchdogs) == 2
        for watchdog in watchdogs:
            os.kill(watchdog, signal.SIGKILL)
        assert until(lambda: set(alive(below)) <= set(watchdogs))


def test_start_after_a_killed_server_ignores_its_lock_files(tmp_path: Path) -> None:
    with EmbeddedStores(settings(tmp_path), durable=False):
        stale = (tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()
    # The process id in the file now belongs to an unrelated process: the process of this test.
    stale[0] = str(os.getpid())
    (tmp_path / "postgres" / "postmaster.pid").write_text("\n".join(stale) + "\n")
    sockets = DataFolder(tmp_path).sockets
    (sockets / ".s.PGSQL.5432").touch()
    (sockets / ".s.PGSQL.5432.lock").write_text("\n".join(stale) + "\n")
    (sockets / "redis.sock").touch()
    with EmbeddedStores(settings(tmp_path), durable=False) as urls:
        assert answer(urls)


def test_interrupted_initdb_is_repeated(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    with EmbeddedStores(settings(tmp_path), durable=False) as urls:
        assert answer(urls)


def test_data_of_another_version_is_refused_and_unchanged(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StoreSetupError, match="was written by PostgreSQL 16, but this is PostgreSQL 18"):
        EmbeddedStores(settings(tmp_path)).start()
    assert [file.name for file in (tmp_path / "postgres").iterdir()] == ["PG_VERSION"]


def test_folder_without_postgresql_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(StoreSetupError, match="is not a data folder of PostgreSQL"):
        EmbeddedStores(settings(tmp_path)).start()


def test_folder_that_cannot_be_created_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreSetupError, match="MILLITASK_DATA_DIR"):
        EmbeddedStores(settings(tmp_path / "file" / "data")).start()


def test_data_is_removed_only_after_a_confirmation(tmp_path: Path) -> None:
    with EmbeddedStores(settings(tmp_path), durable=False):
        pass
    (tmp_path / "mine.txt").touch()
    assert not remove_data(settings(tmp_path), lambda: False)
    assert (tmp_path / "postgres").exists()
    assert remove_data(settings(tmp_path), lambda: True)
    assert {file.name for file in tmp_path.iterdir()} == {"lock", "mine.txt"}
