"""The mutants of `make mutants`: what the operators change, and that each accepted mutant exists."""

import pytest

from tests.mutation.__main__ import accepted_mutants
from tests.mutation.lua_operators import lua_edits
from tests.mutation.mutant import Edit, mutants_of
from tests.mutation.python_operators import python_edits
from tests.mutation.sql_operators import sql_edits
from tests.mutation.targets import GROUPS, mutants


def changed(source: str, edits: list[Edit]) -> set[str]:
    return {mutant.after for mutant in mutants_of("group", "path", source.encode(), edits)}


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("x = a < b", {"x = a <= b"}),
        ("x = a and not b", {"x = a or not b", "x = a and b"}),
        ("if a: self.b = 1", {"if True: self.b = 1", "if False: self.b = 1", "if a: pass", "if a: self.b = 2"}),
        ("def f(): return a + 1", {"def f(): return None", "def f(): return a - 1", "def f(): return a + 2"}),
        ("x += 1", {"x -= 1", "x += 2", "pass"}),
        ("log.info('a')", set()),
        ('"""Text 1."""', set()),
    ],
)
def test_edits_of_python(source: str, after: set[str]) -> None:
    assert changed(source, python_edits(source.encode())) == after


def test_edits_of_sql() -> None:
    source = "SELECT id FROM task WHERE a = %(a)s AND b > '5' ORDER BY id FOR UPDATE"
    assert changed(source, sql_edits(source.encode())) == {
        "SELECT id FROM task WHERE a <> %(a)s AND b > '5' ORDER BY id FOR UPDATE",
        "SELECT id FROM task WHERE a = %(a)s OR b > '5' ORDER BY id FOR UPDATE",
        "SELECT id FROM task WHERE a = %(a)s AND b >= '5' ORDER BY id FOR UPDATE",
        "SELECT id FROM task WHERE a = %(a)s ORDER BY id FOR UPDATE",
        "SELECT id FROM task WHERE true AND b > '5' ORDER BY id FOR UPDATE",
        "SELECT id FROM task WHERE a = %(a)s AND b > '5' FOR UPDATE",
        "SELECT id FROM task WHERE a = %(a)s AND b > '5' ORDER BY id",
    }


def test_edits_of_lua() -> None:
    source = "if a == 1 then redis.call('ZADD', key, 'GT', 'a(', id) end -- a < b"
    assert changed(source, lua_edits(source.encode())) == {
        "if a ~= 1 then redis.call('ZADD', key, 'GT', 'a(', id) end -- a < b",
        "if a == 2 then redis.call('ZADD', key, 'GT', 'a(', id) end -- a < b",
        "if true then redis.call('ZADD', key, 'GT', 'a(', id) end -- a < b",
        "if false then redis.call('ZADD', key, 'GT', 'a(', id) end -- a < b",
        "if a == 1 then redis.call('ZADD', key, 'a(', id) end -- a < b",
        "if a == 1 then do end end -- a < b",
    }


def test_accepted_mutants_exist_and_have_a_reason() -> None:
    existing = {mutant.key for group in GROUPS for mutant in mutants(group)}
    accepted = accepted_mutants()
    assert set(accepted) <= existing
    assert all(accepted.values())
