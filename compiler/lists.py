"""Completion of lists: all items at once if they are of the usual kind, otherwise item by item."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from types import NoneType
from typing import Any

from graphql import GraphQLError, Undefined, located_error
from graphql.pyutils import gather_with_cancel, is_iterable

from compiler.completer import Column, Complete, Completer
from compiler.errors import Irregular
from compiler.paths import PathLink, path_list
from compiler.run import FieldInfo, Run, may_await


def list_completer(complete_item: Complete, item_column: Column | None, nullable: bool, field: FieldInfo) -> Completer:
    """Return the completer of a list, given the completion of one item and of all items at once.

    nullable: whether the items are nullable.
    """
    items = _Items(complete_item, nullable, field)

    def complete(value: Any, run: Run, path: PathLink) -> Any:
        if item_column is not None and type(value) is list:
            try:
                completed = item_column(value, run)
            except Exception:  # noqa: S110 - the items are completed one by one, and raise again
                pass
            else:
                return value.copy() if completed is value else completed
        return items.complete(value, run, path)

    def column(of_nullable: bool) -> Column | None:
        return None if item_column is None else _list_column(item_column, of_nullable)

    return Completer(complete, column)


def _list_column(item_column: Column, nullable: bool) -> Column:
    """Return the column of lists. The items of all lists are completed together."""
    allowed = {list, NoneType} if nullable else {list}

    def column(values: list[Any], run: Run) -> list[Any]:
        if not allowed.issuperset(map(type, values)):
            raise Irregular
        completed = iter(item_column(list(chain.from_iterable(filter(None, values))), run))
        return [list(islice(completed, len(value))) if value else value and [] for value in values]

    return column


class _Items:
    """The completion of the items of a list one by one, with the errors that graphql-core reports."""

    def __init__(self, complete_item: Complete, nullable: bool, field: FieldInfo) -> None:
        self._complete = complete_item
        self._nullable = nullable
        self._field = field

    def complete(self, value: Any, run: Run, path: PathLink) -> Any:
        if isinstance(value, Exception):
            raise value
        if value is None or value is Undefined:
            return None
        if hasattr(type(value), "__aiter__"):
            run.pending += 1
            return self._iterate(value, run, path)
        if not is_iterable(value):
            field = self._field
            raise GraphQLError(f"Expected Iterable, but did not find one for field '{field.parent_type}.{field.name}'.")
        return self._complete_all(iter(value), run, path)

    def _complete_all(self, iterator: Iterator[Any], run: Run, path: PathLink) -> Any:
        completed: list[Any] = []
        awaited: list[int] = []
        index = 0
        try:
            for item in iterator:
                self._add(item, index, completed, awaited, run, path)
                index += 1
        except Exception:
            pending = [completed[index] for index in awaited]
            with suppress(Exception):
                pending += [item for item in iterator if may_await(item)]
            if pending:
                run.settle_in_background(pending)
            raise
        if not awaited:
            return completed
        run.pending += 1
        return await_items(completed, awaited)

    def _add(self, item: Any, index: int, completed: list[Any], awaited: list[int], run: Run, path: PathLink) -> None:
        """Complete an item and append the result, which is a coroutine if something must be awaited."""
        item_path = (path, index, None)
        if may_await(item):
            completed.append(self._complete_awaitable(item, run, item_path))
            awaited.append(index)
            return
        try:
            result = self._complete(item, run, item_path)
            if may_await(result):
                result = self._guard(result, run, item_path)
                awaited.append(index)
            completed.append(result)
        except Exception as error:
            self._field.fail(error, self._nullable, run, item_path)
            completed.append(None)

    async def _complete_awaitable(self, item: Any, run: Run, path: PathLink) -> Any:
        try:
            completed = self._complete(await item, run, path)
            return await completed if may_await(completed) else completed
        except Exception as error:
            return self._field.fail(error, self._nullable, run, path)

    async def _guard(self, completed: Any, run: Run, path: PathLink) -> Any:
        try:
            return await completed
        except Exception as error:
            return self._field.fail(error, self._nullable, run, path)

    async def _iterate(self, value: Any, run: Run, path: PathLink) -> list[Any]:
        """Complete the items of an asynchronous iterable."""
        iterator = value.__aiter__()
        completed: list[Any] = []
        awaited: list[int] = []
        index = 0
        try:
            while True:
                try:
                    item = await anext(iterator)
                except StopAsyncIteration:
                    break
                except Exception as error:
                    raise located_error(error, self._field.nodes, path_list(path)) from error
                self._add(item, index, completed, awaited, run, path)
                index += 1
        except Exception:
            if close := getattr(iterator, "aclose", None):
                with suppress(Exception):
                    await close()
            if awaited:
                run.settle_in_background([completed[index] for index in awaited])
            raise
        return await await_items(completed, awaited) if awaited else completed


async def await_items(values: list[Any], awaited: list[int]) -> list[Any]:
    """Await the coroutines at the given indices and put their results in their places."""
    if len(awaited) == 1:
        values[awaited[0]] = await values[awaited[0]]
    else:
        results = await gather_with_cancel(*(values[index] for index in awaited))
        for index, result in zip(awaited, results, strict=True):
            values[index] = result
    return values
