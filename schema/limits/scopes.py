"""The scope that each root field requires."""

from collections.abc import Iterator

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from db.caller import Scope
from schema.limits.document import Fragments

# None: every identified caller may select the field.
REQUIRED_SCOPES: dict[str, Scope | None] = {
    "Query.apiTokens": "admin",
    "Query.auditLog": "admin",
    "Query.deletedTask": "tasks:read",
    "Query.deletedTasks": "tasks:read",
    "Query.facets": "tasks:read",
    "Query.filterTasks": "tasks:read",
    "Query.insights": "admin",
    "Query.node": "tasks:read",
    "Query.nodes": "tasks:read",
    "Query.searchTasks": "tasks:read",
    "Query.task": "tasks:read",
    "Query.taskCounts": "tasks:read",
    "Query.taskLists": "tasks:read",
    "Query.tasks": "tasks:read",
    "Query.viewer": None,
    "Query.workspaces": "admin",
    "Mutation.completeTask": "tasks:write",
    "Mutation.createApiToken": "admin",
    "Mutation.createTask": "tasks:write",
    "Mutation.createTaskList": "tasks:write",
    "Mutation.createTasks": "tasks:write",
    "Mutation.createWorkspace": "admin",
    "Mutation.deleteTask": "tasks:write",
    "Mutation.deleteTasks": "tasks:write",
    "Mutation.deleteWorkspace": "admin",
    "Mutation.renameWorkspace": "admin",
    "Mutation.reopenTask": "tasks:write",
    "Mutation.restoreTask": "tasks:write",
    "Mutation.restoreTasks": "tasks:write",
    "Mutation.resumeWorkspace": "admin",
    "Mutation.revokeApiToken": "admin",
    "Mutation.suspendWorkspace": "admin",
    "Mutation.updateTask": "tasks:write",
    "Mutation.updateTaskList": "tasks:write",
    "Mutation.updateTasks": "tasks:write",
    "Subscription.taskChanged": "tasks:read",
    "Subscription.taskCountsChanged": "tasks:read",
}


def check_scopes_are_declared(schema: GraphQLSchema) -> None:
    """Raise `ValueError` unless every root field of the schema is in `REQUIRED_SCOPES`, and no other."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    fields = {f"{root.name}.{name}" for root in roots if root is not None for name in root.fields}
    if different := sorted(fields ^ REQUIRED_SCOPES.keys()):
        raise ValueError(f"REQUIRED_SCOPES and the schema must have the same root fields: {', '.join(different)}.")


def required_scopes(operation: OperationDefinitionNode, fragments: Fragments) -> frozenset[Scope]:
    """Return the scopes that a valid operation requires. Fields that `@skip` leaves out count too."""
    root = operation.operation.value.capitalize()
    names = set(_field_names(operation.selection_set, fragments, set()))
    scopes = (REQUIRED_SCOPES[f"{root}.{name}"] for name in names if not name.startswith("__"))
    return frozenset(scope for scope in scopes if scope is not None)


def _field_names(selections: SelectionSetNode, fragments: Fragments, seen: set[str]) -> Iterator[str]:
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield selection.name.value
        elif isinstance(selection, InlineFragmentNode):
            yield from _field_names(selection.selection_set, fragments, seen)
        elif isinstance(selection, FragmentSpreadNode) and (name := selection.name.value) not in seen:
            seen.add(name)
            yield from _field_names(fragments[name].selection_set, fragments, seen)
