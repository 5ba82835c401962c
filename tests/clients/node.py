"""Where Node.js is: the machine's, if it is new enough, else the one of the wheel; and a script run on it."""

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
OLDEST = 22


def programs() -> Path:
    """The folder of `node` and `npm`."""
    found = shutil.which("node")
    if found is not None and shutil.which("npm") is not None:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"v(\d+)", said)
        if version and int(version[1]) >= OLDEST:
            return Path(found).parent
    return Path(sys.executable).parent


def install() -> None:
    """What package-lock.json names, unless it is there."""
    lock, stamp = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    npm = [str(programs() / "npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(npm, cwd=FOLDER, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    stamp.write_bytes(lock.read_bytes())


def environment() -> dict[str, str]:
    """This process's, with that Node.js first."""
    import os

    return os.environ | {"PATH": f"{programs()}{os.pathsep}{os.environ.get('PATH', '')}"}


async def run(script: str, *arguments: str) -> str:
    """What a script of this folder prints. It must end well, and say nothing on stderr."""
    process = await asyncio.create_subprocess_exec(
        str(programs() / "node"),
        script,
        *arguments,
        cwd=FOLDER,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, problems = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, out.decode() + problems.decode()
    assert problems == b""
    return out.decode()
