"""The limits that every operation must stay within."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OperationLimits:
    """The highest value that each measure of an operation may have. Fragments are expanded before counting.

    `cost` is in points. `introspection` says whether introspection is allowed at all.
    """

    depth: int = 10
    aliases: int = 30
    directives: int = 30
    tokens: int = 2000
    cost: int = 5000
    introspection: bool = True
