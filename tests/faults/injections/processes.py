"""A process of the service killed, suspended, or with a wrong clock."""

import asyncio
import signal
import time

from tests.faults.clock_shift import SHIFT_VARIABLE
from tests.faults.fault import Run
from tests.faults.history import WRITES, Operation
from tests.faults.node import Node, Setup


def is_unanswered(run: Run, operation: Operation) -> bool:
    """Return whether the read got no response, or a timeout after the resume, during an outage of its process."""
    code = operation.completion.code
    return (code.startswith("NO_") or code == "REQUEST_TIMEOUT") and run.outages.covers(operation)


async def kill(run: Run) -> None:
    """Kill the worker of a process during its writes. The supervisor restarts it."""
    node = run.cluster.nodes[run.injected % len(run.cluster.nodes)]
    await run.wait_for_node(node)
    await asyncio.sleep(run.random.uniform(0.05, 0.5))
    run.begin_outage(node)
    node.kill_worker()
    await asyncio.sleep(0.05)


async def suspend(run: Run, seconds: float = 10.0) -> None:
    """Suspend a worker. It resumes with a lease on the gate, and with writes, that expired long ago."""
    node: Node = run.random.choice(run.cluster.nodes)
    run.begin_outage(node)
    assert node.signal_worker(signal.SIGSTOP)
    suspended = time.monotonic()
    await asyncio.sleep(seconds)
    node.signal_worker(signal.SIGCONT)
    resumed = time.monotonic()
    operations = run.workload.history.operations
    if not any(op.start > suspended and op.kind in WRITES and not op.failed for op in operations):
        run.violations.append("no write succeeded while a process was suspended, so its state was not stale")
    await run.wait_for_node(node)
    run.measure("recovery, s", time.monotonic() - resumed)
    await asyncio.sleep(run.random.uniform(0.2, 1.0))


def shifted_clock(seed: int) -> Setup:
    """Return a setup in which the clock of one process is an hour ahead, or an hour behind."""
    first, second = ("3600", "0") if seed % 2 else ("0", "-3600")
    command = ("tests.faults.clock_shift",)
    return Setup(command=command, environments=({SHIFT_VARIABLE: first}, {SHIFT_VARIABLE: second}))


async def work_with_shifted_clock(_run: Run) -> None:
    """Let the clients work for a while: the clock is wrong from the start of the process."""
    await asyncio.sleep(10)
