"""The browser of the tests: a Chromium that is found on the machine, or Debian's."""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "The tests of the web page need a Chromium, and none of {names} is on the PATH. "
    "Debian: apt-get install chromium (as root); or name one in CHROMIUM."
)
# It is to speak to our service and to nobody else.
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-precise-memory-info",
)


def chromium() -> Path:
    """Where it is; Debian's is installed where that can be done. Raises `FileNotFoundError` that says what to do."""
    found = _found()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], env=environment, timeout=120, **quiet)  # type: ignore[call-overload]
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"]
        subprocess.run(install, env=environment, timeout=300, **quiet)  # type: ignore[call-overload]
        found = _found()
    if found is None:
        raise FileNotFoundError(MISSING.format(names=", ".join(NAMES)))
    return found


def _found() -> Path | None:
    named = os.environ.get("CHROMIUM")
    if named is not None:
        return Path(named)
    return next((Path(path) for name in NAMES if (path := shutil.which(name))), None)
