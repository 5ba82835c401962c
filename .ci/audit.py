"""Asks whether what the locks hold has known holes; says so where that cannot be asked.

Exit code 1: there are some. What cannot be asked, because the service is not reached from here, is skipped.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"^[a-z0-9._-]+==[^\\\n]+", re.MULTILINE)
SCRIPT = '# /// script\n# requires-python = ">=3.11"\n# dependencies = [\n{}\n# ]\n# ///\n'


def run(*command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end; one that takes too long has reached nobody."""
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 2, "", "no answer within 120 s")


def python(lock: Path) -> bool:
    """Ask about a lock of ours, which uv audits in the form of a script's."""
    uv = str(Path(sys.executable).parent / "uv")
    pins = [f"#   {json.dumps(pin.strip())}," for pin in PIN.findall(lock.read_text())]
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "locked.py"
        script.write_text(SCRIPT.format("\n".join(pins)))
        made = run(uv, "lock", "-q", "--script", script.name, folder=script.parent)
        words = ("--preview-features", "audit-command", "--locked", "--script", script.name)
        if made.returncode:
            return told(lock.name, 2, "", made.stderr.strip().rpartition("\n")[2].strip())
        done = run(uv, "audit", *words, folder=script.parent)
    if done.returncode == 1:
        sys.stdout.write(done.stdout + done.stderr)
    return told(lock.name, done.returncode, f"{len(pins)} packages", done.stderr.strip().rpartition("\n")[2].strip())


def npm(folder: Path) -> bool:
    """Ask about a folder's package-lock.json."""
    name = f"{folder.relative_to(ROOT)}/package-lock.json"
    node = shutil.which("npm") or str(Path(sys.executable).parent / "npm")
    if not Path(node).exists():
        return told(name, 2, "", "there is no npm")
    done = run(node, "audit", "--package-lock-only", "--json", "--fetch-timeout=10000", folder=folder)
    try:
        answer = json.loads(done.stdout or "{}")
    except json.JSONDecodeError:
        answer = {"message": done.stderr.strip() or "no JSON"}
    if "auditReportVersion" not in answer:
        return told(name, 2, "", str(answer.get("message") or answer.get("error") or "no answer"))
    count = answer["metadata"]["dependencies"]["total"]
    if done.returncode:
        sys.stdout.write(run(node, "audit", "--package-lock-only", folder=folder).stdout)
    return told(name, int(done.returncode != 0), f"{count} packages", "")


def told(name: str, code: int, asked: str, reason: str) -> bool:
    """Say how one went, and return whether it may pass."""
    says = {0: f"no known hole in {asked}", 1: f"known holes in {asked}, see above"}
    sys.stdout.write(f"{name}: {says.get(code, f'skipped, the service is not reachable from here ({reason})')}\n")
    return code != 1


def main() -> int:
    """Ask about every lock there is."""
    folders = sorted(lock.parent for place in ("*", "tests/*") for lock in ROOT.glob(f"{place}/package-lock.json"))
    passed = [python(ROOT / "requirements-dev.lock"), *map(npm, folders)]
    return int(not all(passed))


if __name__ == "__main__":
    sys.exit(main())
