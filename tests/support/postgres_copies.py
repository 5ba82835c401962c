"""Copies of a running PostgreSQL: backups and replicas of it, which take its place or run beside it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg

from api.devstores.account import ordinary_account
from api.devstores.postgres import _binaries
from tests.faults.stores import PostgresServer


def socket_folder(server: PostgresServer) -> str:
    """Return the folder of the socket of a server."""
    return parse_qs(urlsplit(server.url).query)["host"][0]


async def run_program(name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL as the user of the servers. Raises `AssertionError` with its output if it fails."""
    binaries = _binaries()
    account = ordinary_account(binaries / "postgres")
    process = await asyncio.create_subprocess_exec(
        *account.wrapper,
        str(binaries / name),
        *arguments,
        cwd="/",
        user=account.uid if account.switch else None,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def back_up(server: PostgresServer, target: Path, *options: str) -> None:
    """Take a base backup of a running server into a folder."""
    connection = ("-h", socket_folder(server), "-U", "postgres")
    await run_program(
        "pg_basebackup",
        *connection,
        "-D",
        str(target),
        "--checkpoint=fast",
        "--wal-method=stream",
        "--no-sync",
        *options,
    )


def replace_data(server: PostgresServer, backup: Path) -> None:
    """Put a backup in the place of the data of a stopped server."""
    shutil.rmtree(server.data, ignore_errors=True)
    backup.rename(server.data)


async def start_backup(server: PostgresServer, backup: Path) -> None:
    """Kill a server and start a backup in its place, at the same address."""
    await server.kill()
    replace_data(server, backup)
    await server.start()


async def dump(server: PostgresServer, file: Path) -> None:
    """Dump all tables of a running server."""
    await run_program("pg_dump", "-h", socket_folder(server), "-U", "postgres", "-Fc", "-f", str(file), "postgres")


async def restore_dump(server: PostgresServer, file: Path) -> None:
    """Restore a dump over the tables of a live database."""
    how = ("--clean", "--if-exists", "--single-transaction", "-d", "postgres")
    await run_program("pg_restore", "-h", socket_folder(server), "-U", "postgres", *how, str(file))


async def recover_to(server: PostgresServer, backup: Path, archive: Path, point: str) -> None:
    """Kill a server, start a backup in its place, and let it recover from the archive up to a named restore point."""
    segment = await value(server.url, "SELECT pg_walfile_name(pg_switch_wal())")
    await wait_for(server, f"SELECT last_archived_wal >= '{segment}' FROM pg_stat_archiver")
    await server.kill()
    options = {
        "restore_command": f"cp {archive}/%f %p",
        "recovery_target_name": point,
        "recovery_target_action": "promote",
    }
    with (backup / "postgresql.auto.conf").open("a") as file:
        file.writelines(f"{name} = '{setting}'\n" for name, setting in options.items())
    (backup / "recovery.signal").touch()
    replace_data(server, backup)
    await server.start()


@asynccontextmanager
async def replica_of(server: PostgresServer, folder: Path, *, is_synchronous: bool) -> AsyncIterator[PostgresServer]:
    """Run a replica: one that each commit waits for, or one that has followed so far and receives nothing more."""
    replica = PostgresServer(folder)
    await back_up(server, replica.data, "--write-recovery-conf")
    try:
        await replica.start()
        await wait_for(server, "SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'")
        if is_synchronous:
            await change_setting(server, "synchronous_standby_names = '*'")
        else:
            position = await value(server.url, "SELECT pg_current_wal_lsn()::text")
            await wait_for(replica, f"SELECT pg_last_wal_replay_lsn() >= '{position}'")
            await change_setting(replica, "primary_conninfo = ''")
            await wait_for(server, "SELECT count(*) = 0 FROM pg_stat_replication")
        yield replica
    finally:
        await replica.remove()


async def wait_for(server: PostgresServer, condition: str) -> None:
    """Wait until a query returns true."""
    async with asyncio.timeout(60):
        while not await value(server.url, condition):  # noqa: ASYNC110 (another process changes it)
            await asyncio.sleep(0.02)


async def change_setting(server: PostgresServer, setting: str) -> None:
    """Change a setting of a running server."""
    async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as connection:
        await connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        await connection.execute("SELECT pg_reload_conf()")


async def value(url: str, query: str) -> Any:
    """Return the value in the last row of a query, asked outside of the service. None without a row."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        rows = await (await connection.execute(query.encode())).fetchall()
    return rows[-1][0] if rows else None
