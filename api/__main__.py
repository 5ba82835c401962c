"""The command line: `python -m api`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import App, Parameter

from api.config.settings import Settings, SettingsError, load_settings
from api.devstores import StoreError, find, find_database, remove_data
from api.process import logs
from api.process.preflight import UnfitStores
from api.process.supervisor import ServeError, Supervisor, say
from api.process.worker import work
from cache.errors import StoreUnavailable
from db.errors import DatabaseError

if TYPE_CHECKING:
    from cache.store import Store

_EXPECTED = (SettingsError, StoreError, ServeError, UnfitStores, DatabaseError, StoreUnavailable)
Result = TypeVar("Result")

app = App(
    name="python -m api",
    help="Millitask: a GraphQL API over PostgreSQL and Redis. Settings: docs/settings.md.",
    version_flags=[],
    result_action="return_value",
)

Hidden = Annotated[int, Parameter(show=False)]


@app.command
def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    data_dir: Path | None = None,
) -> None:
    """Start the stores (unless DATABASE_URL and REDIS_URL name others) and the service.

    Args:
        host: The address to listen on (MILLITASK_HOST, 127.0.0.1).
        port: The port to listen on (MILLITASK_PORT, 8000).
        workers: How many worker processes (MILLITASK_WORKERS, 1).
        data_dir: The folder of the embedded stores (MILLITASK_DATA_DIR, .data).
    """
    settings = load_settings(host=host, port=port, workers=workers, data_dir=data_dir)
    logs.configure(settings)
    Supervisor(settings).run()


@app.command(show=False)
def worker(*, fd: int, alive_fd: int) -> None:
    """Serve requests from a socket that `serve` opened."""
    settings = load_settings()
    logs.configure(settings)
    if not work(settings, fd, alive_fd):
        sys.exit(1)


@app.command
def migrate() -> None:
    """Bring the database to the newest schema; what is there already is left alone."""
    import db.migrations

    url = find_database(load_settings())
    if url is None:
        raise _nothing_runs("DATABASE_URL")
    applied = db.migrations.migrate(url)
    say(f"Applied {len(applied)}: {', '.join(applied)}." if applied else "Nothing to apply.")


@app.command
def reindex() -> None:
    """Build the index in Redis anew from the rows in PostgreSQL; the service goes on meanwhile, without Redis."""
    from cache.maintenance.rebuild import reindex

    say(f"The index holds {asyncio.run(_with_store(reindex)):,} tasks.")


@app.command
def verify(*, repair: bool = False) -> None:
    """Hold all that Redis holds against the rows in PostgreSQL; exit code 1 when anything differs.

    Args:
        repair: Mend what differs; then 1 only if something could not be mended.
    """
    from cache.maintenance.audit import AuditReport, audit

    def tell(id_: object, problem: str) -> None:
        sys.stdout.write(f"{id_}: {problem}\n")

    report: AuditReport = asyncio.run(_with_store(lambda store: audit(store, tell, repair=repair)))
    say(
        f"Looked at {report.rows:,} tasks and {report.entries:,} entries: {report.different:,} differ"
        + (f", {report.repaired:,} mended." if repair else ".")
    )
    if report.different > report.repaired:
        sys.exit(1)


@app.command
def schema(*, reference: bool = False) -> None:
    """Print the GraphQL schema.

    Args:
        reference: As a page for people.
    """
    from schema import sdl
    from schema.reference import reference as page

    sys.stdout.write(page() if reference else sdl().rstrip("\n") + "\n")


@app.command
def reset(*, yes: bool = False) -> None:
    """Delete the data of the embedded stores, after asking.

    Args:
        yes: Do not ask.
    """
    settings: Settings = load_settings()
    if not settings.data_dir.exists():
        say(f"There is nothing in {settings.data_dir}.")
        return

    def confirmed() -> bool:
        question = f"Delete every task in {settings.data_dir}? Type yes: "
        return yes or (sys.stdin.isatty() and input(question).strip().lower() == "yes")

    if not remove_data(settings, confirmed):
        say("Nothing was deleted; answer yes in a terminal, or give --yes.")
        sys.exit(1)
    say("Deleted.")


async def _with_store(work: Callable[["Store"], Awaitable[Result]]) -> Result:
    """Does something with the stores of the service that runs."""
    from cache.metrics import StoreMetrics
    from cache.redis.client import Redis
    from cache.store import Store
    from db.pool import Database

    settings = load_settings()
    urls = find(settings)
    if urls is None:
        raise _nothing_runs("DATABASE_URL and REDIS_URL")
    async with Database(urls.database_url) as database, Redis(urls.redis_url) as redis:
        return await work(Store(database, redis, StoreMetrics()))


def _nothing_runs(names: str) -> StoreError:
    folder = load_settings().data_dir
    return StoreError(
        f"no embedded stores run in {folder}; start the service first (make run), "
        f"set MILLITASK_DATA_DIR to the folder that it uses, or set {names}"
    )


def main() -> None:
    """Run a command. An expected failure is a line on stderr, or one for each thing to mend, and exit code 1."""
    try:
        app()
    except _EXPECTED as error:
        for line in str(error).splitlines():
            say(f"error: {line}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
