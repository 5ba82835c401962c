"""Tests that the code in docs/how-to/use-from-apollo.md passes the type checker and works with the service."""

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from tests.acceptance.web.site import Site
from tests.support.service_process import ROOT
from tools.node import environment
from tools.page import WEB

_BLOCK = re.compile(r"^```(?:graphql|tsx?)\n(?://|#) (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_TIMEOUT_SECONDS = 120
_COMPILER_OPTIONS = {
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "target": "es2022",
    "lib": ["es2023", "dom"],
    "module": "preserve",
    "jsx": "react-jsx",
    "types": ["node"],
    "skipLibCheck": True,
    "rewriteRelativeImportExtensions": True,
    "outDir": "built",
}


@pytest.fixture
def guide(built: None, tmp_path: Path) -> Path:
    """Return a folder with the guide's code blocks as files, and with their dependencies installed."""
    for name, text in _BLOCK.findall((ROOT / "docs/how-to/use-from-apollo.md").read_text()):
        (tmp_path / name).write_text(text)
    for name in ("guide.ts", "guide_reload.ts"):
        shutil.copy(Path(__file__).parent / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(WEB / "node_modules")
    (tmp_path / "package.json").write_text('{ "type": "module" }')
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": _COMPILER_OPTIONS}))
    return tmp_path


async def run(folder: Path, *command: str, **variables: str) -> str:
    """Run a command, assert that it succeeds, and return its output."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment() | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), _TIMEOUT_SECONDS)
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_code_of_the_guide_works(site: Site, guide: Path) -> None:
    await site.create_tasks(*(f"Task {number}" for number in range(1, 8)))
    url, bin_dir = f"{site.url}/graphql", guide / "node_modules/.bin"
    await run(guide, str(bin_dir / "graphql-codegen"), "--config", "codegen.ts", GRAPHQL_URL=url)
    await run(guide, str(bin_dir / "tsc"))
    for script in ("guide.js", "guide_reload.js"):
        assert await run(guide, "node", f"built/{script}", url) == "ok\n"
