"""The wall between workspaces: a statement that does not name the workspace of its connection is not sent."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, LiteralString

# The tables whose rows belong to workspaces.
WORKSPACE_TABLES = ("task", "gate", "api_token", "audit_log", "usage_count", "gate_event", "task_list")
# The beginning of a statement that is meant for the rows of every workspace, followed by the reason.
EVERY_WORKSPACE = "-- every workspace: "

Reach = Literal["no workspace", "one workspace", "every workspace"]

_TABLE = rf'(?:ONLY\s+)?(?:"?\w+"?\s*\.\s*)?"?(?:{"|".join(WORKSPACE_TABLES)})"?(?![\w."])'
_USE = re.compile(rf"\b(?:FROM|JOIN|UPDATE|INTO|USING|TABLE)\s+{_TABLE}|,\s*{_TABLE}", re.IGNORECASE)
# A condition on a row, or a value of a new row.
_NAMED = re.compile(
    r"\bworkspace_id\s*=\s*%\(workspace\)s"
    r"|\bINTO\s+\w+\s*\([^()]*\bworkspace_id\b[^()]*\)\s*(?:SELECT|VALUES)\b(?:(?!\bFROM\b).)*?%\(workspace\)s",
    re.IGNORECASE | re.DOTALL,
)


class WrongWorkspace(RuntimeError):
    """A statement could reach rows of a workspace that its connection is not for. It was not sent."""


def check_workspace(sql: LiteralString, params: Mapping[str, Any], workspace: str | None) -> None:
    """Raise `WrongWorkspace` unless a statement stays in the workspace of its connection.

    None: the connection is for no workspace. Its statements must name one as well, except those that begin with
    `EVERY_WORKSPACE`.
    """
    if workspace is None:
        reach_of(sql)
    elif params.get("workspace", workspace) != workspace or reach_of(sql) == "every workspace":
        raise WrongWorkspace(f"A statement on a connection for the workspace {workspace} is for another one: {sql}")


@cache
def reach_of(sql: LiteralString) -> Reach:
    """Return which rows a statement can read or write. Raises `WrongWorkspace` if it uses a table without a workspace.

    Counts rather than parses: each use of a table needs a condition or a value `%(workspace)s`. A test parses every
    statement of the service and finds what a count cannot.
    """
    if sql.lstrip().startswith(EVERY_WORKSPACE):
        return "every workspace"
    uses = len(_USE.findall(sql))
    if uses > len(_NAMED.findall(sql)):
        raise WrongWorkspace(f"A statement does not name its workspace for each table that has one: {sql}")
    return "one workspace" if uses else "no workspace"
