"""Copies of a running PostgreSQL: backups and replicas of it, which take its place or run beside it."""

import asyncio
import shutil
from pathlib import Path
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


async def execute(url: str, statement: str) -> None:
    """Execute a statement outside of the service."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statement.encode())
