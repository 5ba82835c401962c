"""Broken services: each lacks one part of the isolation. The campaign must find every one of them."""

from collections.abc import Callable
from typing import Any

import pytest

import db.connection
from api.graphql.persisted_queries import PersistedQueries
from api.graphql.service import GraphQLService
from cache.page_cache import PageCache
from cache.redis import encoded_task
from db import deleted, search, task_lists, task_table
from schema import cursor
from schema.resolvers import arguments

CONDITION = "workspace_id = %(workspace)s"


def _without_wall(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(db.connection, "check_workspace", lambda *_: None)


def _statement(module: Any, name: str) -> Callable[[pytest.MonkeyPatch], None]:
    def apply(patch: pytest.MonkeyPatch) -> None:
        _without_wall(patch)
        patch.setattr(module, name, getattr(module, name).replace(CONDITION, "true"))

    return apply


def _search(patch: pytest.MonkeyPatch) -> None:
    _without_wall(patch)
    build = search.newest_words_sql
    patch.setattr(search, "newest_words_sql", lambda *values: build(*values).replace(CONDITION, "true"))


def _persisted_queries(patch: pytest.MonkeyPatch) -> None:
    resolve, register = PersistedQueries.resolve, PersistedQueries.register
    patch.setattr(PersistedQueries, "resolve", lambda self, request, _workspace, **k: resolve(self, request, "x", **k))
    patch.setattr(PersistedQueries, "register", lambda self, request, _workspace: register(self, request, "x"))


def _page_cache(patch: pytest.MonkeyPatch) -> None:
    """One cache for all workspaces, whose keys lack the workspace and whose pages are always taken for valid."""
    shared: dict[Any, Any] = {}

    async def valid_page(_self: PageCache, key: Any, _protocol: Any) -> Any:
        return shared.get(key)

    def store(
        _self: PageCache, key: Any, key_bytes: int, body: bytes, validity: Any, points: int = 0, _requested: Any = None
    ) -> None:
        from cache.page_cache import CachedPage

        shared[key] = CachedPage(body, validity, key_bytes, points)

    page_key = GraphQLService._page_key

    def without_workspace(*values: Any) -> Any:
        key = page_key(*values)
        return None if key is None else key[1:]

    patch.setattr(GraphQLService, "_page_key", staticmethod(without_workspace))
    patch.setattr(PageCache, "valid_page", valid_page)
    patch.setattr(PageCache, "store", store)


def _cursor(patch: pytest.MonkeyPatch) -> None:
    """Cursors without the number of their workspace."""
    for module in (cursor, encoded_task):
        pack = module.pack_position
        patch.setattr(
            module, "pack_position", lambda key, score, id_, _workspace="default", pack=pack: pack(key, score, id_)
        )
    decode = cursor.decode_cursor
    patch.setattr(
        arguments, "decode_cursor", lambda argument, text, order, _workspace: decode(argument, text, order, "default")
    )


BROKEN: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a statement that reads tasks": _statement(task_table, "TASKS_BY_ID"),
    "a statement that locks tasks": _statement(task_table, "LOCK_TASKS"),
    "a statement that reads lists": _statement(task_lists, "LISTS_BY_ID"),
    "a statement that locks lists": _statement(task_lists, "LOCK_LIST"),
    "a statement that reads deleted tasks": _statement(deleted, "DELETED_TASK"),
    "a search": _search,
    "persisted queries": _persisted_queries,
    "page cache": _page_cache,
    "cursors": _cursor,
}
