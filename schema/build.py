"""Assembly of the GraphQL schema, and its text in SDL."""

from datetime import datetime
from operator import attrgetter

from strawberry.schema.config import StrawberryConfig
from strawberry.utils.str_converters import to_camel_case

from cache.redis.encoded_task import EncodedTask, default_json
from compiler import CompilerOptions, EncodedType
from db.task import Task as Row
from schema.execution.plan import Planner
from schema.execution.plan_extension import PlanExtension
from schema.execution.schema import Schema
from schema.limits.operation_limits import OperationLimits
from schema.limits.scopes import check_scopes_are_declared
from schema.resolvers.mutation import Mutation
from schema.resolvers.query import Query
from schema.resolvers.subscription import Subscription
from schema.types.connection import edge_cursors
from schema.types.date_time import DATE_TIME
from schema.types.json_object import JSON_OBJECT, JSONObject
from schema.types.task import Task
from schema.types.task_list import TaskList

# How the compiler cuts the fields of a task from an entry of the cache, and makes the cursors of a whole page.
COMPILER = CompilerOptions(
    encoded_types={
        "Task": EncodedType(
            EncodedTask, attrgetter("json"), frozenset(map(to_camel_case, Row.__struct_fields__)), default_json()
        )
    },
    batch_resolvers={("TaskEdge", "cursor"): edge_cursors},
)


def create_schema(limits: OperationLimits | None = None, *, suggestions: bool = True, compiled: bool = True) -> Schema:
    """Return the schema that the service executes.

    limits: the default limits if None.
    suggestions: whether errors suggest other names ("Did you mean …?"), which reveals names of the schema.
    compiled: whether operations are compiled. Otherwise the standard executor runs all of them.
    """
    limits = limits or OperationLimits()
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Task, TaskList],
        config=StrawberryConfig(scalar_map={datetime: DATE_TIME, JSONObject: JSON_OBJECT}),
        extensions=[lambda: PlanExtension(schema.planner, limits)],
    )
    check_scopes_are_declared(schema._schema)
    schema.suggestions = suggestions
    schema.max_cost = limits.cost
    schema.planner = Planner(schema._schema, limits, COMPILER if compiled else None)
    return schema


def sdl() -> str:
    """Return the schema in GraphQL's schema definition language, as in `schema/schema.graphql`."""
    return create_schema().as_str() + "\n"
