"""The stores that commands act on: those of the running service."""

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from api.commands.errors import CommandFailed
from api.config.database import database_limits
from api.config.load import load_settings
from api.devstores import StoreSetupError, find_database_url, find_stores
from db.caller import DEFAULT_WORKSPACE

if TYPE_CHECKING:
    from cache.store import Store
    from db.audit_log import Actor
    from db.connection import Connection
    from db.pool import Database

Result = TypeVar("Result")


async def with_store(use: Callable[["Store"], Awaitable[Result]], workspace: str = DEFAULT_WORKSPACE) -> Result:
    """Call `use` with the store of a workspace of the running service and return its result.

    Raises `CommandFailed` if there is no such workspace, or it is being deleted.
    """
    from cache.metrics import StoreMetrics
    from cache.redis.client import Redis
    from cache.store import Store
    from db.pool import Database

    settings = load_settings()
    urls = find_stores(settings)
    if urls is None:
        raise no_running_stores("DATABASE_URL and REDIS_URL")
    async with Database(urls.database_url, database_limits(settings)) as database, Redis(urls.redis_url) as redis:
        async with database.connection() as connection:
            await check_workspace(connection, workspace)
        return await use(Store(database, redis, StoreMetrics(), workspace, shapes=settings.shapes))


async def check_workspace(connection: "Connection", workspace: str) -> None:
    """Raise `CommandFailed` if there is no such workspace, or it is being deleted."""
    from db.workspaces import workspaces_page

    found = await workspaces_page(connection, count=1, only=workspace)
    if not found or found[0].state == "deleting":
        raise CommandFailed(f"There is no workspace {workspace}. To list them: python -m api workspace list")


def run(use: Callable[["Database"], Awaitable[Result]]) -> Result:
    """Call `use` with the database of the service and return its result. Raises `CommandFailed` for a rejection."""
    from db.pool import Database
    from schema.administration import Rejected

    async def with_database() -> Result:
        settings = load_settings()
        url = find_database_url(settings)
        if url is None:
            raise no_running_stores("DATABASE_URL")
        async with Database(url, database_limits(settings)) as database:
            return await use(database)

    try:
        return asyncio.run(with_database())
    except Rejected as error:
        raise CommandFailed(str(error)) from error


def no_running_stores(variables: str) -> StoreSetupError:
    """Return the error of a command that needs stores when none are running."""
    folder = load_settings().data_dir
    return StoreSetupError(
        f"no embedded stores are running in {folder}. Start the service (make run), set MILLITASK_DATA_DIR to the "
        f"folder of a running service, or set {variables}."
    )


def command_line() -> "Actor":
    """Return who runs the command, for the audit log."""
    from db.audit_log import Actor

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container can have users without a name
        user = str(os.getuid())
    return Actor(f"cli:{user}")
