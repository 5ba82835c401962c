"""Paths of values in a response."""

from __future__ import annotations

from typing import Any

from graphql.pyutils import Path

# A path from the leaf to the root: the path of the parent, a response key or an index, and the name of the type.
# A plain tuple, because a path is made for every list item and only errors and resolvers that take an info read it.
PathLink = tuple[Any, str | int, str | None]


def path_list(path: PathLink | None) -> list[str | int]:
    """Return the keys of a path from the root to the leaf."""
    keys: list[str | int] = []
    while path is not None:
        keys.append(path[1])
        path = path[0]
    keys.reverse()
    return keys


def info_path(path: PathLink | None) -> Any:
    """Return the path as graphql-core's type."""
    return None if path is None else Path(info_path(path[0]), path[1], path[2])


def field_path(path: PathLink) -> PathLink:
    """Return the path of the field to which a value belongs, without the indices of list items."""
    while isinstance(path[1], int):
        path = path[0]
    return path
