"""Finds the Chromium for the browser tests, and installs the Debian package if possible."""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "The browser tests need Chromium, and none of {names} is on the PATH. "
    "On Debian, run apt-get install chromium as root, or set CHROMIUM to the path of a browser."
)
# These keep the browser from contacting any host but the service under test.
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-precise-memory-info",
)
_UPDATE_TIMEOUT_SECONDS, _INSTALL_TIMEOUT_SECONDS = 120, 300


def chromium() -> Path:
    """Return the path of the browser. Raises `FileNotFoundError`, with instructions, if there is none."""
    found = _find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt_get("update", "-q", timeout=_UPDATE_TIMEOUT_SECONDS)
        install = ("install", "-q", "-y", "--no-install-recommends", "chromium")
        _apt_get(*install, timeout=_INSTALL_TIMEOUT_SECONDS)
        found = _find()
    if found is None:
        raise FileNotFoundError(MISSING.format(names=", ".join(NAMES)))
    return found


def _find() -> Path | None:
    configured = os.environ.get("CHROMIUM")
    if configured is not None:
        return Path(configured)
    return next((Path(path) for name in NAMES if (path := shutil.which(name))), None)


def _apt_get(*arguments: str, timeout: int) -> None:
    subprocess.run(
        ["apt-get", *arguments],
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        timeout=timeout,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
