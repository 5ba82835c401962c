"""The commands of `python -m api`."""

import asyncio
import sys
from pathlib import Path

from cyclopts import App

from api.commands.errors import CommandFailed
from api.commands.stores import no_running_stores, with_store
from api.config.load import load_settings
from api.config.settings import SettingsError
from api.devstores import StoreSetupError, find_database_url, remove_data
from api.devstores.connectivity import check_database
from api.process import logs
from api.process.console import print_message
from api.process.listeners import ServeError
from api.process.preflight import UnfitStores
from api.process.supervisor import Supervisor
from api.process.worker import WorkerDescriptors, run_worker
from cache.errors import StoreUnavailable
from db.caller import DEFAULT_WORKSPACE
from db.errors import DatabaseError
from millitask import __version__

_EXPECTED_ERRORS = (
    SettingsError,
    StoreSetupError,
    ServeError,
    UnfitStores,
    DatabaseError,
    StoreUnavailable,
    CommandFailed,
)

app = App(
    name="python -m api",
    help="Millitask: a GraphQL API over PostgreSQL and Redis. docs/reference/settings.md describes the settings.",
    version=__version__,
    result_action="return_value",
)
# Imported when they are used: they need the GraphQL schema, not needed by all processes of `serve`.
app.command("api.commands.workspace:app", name="workspace", help="Administer workspaces.")
app.command("api.commands.token:app", name="token", help="Administer API tokens.")
app.command("api.commands.audit:app", name="audit", help="Read the audit log.")
app.command("api.commands.advise:app", name="advise", help="Give advice from what was requested.")


@app.command
def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    data_dir: Path | None = None,
) -> None:
    """Start the service, with embedded stores unless DATABASE_URL and REDIS_URL are set.

    Args:
        host: Address to listen on. Default: MILLITASK_HOST or 127.0.0.1.
        port: Port to listen on. Default: MILLITASK_PORT or 8000.
        workers: Number of worker processes. Default: MILLITASK_WORKERS or 1.
        data_dir: Folder of the embedded stores. Default: MILLITASK_DATA_DIR or .data.
    """
    settings = load_settings(host=host, port=port, workers=workers, data_dir=data_dir)
    logs.configure(settings)
    Supervisor(settings).run()


@app.command(show=False)
def worker(*, fd: int, alive_fd: int, metrics_fds: list[int], number: int) -> None:
    """Serve requests from a socket that `serve` opened."""
    settings = load_settings()
    logs.configure(settings)
    if not run_worker(settings, WorkerDescriptors(fd, alive_fd, metrics_fds), number):
        sys.exit(1)


@app.command
def migrate() -> None:
    """Apply the pending database migrations."""
    import db.migrations

    settings = load_settings()
    url = find_database_url(settings)
    if url is None:
        raise no_running_stores("DATABASE_URL")
    check_database(url)
    applied: list[str] = []
    if settings.database_pooling == "transaction":
        db.migrations.require_no_pending(url)
    else:
        applied = db.migrations.migrate(url)
    print_message(f"Applied {len(applied)}: {', '.join(applied)}." if applied else "Nothing to apply.")


@app.command
def reindex(*, workspace: str = DEFAULT_WORKSPACE) -> None:
    """Rebuild the index in Redis from PostgreSQL. A running service falls back to PostgreSQL during the rebuild.

    Args:
        workspace: Id of the workspace whose index is rebuilt.
    """
    from cache.maintenance.rebuild import reindex

    print_message(f"The index holds {asyncio.run(with_store(reindex, workspace)):,} tasks.")


@app.command
def verify(*, workspace: str = DEFAULT_WORKSPACE, repair: bool = False) -> None:
    """Compare Redis with PostgreSQL and report differences. The exit code is 1 if there are any.

    Args:
        workspace: Id of the workspace that is compared.
        repair: Repair the differences. The exit code is then 1 only if some could not be repaired.
    """
    from cache.maintenance.audit import AuditReport, audit

    def print_difference(id_: object, problem: str) -> None:
        sys.stdout.write(f"{id_}: {problem}\n")

    report: AuditReport = asyncio.run(
        with_store(lambda store: audit(store, print_difference, repair=repair), workspace)
    )
    repaired = f", {report.repaired:,} repaired" if repair else ""
    print_message(
        f"Compared {report.rows:,} tasks, {report.entries:,} entries and {report.views:,} declared views: "
        f"{report.different:,} differ{repaired}."
    )
    if report.unused:
        print_message(f"Not in use, so not compared: {', '.join(report.unused)}. PostgreSQL answers for these views.")
    if report.different > report.repaired:
        sys.exit(1)


@app.command
def schema(*, reference: bool = False) -> None:
    """Print the GraphQL schema.

    Args:
        reference: Print the reference in Markdown instead of the schema definition language.
    """
    from schema.build import sdl
    from schema.reference import reference_page

    sys.stdout.write(reference_page() if reference else sdl().rstrip("\n") + "\n")


@app.command
def reset(*, yes: bool = False) -> None:
    """Delete all data of the embedded stores, after a confirmation.

    Args:
        yes: Delete without a confirmation.
    """
    settings = load_settings()
    if not settings.data_dir.exists():
        print_message(f"Nothing to delete: {settings.data_dir} does not exist.")
        return

    def confirmed() -> bool:
        question = f"Delete all tasks in {settings.data_dir}? Type yes to confirm: "
        return yes or (sys.stdin.isatty() and input(question).strip().lower() == "yes")

    if not remove_data(settings, confirmed):
        print_message("Nothing was deleted. To delete without the question: python -m api reset --yes")
        sys.exit(1)
    print_message("Deleted.")


def main() -> None:
    """Run a command. An expected error exits with code 1 and prints each of its lines to stderr."""
    try:
        app()
    except _EXPECTED_ERRORS as error:
        for line in str(error).splitlines():
            print_message(f"error: {line}")
        sys.exit(1)
