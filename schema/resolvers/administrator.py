"""Who asks for an administrative action, and with which rights."""

from collections.abc import Callable, Coroutine
from typing import Any

from graphql import GraphQLError

from db.audit_log import Actor
from db.caller import ANONYMOUS, DEFAULT_WORKSPACE, Scope
from db.pool import Database
from schema import administration as actions
from schema.context import Info
from schema.types.administration_inputs import AdministrationInput
from schema.types.payloads import UserError, UserErrorCode

Fields = dict[str, Any]


def database(info: Info) -> Database:
    """Return the database, after keeping the answer out of the page cache: `rev` does not change with it."""
    info.context.session.cache.forbid_caching()
    return info.context.session.store.database.for_every_workspace()


def actor(info: Info) -> Actor:
    """Return who makes the request, for the audit log."""
    context = info.context
    return Actor(context.caller.actor, context.address or None, context.request_id)


async def check_operator(info: Info) -> None:
    """Raise `GraphQLError`, and record it, unless the caller administers all workspaces."""
    caller = info.context.caller
    if actions.is_operator(caller):
        return
    async with database(info).transaction() as connection:
        await actions.record_bounded(connection, actor(info), caller.workspace, "access.refused", info.field_name)
    raise GraphQLError(
        "This administers other workspaces than the caller's. Use a token with the scope admin in the workspace "
        f"{DEFAULT_WORKSPACE}.",
        extensions={"code": "FORBIDDEN"},
    )


async def administered_workspace(info: Info, id_: str | None) -> str:
    """Return the workspace that an argument names; the caller's if None. Raises `GraphQLError` if it is another's."""
    if id_ is None or id_ == info.context.caller.workspace:
        return info.context.caller.workspace
    await check_operator(info)
    return id_


def check_grant(info: Info, scopes: set[Scope], points_per_minute: int | None) -> None:
    """Raise `Rejected` if the caller may not give these rights to a token."""
    caller = info.context.caller
    if caller == ANONYMOUS:  # the token would outlast the time without identity
        message = (
            "Tokens cannot be created while callers are not identified. Use the command: python -m api token create"
        )
        raise actions.Rejected(None, message, UserErrorCode.NOT_ALLOWED)
    if beyond := sorted(scopes - caller.scopes):
        message = f"scopes must not go beyond those of the caller, which lacks {', '.join(beyond)}."
        raise actions.Rejected("scopes", message, UserErrorCode.NOT_ALLOWED)
    if points_per_minute is not None and not actions.is_operator(caller):
        message = "pointsPerMinute can be set by an operator only. Leave it out."
        raise actions.Rejected("pointsPerMinute", message, UserErrorCode.NOT_ALLOWED)


async def payload_fields(
    info: Info, given: AdministrationInput, run: Callable[[], Coroutine[Any, Any, Fields]]
) -> Fields:
    """Run an action to its end, and return the fields of its payload, with a rejection as a user error."""
    fields: Fields = {"client_mutation_id": given.client_mutation_id}
    try:
        return fields | await info.context.session.finish_write(run(), ())
    except actions.Rejected as error:
        field = None if error.field is None else [error.field]
        return fields | {"user_errors": [UserError(field=field, message=str(error), code=error.code)]}
