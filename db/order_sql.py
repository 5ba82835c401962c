"""The parts of the statements for pages that depend on the order."""

from dataclasses import dataclass
from typing import LiteralString

from db.orders import SCORE_SQL
from db.task import Order
from db.task_table import VISIBLE


@dataclass(frozen=True)
class OrderSql:
    """The parts of a statement that depend on the order: the condition for its tasks, the column that it sorts by, the
    sort directions, the operators that compare with a position, a position after every row, and for a column that the
    table does not have its expression."""

    condition: LiteralString
    key: LiteralString
    direction: LiteralString
    opposite: LiteralString
    after: LiteralString
    before: LiteralString
    end: LiteralString
    expression: LiteralString = ""

    @property
    def column(self) -> LiteralString:
        """The column that the order sorts by, as a selected expression."""
        return f"({self.expression}) AS {self.key}" if self.expression else self.key

    @property
    def exists(self) -> LiteralString:
        """The condition for the position of a task."""
        return f"{self.key} NOT IN (-1, 9223372036854775807)" if self.expression else f"isfinite({self.key})"


# Not VISIBLE: an index scan would then read every expired task before the first one that has not expired.
_EXPIRES: LiteralString = "deleted_at IS NULL AND expires_at > statement_timestamp()"
_MIN: LiteralString = "'-infinity'::timestamptz, '00000000-0000-0000-0000-000000000000'::uuid"
_MAX: LiteralString = "'infinity'::timestamptz, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"
_MIN_SCORE: LiteralString = "-1::bigint, '00000000-0000-0000-0000-000000000000'::uuid"
_MAX_SCORE: LiteralString = "9223372036854775807, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"
ORDERS: dict[Order, OrderSql] = {
    "NEWEST": OrderSql(VISIBLE, "created_at", "DESC", "ASC", "<", ">", _MIN),
    "OLDEST": OrderSql(VISIBLE, "created_at", "ASC", "DESC", ">", "<", _MAX),
    "EXPIRING_SOON": OrderSql(_EXPIRES, "expires_at", "ASC", "DESC", ">", "<", _MAX),
    "DUE_FIRST": OrderSql(VISIBLE, "score", "ASC", "DESC", ">", "<", _MAX_SCORE, SCORE_SQL["DUE_FIRST"]),
    "PRIORITY_FIRST": OrderSql(VISIBLE, "score", "DESC", "ASC", "<", ">", _MIN_SCORE, SCORE_SQL["PRIORITY_FIRST"]),
}
