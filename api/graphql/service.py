"""Run GraphQL operations and subscriptions, with a time limit and an optional trace."""

import time
from collections.abc import AsyncGenerator, Awaitable
from typing import Any

from graphql import OperationType as GraphQLOperation
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from api.graphql.deadline import ClientDisconnected, Deadline, Disconnect
from api.graphql.outcome import encoded, outcome_of, record_of, trace_extension
from api.graphql.persisted_queries import PersistedQueries
from api.graphql.refusals import check_scopes, rate_limit_error, spend, timeout_error
from api.graphql.request import GraphQLRequest, RequestError
from api.graphql.request_id import new_request_id
from api.graphql.response import OperationRecord, ResponseBody
from api.graphql.shared_events import SharedEvents, SubscriptionEvent, events_of
from cache.feed.turns import Turns
from cache.metrics import separate_counters
from cache.rates.allowance import Allowance, RateLimited
from cache.rates.limits import RateLimits
from cache.reads.session import Session
from cache.store import Store
from cache.workspaces import Workspace, Workspaces
from db.caller import Caller
from schema.context import Context
from schema.execution.answer import Answer
from schema.execution.plan import Plan
from schema.execution.schema import Schema
from schema.execution.subscription import start_subscription

# The error message for an operation that came by the wrong method or transport.
SUPPORTED_TRANSPORTS = (
    "Send queries by GET or POST and mutations by POST. Subscribe over a WebSocket, or with a request that accepts "
    "text/event-stream."
)
# Longer variables belong to lists of ids, not to pages.
_MAX_KEY_BYTES = 1024
_READ_ONLY = (OperationType.QUERY,)
_ALL_BUT_SUBSCRIPTIONS = (OperationType.QUERY, OperationType.MUTATION)


class GraphQLService:
    """Runs the requests of one worker against the schema and the stores."""

    def __init__(
        self,
        schema: Schema,
        workspaces: Workspaces,
        rate_limits: RateLimits,
        persisted_queries: PersistedQueries,
        *,
        timeout_seconds: float,
        max_response_bytes: int,
    ) -> None:
        self._schema = schema
        self._workspaces = workspaces
        self._rate_limits = rate_limits
        self._persisted_queries = persisted_queries
        self._timeout_seconds = timeout_seconds
        self._max_response_bytes = max_response_bytes
        self._shared_events = SharedEvents()

    @property
    def turns(self) -> Turns:
        """The turns that subscribers take. Other work that thousands of clients can cause at once takes them too."""
        return self._workspaces.turns

    def document(self, request: GraphQLRequest, caller: Caller, *, stored_only: bool = False) -> str:
        """Return the text that a request runs. Raises `RequestError`."""
        return self._persisted_queries.resolve(request, caller.workspace, stored_only=stored_only)

    async def execute(
        self,
        request: GraphQLRequest,
        request_id: str,
        caller: Caller,
        *,
        read_only: bool = False,
        stored_only: bool = False,
        trace: bool = False,
        disconnect: Disconnect | None = None,
        address: str = "",
    ) -> ResponseBody:
        """Run a query or a mutation and return the body of the response.

        The page cache never answers a request with `trace`, which asks for the cost of an execution. Raises
        `RequestError`, for example after the time limit, and `ClientDisconnected` if `disconnect` returns before the
        operation has ended and before it has begun to write.
        """
        started = time.perf_counter()
        document, name = self.document(request, caller, stored_only=stored_only), request.operation_name
        plan = self._schema.planner.known(document, name) or await self._prepare(document, name, caller)
        check_scopes(plan, caller)
        workspace, allowance = await self._workspaces.open(caller.workspace), self._rate_limits.allowance(caller)
        pages, key = workspace.store.page_cache, None if trace else self._page_key(plan, request, workspace.store)
        if key is not None and (page := await pages.valid_page(key, workspace.store.gate_lease.protocol)) is not None:
            if not allowance.take(page.points):
                await spend(allowance, page.points, plan)
            if not read_only:
                self._persisted_queries.register(request, caller.workspace)
            return ResponseBody(page.body, record_of(plan, points=page.points), executed=True, holder=page)
        context = _context(workspace, request_id, caller, allowance, address)
        metrics = None
        try:
            if trace:
                with separate_counters() as metrics:
                    answer = await self._execute(plan, document, request, context, read_only, disconnect)
            else:
                answer = await self._execute(plan, document, request, context, read_only, disconnect)
        except RequestError as error:
            error.record = record_of(plan, error.record.outcome, errors=1)
            raise
        if answer.executed and not read_only:  # a GET request must have no side effect, not even on this cache
            self._persisted_queries.register(request, caller.workspace)
        if metrics is not None:
            answer.extensions["cache"] = trace_extension(metrics, started, degraded=context.session.cache.degraded)
        points = answer.extensions.get("cost", {}).get("requested")
        body = encoded(answer, plan, points or 0, self._max_response_bytes)
        if key is not None and not answer.errors and (validity := context.session.cache.validity) is not None:
            pages.store(key, len(key[-1]), body, validity, points or 0, context.session.cache.requested)
        record = record_of(plan, outcome_of(answer.errors), points, len(answer.errors))
        return ResponseBody(body, record, executed=answer.executed)

    @staticmethod
    def _page_key(plan: Plan, request: GraphQLRequest, store: Store) -> tuple[int, bytes] | None:
        """Return the key of the response in the page cache: plan and variables. None if it has no place there."""
        if plan.compiled is None or plan.kind is not GraphQLOperation.QUERY or not store.page_cache.is_on:
            return None
        variables = bytes(request.raw_variables)
        return (plan.number, variables) if len(variables) <= _MAX_KEY_BYTES else None

    async def feed_rev(self, caller: Caller) -> str | None:
        """Return the `rev` after which a subscription misses no change of what is read from now on, if it is known."""
        rev = await (await self._workspaces.open(caller.workspace)).feed.position()
        return None if rev is None else str(rev)

    def record(self, document: str, operation_name: str | None) -> OperationRecord:
        """Return what logs and metrics tell of a subscription that starts."""
        return record_of(self._schema.planner.plan(document, operation_name))

    def rate_limit_headers(self, caller: Caller) -> dict[str, str] | None:
        """Return the headers with the rate limit of a caller and the points left, or None without a limit."""
        return self._rate_limits.allowance(caller).headers()

    async def charge(
        self, document: str, variables: dict[str, Any] | None, operation_name: str | None, caller: Caller
    ) -> None:
        """Take the points of a subscription that starts. Its events cost none. Raises `RequestError`."""
        plan = await self._prepare(document, operation_name, caller)
        await spend(self._rate_limits.allowance(caller), self._schema.points_of(plan, variables), plan)

    async def _prepare(self, document: str, operation_name: str | None, caller: Caller) -> Plan:
        """Return the plan of a document. Takes points for a new one. Raises `RequestError`."""
        planner = self._schema.planner
        if planner.known(document, operation_name) is None and (points := self._schema.reading_points(document)):
            await spend(self._rate_limits.allowance(caller), points)
        return await planner.prepare(document, operation_name)

    async def check_scopes(self, document: str, operation_name: str | None, caller: Caller) -> None:
        """Raise `RequestError` if the caller lacks a scope that an operation requires."""
        check_scopes(await self._prepare(document, operation_name, caller), caller)

    async def is_subscription(self, document: str, operation_name: str | None, caller: Caller) -> bool:
        """Return whether the operation to run is a subscription. Raises `RequestError`."""
        return (await self._prepare(document, operation_name, caller)).kind is GraphQLOperation.SUBSCRIPTION

    async def subscribe(
        self,
        document: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        caller: Caller,
        request_id: str | None = None,
    ) -> AsyncGenerator[SubscriptionEvent, None]:
        """Return the events of a subscription. If it cannot run, the only event holds the errors.

        Raises `RequestError` if the caller may not subscribe to it.
        """
        plan = await self._prepare(document, operation_name, caller)
        check_scopes(plan, caller)
        workspace, allowance = await self._workspaces.open(caller.workspace), self._rate_limits.allowance(caller)
        await self.turns.turn()
        id_ = request_id or new_request_id()

        def new_context(id_: str) -> Context:
            return _context(workspace, id_, caller, allowance)

        subscription = start_subscription(self._schema, plan, variables, id_, new_context)
        if subscription is not None:
            return self._shared_events.events(subscription)
        results = await self._schema.subscribe(
            document, variable_values=variables, context_value=new_context(id_), operation_name=operation_name
        )
        return events_of(results)

    async def _execute(
        self,
        plan: Plan,
        document: str,
        request: GraphQLRequest,
        context: Context,
        read_only: bool,
        disconnect: Disconnect | None,
    ) -> Answer:
        session, began = context.session, time.perf_counter()
        running = self._start(plan, document, request, context, read_only)
        if isinstance(running, Answer):
            return running
        remaining_seconds = self._timeout_seconds - (time.perf_counter() - began)
        try:
            with Deadline(remaining_seconds, disconnect, may_cancel=lambda: not session.wrote):
                return await running
        except ClientDisconnected:
            session.abandon()
            raise
        except TimeoutError:
            session.abandon()
            raise timeout_error(self._timeout_seconds, wrote=session.wrote) from None
        except RateLimited as error:
            raise rate_limit_error(error) from None
        except InvalidOperationTypeError:
            raise RequestError(405, SUPPORTED_TRANSPORTS, "METHOD_NOT_ALLOWED", Allow="POST") from None
        except CannotGetOperationTypeError as error:
            raise RequestError(400, error.as_http_error_reason(), "OPERATION_NOT_FOUND") from None

    def _start(
        self, plan: Plan, document: str, request: GraphQLRequest, context: Context, read_only: bool
    ) -> Answer | Awaitable[Answer]:
        """Begin to run an operation. An answer that waits for nothing needs no deadline."""
        if plan.kind is GraphQLOperation.QUERY or not read_only:
            started = self._schema.start_compiled(plan, request.raw_variables, context)
            if started is not None:
                return started
        return self._schema.run(
            document,
            context,
            variable_values=request.variables_of(plan.variable_names),
            operation_name=request.operation_name,
            allowed_operation_types=_READ_ONLY if read_only else _ALL_BUT_SUBSCRIPTIONS,
            operation_extensions=request.extensions,
        )


def _context(workspace: Workspace, request_id: str, caller: Caller, allowance: Allowance, address: str = "") -> Context:
    return Context(Session(workspace.store, caller.author), request_id, caller, workspace.feed, allowance, address)
