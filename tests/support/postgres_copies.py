"""Copies of a running PostgreSQL: backups and replicas of it, which take its place or run beside it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.support.postgres_server import DATABASE, PostgresServer, run_program


async def back_up(server: PostgresServer, target: Path) -> None:
    """Take a base backup of a running server into a folder."""
    await asyncio.to_thread(server.back_up, target)


def replace_data(server: PostgresServer, backup: Path) -> None:
    """Put a backup in the place of the data of a stopped server."""
    shutil.rmtree(server.data, ignore_errors=True)
    backup.rename(server.data)


async def start_backup(server: PostgresServer, backup: Path) -> None:
    """Kill a server and start a backup in its place, at the same address."""
    server.kill()  # not in a thread: no request of a caller may begin before the kill and be answered
    replace_data(server, backup)
    await asyncio.to_thread(server.start)


async def dump(server: PostgresServer, file: Path) -> None:
    """Dump all tables of a running server."""
    where = ("-h", server.host, "-U", "postgres", "-Fc", "-f", str(file), DATABASE)
    await asyncio.to_thread(run_program, "pg_dump", *where)


async def restore_dump(server: PostgresServer, file: Path) -> None:
    """Restore a dump over the tables of a live database."""
    how = ("--clean", "--if-exists", "--single-transaction", "-d", DATABASE)
    await asyncio.to_thread(run_program, "pg_restore", "-h", server.host, "-U", "postgres", *how, str(file))


async def recover_to(server: PostgresServer, backup: Path, archive: Path, point: str) -> None:
    """Kill a server, start a backup in its place, and let it recover from the archive up to a named restore point."""
    segment = await value(server.url, "SELECT pg_walfile_name(pg_switch_wal())")
    await wait_for(server, f"SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver")
    await asyncio.to_thread(server.kill)
    options = {
        "restore_command": f"cp {archive}/%f %p",
        "recovery_target_name": point,
        "recovery_target_action": "promote",
    }
    with (backup / "postgresql.auto.conf").open("a") as file:
        file.writelines(f"{name} = '{setting}'\n" for name, setting in options.items())
    (backup / "recovery.signal").touch()
    replace_data(server, backup)
    await asyncio.to_thread(server.start)


@asynccontextmanager
async def replica_of(server: PostgresServer, folder: Path, *, is_synchronous: bool) -> AsyncIterator[PostgresServer]:
    """Run a replica: one that each commit waits for, or one that has followed so far and receives nothing more."""
    replica = await asyncio.to_thread(server.add_standby, folder)
    try:
        await asyncio.to_thread(replica.start)
        await wait_for(server, "SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'")
        if is_synchronous:
            await asyncio.to_thread(server.change_setting, "synchronous_standby_names = '*'")
        else:
            position = await value(server.url, "SELECT pg_current_wal_lsn()::text")
            await wait_for(replica, f"SELECT pg_last_wal_replay_lsn() >= '{position}'")
            await asyncio.to_thread(replica.change_setting, "primary_conninfo = ''")
            await wait_for(server, "SELECT count(*) = 0 FROM pg_stat_replication")
        yield replica
    finally:
        await asyncio.to_thread(replica.remove)


async def wait_for(server: PostgresServer, condition: str) -> None:
    """Wait until a query returns true."""
    async with asyncio.timeout(60):
        while not await value(server.url, condition):  # noqa: ASYNC110 (another process changes it)
            await asyncio.sleep(0.02)


async def value(url: str, query: str) -> Any:
    """Return the value in the last row of a query, asked outside of the service. None without a row."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        rows = await (await connection.execute(query.encode())).fetchall()
    return rows[-1][0] if rows else None
