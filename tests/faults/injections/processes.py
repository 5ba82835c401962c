"""A process of the service fails: killed, stopped, or with a clock that is wrong."""

import asyncio
import signal
import time

from tests.faults.fault import Run
from tests.faults.history import WRITES, Operation
from tests.faults.node import Node, Setup
from tests.faults.shifted import SHIFT


def unanswered(run: Run, operation: Operation) -> bool:
    """Nobody was there to answer, or who was died before it had, or woke up when its time was over."""
    code = operation.answer.code
    return (code.startswith("NO_") or code == "REQUEST_TIMEOUT") and run.outages.excuse(operation)


async def killed(run: Run) -> None:
    """In the middle of its writes; the supervisor starts another."""
    node = run.cluster.nodes[run.injected % len(run.cluster.nodes)]
    await run.back(node)
    await asyncio.sleep(run.chance.uniform(0.05, 0.5))
    run.out(node)
    node.kill_worker()
    await asyncio.sleep(0.05)


async def stopped(run: Run, seconds: float = 10.0) -> None:
    """It wakes up with leases on the gate, and with writes, that are long over."""
    node: Node = run.chance.choice(run.cluster.nodes)
    run.out(node)
    assert node.signal_worker(signal.SIGSTOP)
    stopped = time.monotonic()
    await asyncio.sleep(seconds)
    node.signal_worker(signal.SIGCONT)
    began = time.monotonic()
    if not any(op.start > stopped and op.kind in WRITES and not op.failed for op in run.workload.history.operations):
        run.wrong.append("nobody wrote while a process was stopped, so there was nothing that it could be late with")
    await run.back(node)
    run.measure("back, s", time.monotonic() - began)
    await asyncio.sleep(run.chance.uniform(0.2, 1.0))


def shifted(seed: int) -> Setup:
    """One process is an hour ahead, or behind."""
    first, other = ("3600", "0") if seed % 2 else ("0", "-3600")
    return Setup(module=("tests.faults.shifted",), variables=({SHIFT: first}, {SHIFT: other}))


async def clock(_run: Run) -> None:
    """It is wrong from the beginning; the clients work for a while."""
    await asyncio.sleep(10)
