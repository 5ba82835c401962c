"""A watchdog of a worker's event loop: how long the loop was held, how much memory the worker took, who was refused."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.service_process import Service, resident

_PROBE_SECONDS = 0.005


class LoopWatchdog:
    """What small requests on a connection of their own observed while a worker was under attack.

    longest_hold_ms: the most CPU time that the thread of the event loop used between the start and the end of a probe.
    Unlike the time on the clock, it does not grow when other processes take the machine.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        [self._pid] = service.find("api worker")
        self._stopping = threading.Event()
        self.longest_hold_ms = 0.0
        self.resident_bytes = 0
        self.probes = 0
        self.failures: list[str] = []

    def run(self) -> None:
        """Send probes until `stop` is called."""
        connection = http.client.HTTPConnection("127.0.0.1", self._service.port, timeout=30)
        while not self._stopping.wait(_PROBE_SECONDS):
            before = self._cpu_ms()
            try:
                connection.request("GET", "/livez")
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    self.failures.append(f"status {response.status}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            self.longest_hold_ms = max(self.longest_hold_ms, self._cpu_ms() - before)
            self.resident_bytes = max(self.resident_bytes, resident(self._service))
            self.probes += 1
        connection.close()

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    def _cpu_ms(self) -> float:
        # The main thread, which runs the event loop, has the id of the process.
        return int(Path(f"/proc/{self._pid}/task/{self._pid}/schedstat").read_text().split()[0]) / 1e6


@contextmanager
def watched(service: Service) -> Iterator[LoopWatchdog]:
    """Watch the only worker of a service during the block."""
    watchdog = LoopWatchdog(service)
    thread = threading.Thread(target=watchdog.run, daemon=True)
    thread.start()
    try:
        time.sleep(0.1)
        yield watchdog
    finally:
        watchdog.stop()
        thread.join(60)
