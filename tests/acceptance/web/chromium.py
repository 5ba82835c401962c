"""Finds the Chromium for the browser tests, and the fonts for pictures. Installs the Debian packages if possible."""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "The browser tests need Chromium, and none of {names} is on the PATH. "
    "On Debian, run apt-get install chromium as root, or set CHROMIUM to the path of a browser."
)
FONTS = "fonts-wqy-microhei"
MISSING_FONT = (
    "The pictures need a font for {languages}, and none is installed. On Debian, run apt-get install {fonts} as root."
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
    if found is None:
        _install("chromium")
        found = _find()
    if found is None:
        raise FileNotFoundError(MISSING.format(names=", ".join(NAMES)))
    return found


def require_fonts() -> None:
    """Raise `FileNotFoundError`, with instructions, if no font has the characters of a Japanese or Korean title."""
    if _missing_languages():
        _install(FONTS)
    if missing := _missing_languages():
        raise FileNotFoundError(MISSING_FONT.format(languages=" and ".join(missing), fonts=FONTS))


def _missing_languages() -> list[str]:
    """Return the languages without a font. Where fontconfig is not installed, assume that all have one."""
    if shutil.which("fc-list") is None:
        return []
    languages = {"ja": "Japanese", "ko": "Korean"}
    return [name for code, name in languages.items() if not subprocess.check_output(["fc-list", f":lang={code}"])]


def _find() -> Path | None:
    configured = os.environ.get("CHROMIUM")
    if configured is not None:
        return Path(configured)
    return next((Path(path) for name in NAMES if (path := shutil.which(name))), None)


def _install(package: str) -> None:
    """Install a Debian package if this process may do so."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _apt_get("update", "-q", timeout=_UPDATE_TIMEOUT_SECONDS)
        _apt_get("install", "-q", "-y", "--no-install-recommends", package, timeout=_INSTALL_TIMEOUT_SECONDS)


def _apt_get(*arguments: str, timeout: int) -> None:
    subprocess.run(
        ["apt-get", *arguments],
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        timeout=timeout,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
