"""Tests that the page translates reasons that the service gives."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "web/src/features/administration/refusalReason.ts"


def test_page_translates_only_reasons_of_the_service() -> None:
    given = {
        node.value
        for path in (ROOT / "api/identity").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }
    translated = re.findall(r"^    '(.+)': \(\) =>", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert translated
    assert set(translated) <= given
