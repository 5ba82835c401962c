"""Suite `telemetry`: what traces cost on a cached page, when one request in a hundred is sampled and when all are."""

import itertools
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.hammer import PAGE
from benchmarks.http_load import load, post
from benchmarks.report import Report, median_ratio
from benchmarks.service import Service

ROUNDS, SECONDS = 9, 2.0
CONNECTIONS = 16
SAMPLED_SHARE = "0.01"


def run(report: Report) -> None:
    """Measure with `report.count` tasks, with services in turns on the same stores."""
    with tempfile.TemporaryDirectory(prefix="millitask-bench-") as name, _receiver() as (endpoint, received):
        owner = Service(Path(name) / "data")
        with owner.running():
            owner.wait_for_index()
            owner.load(report.count, Path(name) / "load.json")
            urls = owner.stores()
            stores = {"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url}
            traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER": "parentbased_traceidratio"}
            without = Service(Path(name) / "without", variables=stores)
            sampled = Service(
                Path(name) / "sampled", variables=stores | traces | {"OTEL_TRACES_SAMPLER_ARG": SAMPLED_SHARE}
            )
            all_ = Service(Path(name) / "all", variables=stores | traces | {"OTEL_TRACES_SAMPLER_ARG": "1"})
            with without.running(), sampled.running(), all_.running():
                for service in (without, sampled, all_):
                    service.wait_for_index()
                _measure(report, without, sampled, all_)
        assert received, "The receiver got no spans."


def _measure(report: Report, without: Service, sampled: Service, all_: Service) -> None:
    rates: dict[Service, list[float]] = {service: [] for service in (without, sampled, all_)}
    costs: dict[Service, list[float]] = {service: [] for service in rates}
    for round_ in range(ROUNDS + 1):
        for service in rates:
            before = service.cpu_seconds()
            sent = load(service.port, itertools.repeat(post(PAGE)), connections=CONNECTIONS, seconds=SECONDS)
            if round_:  # the first one warms up
                costs[service].append((service.cpu_seconds() - before) * 1000 / sent.requests)
                rates[service].append(sent.rate)
    report.add("hot page without traces", statistics.median(rates[without]), "/s")
    report.add("CPU of a hot page without traces", statistics.median(costs[without]), "ms")
    report.add("rate sampled at 1% ÷ without", median_ratio(rates[sampled], rates[without]), "", "≥ 0.95")
    report.add("CPU without ÷ sampled at 1%", median_ratio(costs[without], costs[sampled]), "", "≥ 0.95")
    report.add("rate with all traced ÷ without", median_ratio(rates[all_], rates[without]), "")
    report.add("CPU without ÷ all traced", median_ratio(costs[without], costs[all_]), "")


@contextmanager
def _receiver() -> Iterator[tuple[str, list[int]]]:
    """Run an OTLP receiver. Yields its URL and the sizes of what it gets."""
    received: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            received.append(len(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", received
    finally:
        server.shutdown()
        server.server_close()
