"""The scopes of callers and tokens."""

from enum import Enum

import strawberry


@strawberry.enum(description="What a caller may do.")
class Scope(Enum):
    TASKS_READ = strawberry.enum_value("tasks:read", description="Read tasks and subscribe to their changes.")
    TASKS_WRITE = strawberry.enum_value("tasks:write", description="Create, change, delete and restore tasks.")
    ADMIN = strawberry.enum_value(
        "admin",
        description="Administer the tokens of the workspace and read its audit log. In the workspace `default`: "
        "administer all workspaces.",
    )
