"""The service without one rule of the protocol, to test that the campaign detects it: `python -m tests.faults.broken`.

It also pauses between the steps of the protocol, so that the races that the rule prevents occur.
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
from api.config.load import load_settings
from api.process import logs
from cache.redis.protocol import Protocol

_LEAVE = "redis.call('ZREM', index(other), id)"
# By variant and script: the text to replace, and its replacement. The first variant is the control.
VARIANTS: dict[str, dict[str, tuple[str, str]]] = {
    "nothing": {},
    # A reader fills the entry even if its lease is gone, as a naive cache does.
    "the lease at the fill": {"fill": ("if redis.call('GET', entry) == lease then", "if lease then")},
    # A writer does not mark the entry before it commits.
    "the mark": {"mark": ("redis.call('SET', entry, 'M ' .. token .. ' ' .. deadline)", "")},
    # A reader takes a lease over a mark.
    "marks at the lease": {"lease": ("local free = not value", "local free = not value or kind == 'M '")},
    # A writer publishes over the mark of a later writer.
    "the token at the publish": {"publish": ("if holder == token then", "if holder then")},
    # A writer adds the task to the indexes only after it has committed.
    "the index before the commit": {"mark": ("for of = 1, view > 0 and VIEWS or 0 do", "for of = 1, 0 do")},
    # No script removes a task from the indexes of views that it has left.
    "the way out of the indexes": dict.fromkeys(("publish", "abort", "scrub"), (_LEAVE, "")),
}
VARIANT = "BROKEN_VARIANT"
# Mean seconds before and after a step: between row and fill, mark and commit, commit and publish.
PAUSES = {"fill": (0.05, 0.0), "mark": (0.0, 0.01), "publish": (0.03, 0.0)}


def leave_out(variant: str) -> None:
    """Replace the text in the scripts as they are loaded. Raise AssertionError if a script does not contain it."""
    changes, original = VARIANTS[variant], cache.redis.client.script_source
    for name, (rule, _) in changes.items():
        assert rule in original(name), f"{name}.lua has changed: {rule} is not in it"

    def source(name: cache.redis.client.ScriptName) -> str:
        rule, replacement = changes.get(name, ("", ""))
        return original(name).replace(rule, replacement) if rule else original(name)

    cache.redis.client.script_source = source  # type: ignore[assignment]


def take_time() -> None:
    """Add pauses between the steps, in which other operations run."""
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
    """Break the protocol, then serve in this process."""
    port = int(sys.argv[sys.argv.index("--port") + 1])
    leave_out(os.environ[VARIANT])
    take_time()
    settings = load_settings(port=port)
    logs.configure(settings)
    uvicorn.run(create_app(settings), host="127.0.0.1", port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
