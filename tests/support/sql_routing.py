"""Where a statement would run if the tables were distributed over several servers by `workspace_id`."""

import json
from dataclasses import dataclass

from pglast.parser import parse_sql_json

from db.statements import _numbered
from db.wall import WORKSPACE_TABLES
from tests.support.sql_statements import _nodes, _range_vars, unrestricted_tables

# The rows of a workspace are on one server. Tables that every server would have a copy of, because their rows are
# few and are found without a workspace: by the hash of a token, by an administrator, or before the service starts.
DISTRIBUTED = {"task", "task_list", "gate", "usage_count", "gate_event"}
COPIED = {"workspace", "api_token", "audit_log", "_yoyo_migration"}
_WRITES = ("InsertStmt", "UpdateStmt", "DeleteStmt")
# Functions of the service and of PostgreSQL whose result depends on the server that runs them.
_LOCAL_FUNCTIONS = {
    *("enter_gate", "begin_building", "await_writers"),
    *("pg_advisory_xact_lock", "pg_try_advisory_xact_lock", "pg_advisory_xact_lock_shared"),
    *("pg_current_xact_id", "pg_xact_status", "pg_current_snapshot", "nextval"),
}


@dataclass(frozen=True)
class Route:
    """What a statement uses: tables of both kinds, those it writes, unbound ones, and what only one server knows."""

    distributed: frozenset[str]
    copied: frozenset[str]
    written: frozenset[str]
    unbound: frozenset[str]
    local: frozenset[str]

    @property
    def problems(self) -> list[str]:
        """Why no single server can run the statement. Empty if one can."""
        found = [f"{table} is not bound to the workspace" for table in sorted(self.unbound & DISTRIBUTED)]
        if self.written & DISTRIBUTED and self.written & COPIED:
            found.append(f"it writes distributed and copied tables: {', '.join(sorted(self.written))}")
        return found


def route(sql: str) -> Route:
    """Return what a statement uses. Raises `ValueError` for a table that is neither distributed nor copied."""
    text, _ = _numbered(sql)
    tree = json.loads(parse_sql_json(text.decode().replace("%s", "NULL")))
    names = {node["relname"] for _, node in _range_vars(tree)}
    local = {node["ctename"] for kind, node in _nodes(tree) if kind == "CommonTableExpr"}
    functions = {node["funcname"][-1]["String"]["sval"] for kind, node in _nodes(tree) if kind == "FuncCall"}
    written = {node["relation"]["relname"] for kind, node in _nodes(tree) if kind in _WRITES}
    own = {name for name in names - local if not name.startswith("pg_")}
    if unknown := own - DISTRIBUTED - COPIED - {"mark_token"}:
        raise ValueError(f"{sorted(unknown)} must be listed in DISTRIBUTED or COPIED")
    unbound = set(unrestricted_tables(sql)) if own & set(WORKSPACE_TABLES) else set()
    node_state = functions & _LOCAL_FUNCTIONS | (own & {"mark_token"})
    return Route(*map(frozenset, (own & DISTRIBUTED, own & COPIED, written, unbound, node_state)))
