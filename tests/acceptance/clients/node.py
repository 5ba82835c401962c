"""Runs the scripts of this folder on Node.js."""

import asyncio
from pathlib import Path

from tools import node

FOLDER = Path(__file__).parent


def install() -> None:
    """Install the packages of package-lock.json if they are missing."""
    node.install(FOLDER)


async def run(script: str, *arguments: str) -> str:
    """Run a script of this folder and return its output. Fail if the script fails or writes to stderr."""
    process = await asyncio.create_subprocess_exec(
        str(node.programs() / "node"),
        script,
        *arguments,
        cwd=FOLDER,
        env=node.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, out.decode() + err.decode()
    assert err == b""
    return out.decode()
