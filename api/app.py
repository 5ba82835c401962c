"""The composition root: opens everything in one lifespan and lays the routes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from api.config.settings import Settings
from api.graphql.persisted_queries import Documents, trusted_documents
from api.http.endpoint import TRACE, EndpointOptions, GraphQL
from api.http.metrics import render
from api.http.middleware import BodyLimit, RequestLimit, RequestLog
from api.http.static_site import StaticSite
from api.http.trusted_hosts import LOCAL, TrustedHosts, is_loopback
from api.realtime.sse import StreamLimit
from api.realtime.websocket import GraphQLSocket
from cache.errors import RedisFull
from cache.feed.feed import Feed
from cache.maintenance.runner import maintenance
from cache.metrics import StoreMetrics
from cache.redis.client import Redis
from cache.store import Store
from db.pool import Database, DatabaseLimits
from schema import build
from schema.limits.extension import OperationLimits

# Bytes from which an answer is worth compressing, and how hard: more than this costs much and gains little.
COMPRESSED_FROM, LEVEL = 1024, 1


def create_app(settings: Settings) -> Starlette:
    """The service. The stores' addresses must be set. Opens connections only when it starts."""
    database_url, redis_url = settings.database_address, settings.redis_address
    if database_url is None or redis_url is None:
        raise ValueError("The addresses of both stores must be set before the service is made.")
    metrics = StoreMetrics()
    limits = DatabaseLimits(
        pool_size=settings.database_pool_size,
        statement_timeout_ms=settings.statement_timeout_ms,
        transaction_timeout_ms=settings.transaction_timeout_ms,
    )
    database = Database(database_url, limits, metrics.count_query)
    redis = Redis(redis_url, count=metrics.count_round_trip)
    store = Store(database, redis, metrics)
    feed, streams = Feed(store), StreamLimit(settings.max_streams)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with database, redis, maintenance(store, timedelta(days=settings.retention_days), feed):
            yield
            await store.pending_writes.drain()

    page = StaticSite(settings.page_dir, playground=settings.development)
    endpoint = graphql(settings, store, feed, streams, page)
    app = Starlette(
        routes=[
            Route("/graphql", endpoint),
            WebSocketRoute("/graphql", GraphQLSocket(endpoint, origins(settings))),
            Route("/livez", livez),
            Route("/readyz", readyz(store)),
            Route("/metrics", render(store, streams)),
        ],
        middleware=[
            Middleware(RequestLog),
            *hosts(settings),
            *cors(settings),
            Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM, compresslevel=LEVEL),
            Middleware(RequestLimit, limit=settings.max_requests_in_flight, path="/graphql"),
            Middleware(BodyLimit, limit=settings.max_body_bytes),
        ],
        lifespan=lifespan,
    )
    app.router.default = page
    app.state.streams = streams
    return app


def graphql(settings: Settings, store: Store, feed: Feed, streams: StreamLimit, page: StaticSite) -> GraphQL:
    """The endpoint as it is set. Raises `SettingsError`."""
    limits = OperationLimits(
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        directives=settings.max_directives,
        tokens=settings.max_tokens,
        cost=settings.max_cost,
        introspection=settings.development,
    )
    schema, path = build(limits, suggestions=settings.development), settings.trusted_documents
    documents = Documents(
        None if path is None else trusted_documents(path, schema._schema), trusted_only=settings.trusted_only
    )
    options = EndpointOptions(
        timeout=settings.request_timeout_ms / 1000,
        max_batch=settings.max_batch,
        traces=settings.development if settings.trace is None else settings.trace,
        get_stored_only=not settings.development,
    )
    return GraphQL(schema, store, feed, streams, documents, options, page.playground if settings.development else None)


def origins(settings: Settings) -> list[str]:
    """The other sites whose pages may ask."""
    return [origin.strip() for origin in settings.cors_origins.split(",") if origin]


def hosts(settings: Settings) -> list[Middleware]:
    """For the names that it goes by; open if it may be asked by any.

    `localhost` is always among them: nobody can make that name lead from another site's page to here.
    """
    names = [name.strip().lower() for name in settings.hosts.split(",") if name]
    if "*" in names or not (names or is_loopback(settings.host)):
        return []
    return [Middleware(TrustedHosts, names=[LOCAL, *names])]


def cors(settings: Settings) -> list[Middleware]:
    """For pages of other sites; closed unless set."""
    if not (allowed := origins(settings)):
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=allowed,
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", TRACE, "X-Request-Id"],
            expose_headers=["X-Request-Id", "Retry-After"],
            max_age=3600,
        )
    ]


async def livez(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


def readyz(store: Store) -> Callable[[Request], Awaitable[Response]]:
    """Whether requests can be answered; `degraded`: from PostgreSQL alone, which is right, and slower."""

    async def answer(_request: Request) -> Response:
        if store.gate_lease.ready:
            degraded = store.gate_lease.protocol is None
            reason = {"reason": str(RedisFull())} if degraded and store.gate_lease.index_too_large else {}
            return JSONResponse({"status": "ready", "degraded": degraded, **reason})
        return JSONResponse(
            {"status": "not ready", "reason": "PostgreSQL does not answer"},
            status_code=503,
            headers={"Retry-After": "1"},
        )

    return answer
