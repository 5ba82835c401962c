"""Looks for known vulnerabilities in the locked dependencies.

Exit code 1 if there are any. If a vulnerability service cannot be reached, its check is skipped with a message.
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
TIMEOUT_SECONDS = 120
PASSED, VULNERABLE, SKIPPED = 0, 1, 2


def run(*command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command. A timeout counts as an unreachable service."""
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, SKIPPED, "", f"no response within {TIMEOUT_SECONDS} s")


def audit_python(lock: Path) -> bool:
    """Audit a Python lock file. uv audits only its own format, so the pins are given as those of a script."""
    uv = str(Path(sys.executable).parent / "uv")
    pins = [f"#   {json.dumps(pin.strip())}," for pin in PIN.findall(lock.read_text())]
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "locked.py"
        script.write_text(SCRIPT.format("\n".join(pins)))
        locked = run(uv, "lock", "-q", "--script", script.name, folder=script.parent)
        if locked.returncode:
            return report(lock.name, SKIPPED, "", last_line(locked.stderr))
        options = ("--preview-features", "audit-command", "--locked", "--script", script.name)
        done = run(uv, "audit", *options, folder=script.parent)
    if done.returncode == VULNERABLE:
        sys.stdout.write(done.stdout + done.stderr)
    return report(lock.name, done.returncode, f"{len(pins)} packages", last_line(done.stderr))


def audit_npm(folder: Path) -> bool:
    """Audit the package-lock.json of a folder."""
    name = f"{folder.relative_to(ROOT)}/package-lock.json"
    npm = shutil.which("npm") or str(Path(sys.executable).parent / "npm")
    if not Path(npm).exists():
        return report(name, SKIPPED, "", "npm is not installed")
    done = run(npm, "audit", "--package-lock-only", "--json", "--fetch-timeout=10000", folder=folder)
    try:
        answer = json.loads(done.stdout or "{}")
    except json.JSONDecodeError:
        answer = {"message": done.stderr.strip() or "npm printed no JSON"}
    if "auditReportVersion" not in answer:
        return report(name, SKIPPED, "", str(answer.get("message") or answer.get("error") or "no response"))
    count = answer["metadata"]["dependencies"]["total"]
    if done.returncode:
        sys.stdout.write(run(npm, "audit", "--package-lock-only", folder=folder).stdout)
    return report(name, VULNERABLE if done.returncode else PASSED, f"{count} packages", "")


def report(name: str, code: int, packages: str, reason: str) -> bool:
    """Print the result for one lock file. Returns False if there are vulnerabilities."""
    results = {
        PASSED: f"no known vulnerabilities in {packages}",
        VULNERABLE: f"known vulnerabilities in {packages}, see above",
    }
    sys.stdout.write(f"{name}: {results.get(code, f'skipped, the service cannot be reached ({reason})')}\n")
    return code != VULNERABLE


def last_line(text: str) -> str:
    """Return the last line of a text, without surrounding spaces."""
    return text.strip().rpartition("\n")[2].strip()


def main() -> int:
    """Audit every lock file."""
    places = ("*", "tests/*", "tests/*/*", "examples/*")
    folders = sorted({lock.parent for place in places for lock in ROOT.glob(f"{place}/package-lock.json")})
    passed = [audit_python(ROOT / "requirements-dev.lock"), *map(audit_npm, folders)]
    return int(not all(passed))


if __name__ == "__main__":
    sys.exit(main())
