"""Runs the example on the page about the compiler."""

import re
import subprocess
import sys

from tests.unit.docs.pages import ROOT

PAGE = ROOT / "docs" / "explanation" / "compiler.md"


def test_example_prints_what_the_page_says() -> None:
    block = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    code = block[1]
    expected = code.rstrip().splitlines()[-1].removeprefix("# ")
    # The example prints, so it runs in a process of its own.
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.stderr == ""
    assert ran.stdout.strip() == expected
