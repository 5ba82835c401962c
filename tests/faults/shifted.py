"""The service with the time of day put forth or back: `CLOCK_SHIFT=3600 python -m tests.faults.shifted --port 8000`.

A library that shifts the clock of a process is not on every machine; the service reads the time of day through `time`
alone, and that is what is replaced, for every module of the process that reads it so.
"""

import os
import sys
import time

import uvicorn

SHIFT = "CLOCK_SHIFT"


def shift(seconds: float) -> None:
    """From here on the time of day is another."""
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + seconds
    time.time_ns = lambda: now_ns() + int(seconds * 1e9)


def main() -> None:
    """In one process, on the port after `--port`."""
    shift(float(os.environ[SHIFT]))
    from api.app import create_app
    from api.config.settings import load_settings
    from api.process import logs

    port = int(sys.argv[sys.argv.index("--port") + 1])
    settings = load_settings(port=port)
    logs.configure(settings)
    uvicorn.run(create_app(settings), host="127.0.0.1", port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
