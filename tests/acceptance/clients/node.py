"""The scripts of this folder, run on Node.js."""

import asyncio
from pathlib import Path

from tools import node

FOLDER = Path(__file__).parent


def install() -> None:
    """What package-lock.json names, unless it is there."""
    node.install(FOLDER)


async def run(script: str, *arguments: str) -> str:
    """What a script of this folder prints. It must end well, and say nothing on stderr."""
    process = await asyncio.create_subprocess_exec(
        str(node.programs() / "node"),
        script,
        *arguments,
        cwd=FOLDER,
        env=node.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, problems = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, out.decode() + problems.decode()
    assert problems == b""
    return out.decode()
