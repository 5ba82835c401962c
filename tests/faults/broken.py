"""The service without one rule of the protocol, to test that the campaign detects it: `python -m tests.faults.broken`.

It also pauses between the steps of the protocol, so that the races that the rule prevents occur.
"""

import asyncio
import inspect
import os
import random
import sys
import textwrap
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

import cache.maintenance.scrub
import cache.reads.pages
import cache.writes.bulk_create
import cache.writes.transaction
import db.gate
from api.app import create_app
from api.config.load import load_settings
from api.process import logs
from cache.gate.lease import GateLease
from cache.gate.watcher import GateWatcher
from cache.maintenance.warm_start import WarmStart, WarmStarts
from cache.page_cache import PageCache, SharedCheck
from cache.reads.loader import TaskReader
from cache.redis import script_texts
from cache.redis.create_records import CreateRecords
from cache.redis.endpoint import Endpoint
from cache.redis.pipeline import Pipeline
from cache.redis.protocol import Protocol
from cache.redis.shape_steps import ShapeSteps
from db.connection import Connection
from db.pool import Database
from tests.faults.broken_pauses import PAUSES, PAUSES_OF_VARIANT
from tests.faults.broken_views import FENCE_VARIANTS, VIEW_VARIANTS

_LEAVE = "redis.call('ZREM', index(other), id)"
_NO_ENTRY = "if not entries[at] then"
_MARK_IS_NO_ENTRY = "if entries[at] and string.sub(entries[at], 1, 2) == 'M ' then entries[at] = false end"
_FIRST_IN_FLIGHT = "future, replies, number, _, dropped = in_flight[0]"
_SKIP_CANCELLED = f"""while len(in_flight) > 1 and in_flight[0][0].cancelled():
                in_flight.popleft()
            {_FIRST_IN_FLIGHT}"""
# By variant and script: the text to replace, and its replacement. The first variant is the control.
VARIANTS: dict[str, dict[str, tuple[str, str]]] = {
    "nothing": {},
    # A reader fills the entry even if its lease is gone, as a naive cache does.
    "the lease at the fill": {"fill": ("if redis.call('GET', entry) == lease then", "if lease then")},
    # A writer does not mark the entry before it commits.
    "the mark": {"mark": ("redis.call('SET', entry, 'M '", "tostring('M '")},
    # A reader takes a lease over a mark.
    "marks at the lease": {"lease": ("local free = not value", "local free = not value or kind == 'M '")},
    # A page script does so.
    "marks at the leases of a page": {"page": (_NO_ENTRY, f"{_MARK_IS_NO_ENTRY} {_NO_ENTRY}")},
    # A writer publishes over the mark of a later writer.
    "the token at the publish": {"publish": ("if holder == token then", "if holder then")},
    # A writer adds the task to the indexes only after it has committed.
    "the index before the commit": {"mark": ("for of = 1, view > 0 and VIEWS or 0 do", "for of = 1, 0 do")},
    # No script removes a task from the indexes of views that it has left.
    "the way out of the indexes": dict.fromkeys(("publish", "abort", "scrub"), (_LEAVE, "")),
    **VIEW_VARIANTS,
    **FENCE_VARIANTS,
}
_NO_SETTLE = (cache.writes.bulk_create, "_settle", {"await protocol.settle(transaction)": "pass"})
ONE_LOST_INDEX = "the workspace of a lost index"
NO_HISTORY = "the history in the gate"
# Only an isolated or lost process, a lost pooler, or a failover shows these variants.
WITHOUT_LEASE_END = "the end of a lease on the gate"
WITHOUT_UNKNOWN = "the unknown outcome of a commit"
WITHOUT_SCRUB = "the scrub of marks"
TWO_PRIMARIES = "the difference between two primaries"
WITHOUT_STANDBY = "the wait for the standby"
# The name of the client whose write stays between mark and commit until its process is killed.
HELD = "held"
_HOLD = f"await asyncio.sleep(3600 if writes[0].task.title.startswith({HELD!r}) else 0)"
# Warm starts without a pause, of all tasks: as they are, and with fills that need no lease.
WARM, WARM_WITHOUT_LEASES = "the end of warm starts", "the leases of warm starts"
_ALL_TASKS = """[(id_, 1) for id_ in await connection.query(
        "SELECT id FROM task WHERE workspace_id = %(workspace)s", {"workspace": workspace},
        __import__("psycopg").rows.scalar_row
    )]"""
_NO_END = [
    (WarmStarts, "warm", {"self._warm_epochs[store] = protocol.gate.epoch": "pass"}),
    (WarmStarts, "_warm", {"await protocol.set_warm()": "pass"}),
    (WarmStart, "run", {"await most_requested_tasks(connection, workspace, MAX_TASKS)": _ALL_TASKS}),
]
_FILL_WITHOUT_LEASE = """rows = await session.loader._reader._rows([id_.bytes for id_ in portion])
        await asyncio.sleep(0.05)
        for id_, task in rows.items():
            await self._store.redis.client.set(self._protocol.keys.entries + id_, task.value)"""
_ANY_HISTORY = ".replace(SAME_HISTORY, 'true'),"
# The same for functions: the class or module of each, its name, and the texts with their replacements.
PYTHON_VARIANTS: dict[str, list[tuple[Any, str, dict[str, str]]]] = {
    # A process takes the loss of one index for the loss of all. Only several workspaces show this variant.
    ONE_LOST_INDEX: [
        (
            *(GateWatcher, "_check"),
            {
                "await check_redis(lease, found)": """lost = lease.lost_index
        for each in list(self._leases) if lost else [lease]:
            if lost:
                each.lost_index = (each.gate.epoch, lost[1])
            await check_redis(each, each.gate)"""
            },
        ),
    ],
    # An index is believed whatever has happened to PostgreSQL since. Only a restore shows this variant.
    NO_HISTORY: [
        (db.gate, "read_gates", {"READ_GATES,": f"READ_GATES{_ANY_HISTORY}"}),
        (db.gate, "queue_enter_gate", {"ENTER_GATE,": f"ENTER_GATE{_ANY_HISTORY}"}),
    ],
    # A process relies on the gate for an hour. Only a process that PostgreSQL does not answer shows this variant.
    WITHOUT_LEASE_END: [(GateLease, "observe_gate", {"sent_at + GATE_LEASE_SECONDS": "sent_at + 3600"})],
    # A commit without an answer is reported as one that changed nothing.
    WITHOUT_UNKNOWN: [(Connection, "commit", {"raise CommitUnknown from error": "raise"})],
    # Nobody removes the marks that a lost host has left. A write of one client never gets beyond its mark.
    WITHOUT_SCRUB: [
        (cache.maintenance.scrub, "scrub_all", {"if not await scrub(store, protocol, overdue)": "if True"}),
        (cache.writes.transaction, "_attempt", {"marked = True": f"marked = True; {_HOLD}"}),
    ],
    # Every primary is taken for the one that the gate names, and a write without a mark closes no gate.
    TWO_PRIMARIES: [
        (Endpoint, "parse_run_id", {"if self.replaceable else run_id": "if False else 'any'"}),
        (cache.writes.transaction, "mark", {"raise MarkFailed(protocol.gate.epoch, error) from error": "return"}),
    ],
    # A commit is acknowledged before the standby has it. Only a failover shows this variant.
    WITHOUT_STANDBY: [(Database, "session_settings", {'"TimeZone"': '"synchronous_commit": "local", "TimeZone"'})],
    # Every process loads tasks again and again.
    WARM: _NO_END,
    # A warm start reads rows, then fills whatever entry there is by then.
    WARM_WITHOUT_LEASES: [
        *_NO_END,
        (WarmStart, "_load", {"await session.loader.load_many(portion)": _FILL_WITHOUT_LEASE}),
    ],
    # A cached page is served whatever was written since it was read.
    "rev in the check of a cached page": [(PageCache, "valid_page", {"check.rev == page.validity.rev and ": ""})],
    # A cached page is served after a task on it has expired.
    "the expiry of a cached page": [
        (PageCache, "valid_page", {" and check.now_ms < page.validity.next_expiry_ms": ""})
    ],
    # A page is cached although a write of one of its tasks is between mark and publish.
    "marks at the caching of a page": [
        (TaskReader, "_uncached", {"if len(grant.leases) + len(grant.others) < len(unleased):": "if False:"})
    ],
    # A page is cached although a bulk create is in flight. No writer settles its own.
    "bulk creates at the caching of a page": [
        (cache.reads.pages, "settle_creates", {"session.cache.forbid_caching()": "pass"}),
        _NO_SETTLE,
    ],
    # A page leaves out every bulk create that is not settled. No writer settles its own.
    "the outcomes of bulk creates": [
        (cache.reads.pages, "settle_creates", {"await session.store.unsettled_creates.settle": "_ = "}),
        _NO_SETTLE,
    ],
    # Nobody but its writer settles a bulk create. A writer takes its time, so a kill comes before it.
    "bulk creates in the scrub": [(CreateRecords, "recorded_creates", {"return [": "return [] and ["})],
    # A request joins a check that was sent before the request arrived.
    "the sending of a check": [
        (
            *(SharedCheck, "_run"),
            {"if self._waiting is waiting:": "if False:", "finally:": "finally:\n        self._protocol = None"},
        )
    ],
    # The reply of a cancelled read goes to the next read. Requests wait before they are sent, so more are cancelled.
    "the drop of a cancelled reply": [
        (Pipeline, "data_received", {_FIRST_IN_FLIGHT: _SKIP_CANCELLED}),
        (Pipeline, "send", {"self._loop.call_soon(self._flush)": "self._loop.call_later(0.02, self._flush)"}),
    ],
}
VARIANT = "BROKEN_VARIANT"


def leave_out(variant: str) -> None:
    """Leave out the rule. Raise AssertionError if a script or a function does not contain it."""
    for owner, name, changes in PYTHON_VARIANTS.get(variant, []):
        leave_out_of_function(owner, name, changes)
    leave_out_of_scripts(VARIANTS.get(variant, {}))


def leave_out_of_function(owner: Any, name: str, changes: dict[str, str]) -> None:
    """Define a function or a property of a class or module again, with other texts."""
    function = function_of(owner, name)
    source = textwrap.dedent(inspect.getsource(function))
    for rule, replacement in changes.items():
        assert rule in source, f"{function.__qualname__} has changed: {rule} is not in it"
        source = source.replace(rule, replacement)
    defined: dict[str, Any] = {}
    exec(compile(source, inspect.getfile(function), "exec"), function.__globals__, defined)
    setattr(owner, name, defined[name])


def function_of(owner: Any, name: str) -> Any:
    """Return a function of a class or module. A property has one."""
    found = getattr(owner, name)
    return found.fget if isinstance(found, property) else found


def leave_out_of_scripts(changes: dict[str, tuple[str, str]]) -> None:
    """Replace the texts in the scripts as they are loaded."""
    original = script_texts.script_source
    for name, (rule, _) in changes.items():
        assert rule in original(name), f"{name}.lua has changed: {rule} is not in it"

    def source(name: script_texts.ScriptName, *, sharded: bool = False) -> str:
        rule, replacement = changes.get(name, ("", ""))
        text = original(name, sharded=sharded)
        return text.replace(rule, replacement) if rule else text

    script_texts.script_source = source  # type: ignore[assignment]


def take_time(variant: str) -> None:
    """Add pauses between the steps, in which other operations run."""
    pauses = PAUSES_OF_VARIANT.get(variant, {} if variant in PYTHON_VARIANTS else PAUSES)
    for step, seconds in pauses.items():
        steps = Protocol if hasattr(Protocol, step) else ShapeSteps
        setattr(steps, step, _slow(getattr(steps, step), *seconds))


def _slow(step: Callable[..., Awaitable[Any]], before: float, after: float) -> Callable[..., Awaitable[Any]]:
    async def slowly(*arguments: Any, **named: Any) -> Any:
        await _pause(before)
        done = await step(*arguments, **named)
        await _pause(after)
        return done

    return slowly


async def _pause(mean: float) -> None:
    if mean:
        await asyncio.sleep(random.expovariate(1 / mean))


def main() -> None:
    """Break the protocol, then serve in this process."""
    port = int(sys.argv[sys.argv.index("--port") + 1])
    leave_out(os.environ[VARIANT])
    take_time(os.environ[VARIANT])
    settings = load_settings(port=port)
    logs.configure(settings)
    uvicorn.run(create_app(settings), host="127.0.0.1", port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
