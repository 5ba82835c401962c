"""The service with a shifted wall clock: `CLOCK_SHIFT=3600 python -m tests.faults.clock_shift --port 8000`.

The service reads the wall clock only through `time.time` and `time.time_ns`, so replacing these shifts the whole
process. A library that shifts the clock of a process is not available on every platform.
"""

import os
import sys
import time

import uvicorn

SHIFT_VARIABLE = "CLOCK_SHIFT"


def shift_clock(seconds: float) -> None:
    """Shift the wall clock of this process."""
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + seconds
    time.time_ns = lambda: now_ns() + int(seconds * 1e9)


def main() -> None:
    """Shift the clock, then serve in this process."""
    shift_clock(float(os.environ[SHIFT_VARIABLE]))
    from api.app import create_app
    from api.config.load import load_settings
    from api.process import logs

    port = int(sys.argv[sys.argv.index("--port") + 1])
    settings = load_settings(port=port)
    logs.configure(settings)
    uvicorn.run(create_app(settings), host="127.0.0.1", port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
