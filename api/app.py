"""The composition root: creates the parts of the service and connects them."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from api.config.database import database_limits
from api.config.load import load_trace_settings
from api.config.origins import AllowedOrigins
from api.config.settings import Settings
from api.graphql.persisted_queries import PersistedQueries, load_manifest
from api.graphql.request_id import current_request_id
from api.graphql.response import COMPRESSION_LEVEL
from api.graphql.service import GraphQLService
from api.http.access_log import AccessLog
from api.http.body_limit import BodyLimit
from api.http.cors import CrossOrigin
from api.http.endpoint import EndpointOptions, GraphQLEndpoint
from api.http.errors import internal_error
from api.http.export import Exports
from api.http.front import Front
from api.http.health import Readiness, livez, readyz
from api.http.metrics import metrics_endpoint
from api.http.reply import COMPRESS_FROM_BYTES
from api.http.request_limit import RequestLimits
from api.http.request_trace import RequestTracing
from api.http.session import session_routes
from api.http.static_site import StaticSite
from api.http.trusted_hosts import TrustedHosts, trusted_names
from api.identity.authenticator import Authenticator
from api.identity.identity import Identity
from api.metrics.sizes import UsageSizes
from api.metrics.snapshot import SnapshotFiles
from api.metrics.worker import WorkerMetrics
from api.realtime.stream_limit import StreamLimit
from api.realtime.websocket import GraphQLWebSocket
from api.telemetry.hive_reports import HiveReports
from api.telemetry.tracing import start_tracing
from cache.maintenance.cleanup import cleanup
from cache.maintenance.usage_recorder import UsageRecorder
from cache.maintenance.warm_plan import WarmBudget
from cache.metrics import StoreMetrics
from cache.rates.limits import RateLimits, RatePolicy
from cache.redis.client import Redis
from cache.usage.usage import Usage
from cache.workspaces import Workspaces
from db.pool import Database
from db.replica import Replica
from schema.build import create_schema
from schema.execution.schema import Schema
from schema.limits.operation_limits import OperationLimits


def create_app(
    settings: Settings, snapshots: SnapshotFiles | None = None, authenticator: Authenticator | None = None
) -> Starlette:
    """Return the service, which connects to the stores when it starts. The addresses of both stores must be set.

    snapshots: where the workers share their metrics; None if there is only this one.

    Raises `SettingsError` if the manifest of trusted documents is not valid.
    """
    workspaces = _create_workspaces(settings)
    identity = Identity(settings, workspaces.database)
    authenticator = authenticator or identity.authenticator
    streams = StreamLimit(settings.max_streams, settings.max_subscriptions)
    origins = AllowedOrigins(settings.allowed_origins)
    site = StaticSite(settings.page_dir, playground=settings.development)
    rate_limits = _create_rate_limits(settings, workspaces)
    schema = _create_schema(settings)
    service = _create_service(settings, schema, workspaces, rate_limits)
    hive_reports = _create_hive_reports(settings, schema)
    requests = RequestLimits(settings.max_requests_in_flight)
    exports = Exports(workspaces, authenticator, identity.watch, rate_limits, streams.stopping)
    readiness = Readiness()
    metrics = WorkerMetrics(workspaces, streams, lambda: requests.in_flight, snapshots)
    sizes = UsageSizes(workspaces, 1 if snapshots is None else snapshots.number)
    recorder = UsageRecorder(workspaces.usage, workspaces.database, workspaces.metrics, sizes.measure)
    access_log = AccessLog(as_json=settings.logs_as_json, slow_seconds=settings.slow_ms / 1000 or math.inf)

    tracing = start_tracing(load_trace_settings())
    audit_retention, usage_retention = timedelta(days=settings.audit_days), timedelta(days=settings.usage_days)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        with access_log.writing():
            async with (
                workspaces,
                identity,
                cleanup(workspaces.database, workspaces.redis, audit_retention, usage_retention),
                recorder.running(),
                metrics.sharing(),
                nullcontext() if hive_reports is None else hive_reports.sending(),
            ):
                yield
                await rate_limits.aclose()
            if tracing is not None:
                await tracing.aclose()

    app = Starlette(
        routes=[
            # The front answers the requests to /graphql, except those of browsers for the playground.
            Route("/graphql", site.playground),
            Route("/graphql/", _without_slash),
            WebSocketRoute("/graphql", GraphQLWebSocket(service, authenticator, identity.watch, streams, origins)),
            *session_routes(identity, settings.public_url),
            Route("/export", exports.respond),
            Route("/livez", livez),
            Route("/readyz", readyz(workspaces, readiness)),
            Route("/metrics", metrics_endpoint(workspaces, metrics)),
        ],
        middleware=[
            Middleware(GZipMiddleware, minimum_size=COMPRESS_FROM_BYTES, compresslevel=COMPRESSION_LEVEL),
        ],
        exception_handlers={Exception: _unexpected_error},
        lifespan=lifespan,
    )
    stack = app.build_middleware_stack()
    app.middleware_stack = Front(
        GraphQLEndpoint(service, authenticator, identity.watch, streams, _endpoint_options(settings)),
        access_log=access_log,
        metrics=metrics.requests,
        usage=workspaces.usage,
        hosts=TrustedHosts(trusted_names(settings)),
        requests=requests,
        bodies=BodyLimit(settings.max_body_bytes),
        cors=CrossOrigin(stack, origins, settings),
        tracing=None if tracing is None else RequestTracing(tracing),
        hive_reports=hive_reports,
    )
    app.router.default = site
    # Starlette would redirect to an address built from the Host header.
    app.router.redirect_slashes = False
    # The server sets these when it stops.
    app.state.streams, app.state.readiness, app.state.usage_recorder = streams, readiness, recorder
    return app


def _create_workspaces(settings: Settings) -> Workspaces:
    database_url, redis_url = settings.database_address, settings.redis_address
    if database_url is None or redis_url is None:
        raise ValueError("The service needs both DATABASE_URL and REDIS_URL.")
    metrics = StoreMetrics()
    database = Database(database_url, database_limits(settings), metrics.count_query)
    replica_url = settings.replica_address
    replica = None if replica_url is None else Replica(replica_url, database_limits(settings), metrics.count_query)
    redis = Redis(redis_url, count=metrics.count_round_trip)
    return Workspaces(
        database,
        redis,
        metrics,
        page_cache_bytes=settings.page_cache_mb * 2**20,
        max_read_bytes=settings.max_response_bytes,
        retention=timedelta(days=settings.retention_days),
        index_idle_seconds=settings.index_idle,
        warm_budget=WarmBudget(settings.warm_commands_per_second, settings.warm_memory_percent / 100),
        replica=replica,
        usage=Usage(is_on=settings.usage, keeps_terms=settings.usage_terms),
        shapes=settings.shapes,
    )


def _create_rate_limits(settings: Settings, workspaces: Workspaces) -> RateLimits:
    policy = RatePolicy(
        points_per_minute=settings.points_per_minute,
        workspace_points_per_minute=settings.workspace_points_per_minute,
        burst=settings.points_burst,
        max_cost=settings.max_cost,
        processes=settings.workers,
    )
    return RateLimits(workspaces.redis, policy, workspaces.metrics)


def _create_schema(settings: Settings) -> Schema:
    limits = OperationLimits(
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        directives=settings.max_directives,
        tokens=settings.max_tokens,
        cost=settings.max_cost,
        introspection=settings.development,
    )
    compiled = settings.executor == "compiled"
    return create_schema(limits, suggestions=settings.development, compiled=compiled)


def _create_hive_reports(settings: Settings, schema: Schema) -> HiveReports | None:
    if not settings.hive_target:
        return None
    url = f"{settings.hive_endpoint}/{settings.hive_target}"
    return HiveReports(url, settings.hive_token, schema._schema, sample=settings.hive_sample)


def _create_service(
    settings: Settings, schema: Schema, workspaces: Workspaces, rate_limits: RateLimits
) -> GraphQLService:
    manifest = settings.trusted_documents
    trusted = None if manifest is None else load_manifest(manifest, schema._schema)
    persisted_queries = PersistedQueries(
        trusted, trusted_only=settings.trusted_only, max_characters=settings.max_document_characters
    )
    return GraphQLService(
        schema,
        workspaces,
        rate_limits,
        persisted_queries,
        timeout_seconds=settings.request_timeout_ms / 1000,
        max_response_bytes=settings.max_response_bytes,
    )


def _unexpected_error(_request: Request, _error: Exception) -> Response:
    # The front logs the error.
    return internal_error(current_request_id.get() or "")


def _without_slash(request: Request) -> Response:
    query = request.url.query
    return RedirectResponse(f"/graphql?{query}" if query else "/graphql")


def _endpoint_options(settings: Settings) -> EndpointOptions:
    return EndpointOptions(
        max_batch=settings.max_batch,
        traces=settings.development if settings.trace is None else settings.trace,
        get_stored_only=not settings.development,
        playground=settings.development,
    )
