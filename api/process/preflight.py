"""Check before the start that callers are identified, that the stores fit, and that the trusted documents are valid."""

import asyncio

import structlog

from api.config.database import database_limits
from api.config.identity import exposure_problem
from api.config.load import load_trace_settings
from api.config.settings import Settings, SettingsError
from api.devstores import StoreSetupError
from api.devstores.connectivity import check_database
from cache.errors import CacheUnavailable
from cache.redis.client import Redis
from cache.redis.preflight import primaries_problems, redis_warnings
from cache.redis.seeds import inspect_hosts
from cache.redis.url import MalformedUrl
from db.errors import explain
from db.preflight import database_problems, database_warnings, replica_problem

_REDIS_TIMEOUT_SECONDS = 3.0

log = structlog.get_logger(__name__)


class UnfitStores(Exception):
    """A store that the service must not use. The message has one line for each problem and says how to fix it."""


def check_identity(settings: Settings) -> None:
    """Raise `SettingsError` if other machines could connect without being identified, or sessions have no secrets."""
    if (problem := exposure_problem(settings.host, settings)) is not None:
        raise SettingsError(problem)
    if settings.identity_methods:
        # Imported late: without identity, the supervisor needs no cryptography.
        from api.identity.session_secrets import ensure_secrets

        ensure_secrets(settings)


def check_traces() -> None:
    """Warn if the environment asks for traces that the service cannot send."""
    traces = load_trace_settings()
    if traces is not None and traces.problem is not None:
        log.warning("traces are not sent", setting=traces.variable, reason=traces.problem)


def check_trusted_documents(settings: Settings) -> None:
    """Check the manifest of trusted documents, which each worker loads. Raises `SettingsError`."""
    if settings.trusted_documents is not None:
        # Imported late: without a manifest, the supervisor does not need the schema.
        from api.graphql.persisted_queries import load_manifest
        from schema.build import create_schema

        load_manifest(settings.trusted_documents, create_schema(compiled=False)._schema)


def check_stores(settings: Settings, *, database_url: str | None, redis_url: str | None) -> None:
    """Check the stores whose URL is given. Raises `UnfitStores`, `StoreSetupError` or `DatabaseError`.

    An unreachable Redis is only a warning, because the service can fall back to PostgreSQL until Redis returns.
    """
    if database_url is not None:
        check_database(database_url)
    if database_url is not None or redis_url is not None:
        problems = asyncio.run(_find_problems(settings, database_url, redis_url))
        if problems:
            raise UnfitStores("\n".join(problems))


async def _find_problems(settings: Settings, database_url: str | None, redis_url: str | None) -> list[str]:
    problems = []
    if redis_url is not None:
        store = _store_name("Redis", "REDIS_URL", settings.redis_url)
        problems += [f"{store}: {problem}" for problem in await _check_redis(redis_url)]
    if database_url is not None:
        store = _store_name("database", "DATABASE_URL", settings.database_url)
        problems += [f"{store}: {problem}" for problem in await _check_database(settings, database_url)]
    return problems


async def _check_redis(url: str) -> list[str]:
    try:
        redis = Redis(url, timeout=_REDIS_TIMEOUT_SECONDS)
    except MalformedUrl as error:
        raise StoreSetupError(str(error)) from None
    async with redis:
        try:
            problems = await primaries_problems(redis)
            for warning in [] if problems else await redis_warnings(redis):
                log.warning(warning, setting="REDIS_URL")
        except CacheUnavailable as error:
            problems, failures = await inspect_hosts(url)
            if not problems:
                reason = "; ".join([explain(error), *failures])
                log.warning("Redis cannot be used, continuing without it", setting="REDIS_URL", reason=reason)
    return problems


async def _check_database(settings: Settings, url: str) -> list[str]:
    problems = await database_problems(url, database_limits(settings), settings.database_connections)
    for warning in [] if problems else await database_warnings(url, database_limits(settings)):
        log.warning(warning, setting="DATABASE_URL")
    if not problems and settings.replica_address is not None:
        problem = await replica_problem(settings.replica_address)
        if problem is not None:
            log.warning(
                "the replica cannot be used, continuing without it", setting="DATABASE_REPLICA_URL", reason=problem
            )
    return problems


def _store_name(store: str, variable: str, given: str | None) -> str:
    return f"the embedded {store}" if given is None else f"the {store} at {variable}"
