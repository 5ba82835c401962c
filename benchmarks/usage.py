"""Suite `usage`: what counting costs a page and a worker, and how right the sketch and the miss-ratio curve are."""

import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from benchmarks.cached_tasks import POLICIES, measured_miss_ratio
from benchmarks.hammer import PAGE
from benchmarks.http_load import load, post
from benchmarks.report import ROOT, Report, median_ratio, note
from benchmarks.service import Service
from benchmarks.zipf import ZipfWorkload
from cache.usage.reuse import ReuseSampler, miss_ratio
from cache.usage.usage import Usage
from cache.usage.workspace_usage import PageUse

ROUNDS, SECONDS, CONNECTIONS = 9, 2.0, 16
DISTINCT = 10_000_000
# The executed pages, in blocks with and without counting.
BLOCKS, BLOCK_PAGES = 30, 500
# The workload of the sketch: phases with other tasks at the top, and the requests of each.
TASKS, PHASES, REQUESTS = 1_000_000, 3, 1_000_000
# The workload of the curve, and the entries that the cache holds. In each of these seconds, at most as many tasks are
# requested as the cache holds.
CURVE_TASKS, CURVE_REQUESTS, SIZES, CURVE_SECONDS = 200_000, 1_000_000, (5000, 20_000, 60_000), 40
_MEMORY = "from benchmarks.usage import count_distinct; count_distinct()"


def run(report: Report) -> None:
    """Measure with `report.count` tasks in the service."""
    _measure_memory(report)
    _measure_page(report)
    _measure_sketch(report)
    _measure_curve(report)
    _measure_hot_page(report)


def count_distinct() -> None:
    """Print the memory in bytes that counting takes after requests of so many different tasks, each once."""
    before = _resident()
    usage = Usage()
    counts = usage.of("default")
    for start in range(0, DISTINCT, 50):
        ids = [number.to_bytes(16) for number in range(start, start + 50)]
        counts.count_reads(ids)
        counts.count_misses(ids, set(), 1)
        counts.count_tasks(ids)
        if start % 100_000 == 0:
            usage.take(datetime.now(UTC), start / DISTINCT)
    sys.stdout.write(str(_resident() - before))


def _resident() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):  # the most so far
            return int(line.split()[1]) * 1024
    raise RuntimeError("This system does not tell the memory of a process.")


def _measure_memory(report: Report) -> None:
    done = subprocess.run([sys.executable, "-c", _MEMORY], cwd=ROOT, check=True, capture_output=True, text=True)
    report.add(f"memory of counting, {DISTINCT:,} different tasks requested", int(done.stdout) / 2**20, "MiB", "≤ 20")


def _measure_page(report: Report) -> None:
    """Measure the CPU that counting adds to an executed page, and the longest time that it takes of one request."""
    workload, counted, longest = ZipfWorkload(TASKS), [], 0.0
    counts, uncounted = Usage().of("default"), Usage(is_on=False).of("default")
    counts.epoch = 1
    for _ in range(BLOCKS):
        pages = list(workload.pages(BLOCK_PAGES))
        seconds = []
        for of_workspace in (counts, uncounted):
            before = time.process_time()
            for number, page in enumerate(pages):
                # New objects, as from Redis, that are hashed, as the loader does.
                ids = [bytes(bytearray(id_)) for id_ in page]
                dict.fromkeys(ids)
                start = time.thread_time()
                of_workspace.count_page(PageUse(None, "NEWEST", 50, number * 50))
                of_workspace.count_page_of_hits(ids)
                longest = max(longest, time.thread_time() - start)
            seconds.append(time.process_time() - before)
        counted.append((seconds[0] - seconds[1]) / BLOCK_PAGES)
    report.add("CPU of counting an executed page of 50 tasks", statistics.median(counted) * 1e6, "µs")
    report.add("longest CPU of counting in one request", longest * 1000, "ms")


def _measure_sketch(report: Report) -> None:
    """Compare the stored counts with the true ones, phase by phase."""
    workload, usage = ZipfWorkload(TASKS), Usage()
    right, errors = [], []
    for _ in range(PHASES):
        truth: Counter[bytes] = Counter()
        found: Counter[bytes] = Counter()
        pages = REQUESTS // 50
        for number, page in enumerate(workload.pages(pages), 1):
            usage.of("default").count_tasks(page)
            truth.update(page)
            if number % 2000 == 0:
                found += _stored(usage, everything=number == pages)
        top = [id_ for id_, _ in truth.most_common(100)]
        right.append(len({id_ for id_, _ in found.most_common(100)} & set(top)))
        errors.append(max(abs(found[id_] - truth[id_]) / truth[id_] for id_ in top))
        workload.shift()
    report.add(f"sketch: right ones of the top 100, worst of {PHASES} phases", min(right), "", "≥ 95")
    report.add("sketch: largest error of a count of the top 100", max(errors) * 100, "%", "≤ 5")


def _stored(usage: Usage, *, everything: bool) -> Counter[bytes]:
    rows = usage.take(datetime.now(UTC), 0.0, everything=everything)
    hours = ((cell, amounts) for cell, amounts in rows if cell.kind == "task" and cell.resolution == "hour")
    return Counter({UUID(cell.key).bytes: amounts.requests for cell, amounts in hours})


def _measure_curve(report: Report) -> None:
    """Compare the curve from a sample with a Redis that evicts, at three sizes."""
    pages = list(ZipfWorkload(CURVE_TASKS).pages(CURVE_REQUESTS // 50))
    for policy, size in itertools.product(POLICIES, SIZES):
        of_size, sampler = pages[: size * CURVE_SECONDS // 50], ReuseSampler()
        for page in of_size:
            sampler.observe(page)
        held, ratio = measured_miss_ratio(of_size, size, policy, rate=size)
        predicted = miss_ratio(sampler.take(), held)
        assert predicted is not None
        note(f"{policy}: {held:,} entries, {ratio:.4f} measured, {predicted:.4f} predicted")
        target = "≤ 3" if policy == "volatile-lru" else ""
        name = f"miss ratio of Redis with {policy} and {size:,} entries, difference to the curve"
        report.add(name, abs(predicted - ratio) * 100, "points", target)


def _measure_hot_page(report: Report) -> None:
    """Measure one page from the page cache with and without counting, in turns."""
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name, ExitStack() as stack:
        counting = Service(Path(name) / "data")
        stack.enter_context(counting.running())
        counting.wait_for_index()
        counting.load(report.count, Path(name) / "load.json")
        urls = counting.stores()
        variables = {"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url, "MILLITASK_USAGE": "false"}
        without = Service(Path(name) / "other", variables=variables)
        stack.enter_context(without.running())
        without.wait_for_index()
        rates: dict[Service, list[float]] = {counting: [], without: []}
        costs: dict[Service, list[float]] = {counting: [], without: []}
        for number in range(ROUNDS):
            for service in (counting, without)[:: 1 if number % 2 else -1]:
                before = service.cpu_seconds()
                sent = load(service.port, itertools.repeat(post(PAGE)), connections=CONNECTIONS, seconds=SECONDS)
                costs[service].append((service.cpu_seconds() - before) * 1000 / sent.requests)
                rates[service].append(sent.rate)
    report.add("hot page with counting", statistics.median(rates[counting]), "/s")
    report.add("hot page with counting ÷ without", median_ratio(rates[counting], rates[without]), "", "≥ 0.97")
    report.add("CPU of a hot page without counting ÷ with", median_ratio(costs[without], costs[counting]), "")
