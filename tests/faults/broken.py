"""The service with one rule of the protocol left out, to see that the checker notices: `python -m tests.faults.broken`.

It also takes its time at the moments that matter, so that the races that the rule is there for come about.
"""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

import cache.redis.client
from api.app import create_app
from api.config.settings import load_settings
from api.process import logs
from cache.redis.protocol import Protocol

_LEAVE = "redis.call('ZREM', index(other), id)"
# What is left out of which scripts, and what stands there instead. The first is the control.
VARIANTS: dict[str, dict[str, tuple[str, str]]] = {
    "nothing": {},
    # A reader fills whatever has become of its lease: the naive cache.
    "the lease at the fill": {"fill": ("if redis.call('GET', entry) == lease then", "if lease then")},
    # A writer says nothing in the entry before it commits.
    "the mark": {"mark": ("redis.call('SET', entry, 'M ' .. token .. ' ' .. deadline)", "")},
    # A reader takes the place of a writer, as if its mark were not there.
    "marks at the lease": {"lease": ("local free = not held", "local free = not held or kind == 'M '")},
    # A writer shows its value over the mark of a later one.
    "the token at the publish": {"publish": ("if holder == token then", "if holder then")},
    # A writer puts the task into the views only when it has committed.
    "the index before the commit": {"mark": ("for of = 1, view > 0 and VIEWS or 0 do", "for of = 1, 0 do")},
    # Nobody takes a task out of the views that it is not in.
    "the way out of the indexes": dict.fromkeys(("publish", "abort", "scrub"), (_LEAVE, "")),
}
VARIANT = "BROKEN_VARIANT"
# Seconds in the mean, before a step and after it: between the rows and the fill, mark and commit, commit and publish.
PAUSES = {"fill": (0.05, 0.0), "mark": (0.0, 0.01), "publish": (0.03, 0.0)}


def leave_out(variant: str) -> None:
    """Changes the scripts as they are read. Fails if what is to be left out is not there."""
    changes, whole = VARIANTS[variant], cache.redis.client.script_source
    for verb, (rule, _) in changes.items():
        assert rule in whole(verb), f"{verb}.lua has changed: {rule} is not in it"

    def source(verb: cache.redis.client.ScriptName) -> str:
        rule, instead = changes.get(verb, ("", ""))
        return whole(verb).replace(rule, instead) if rule else whole(verb)

    cache.redis.client.script_source = source  # type: ignore[assignment]


def take_time() -> None:
    """Lets others in between the steps."""
    for step, pauses in PAUSES.items():
        setattr(Protocol, step, _slow(getattr(Protocol, step), *pauses))


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
    """In one process, on the port after `--port`."""
    port = int(sys.argv[sys.argv.index("--port") + 1])
    leave_out(os.environ[VARIANT])
    take_time()
    settings = load_settings(port=port)
    logs.configure(settings)
    uvicorn.run(create_app(settings), host="127.0.0.1", port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
