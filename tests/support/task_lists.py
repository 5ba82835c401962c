"""Requests that create and change task lists, and tasks with a list."""

from typing import Any

from tests.support.graphql_client import Client

LIST = "id name archivedAt version createdAt updatedAt createdBy updatedBy"
ERRORS = "userErrors { field message code } clientMutationId"
CREATE_LIST = f"""mutation ($input: CreateTaskListInput!) {{
  createTaskList(input: $input) {{ taskList {{ {LIST} }} created {ERRORS} }} }}"""
UPDATE_LIST = f"""mutation ($input: UpdateTaskListInput!) {{
  updateTaskList(input: $input) {{ taskList {{ {LIST} }} currentTaskList {{ id version }} {ERRORS} }} }}"""
TASK_FIELDS = "task { id version listId list { id name } } userErrors { field message code }"
CREATE = f"mutation ($input: CreateTaskInput!) {{ createTask(input: $input) {{ {TASK_FIELDS} }} }}"
UPDATE = f"mutation ($input: UpdateTaskInput!) {{ updateTask(input: $input) {{ {TASK_FIELDS} }} }}"


async def create_list(client: Client, name: str = "A list", **more: Any) -> Any:
    payload = (await client.query(CREATE_LIST, input={"name": name, **more}))["createTaskList"]
    assert payload["userErrors"] == []
    return payload["taskList"]


async def update_list(client: Client, id_: str, **more: Any) -> Any:
    payload = (await client.query(UPDATE_LIST, input={"id": id_, **more}))["updateTaskList"]
    assert payload["userErrors"] == []
    return payload["taskList"]


async def create_task(client: Client, **fields: Any) -> Any:
    return (await client.query(CREATE, input={"title": "A task", **fields}))["createTask"]


async def update_task(client: Client, **fields: Any) -> Any:
    return (await client.query(UPDATE, input=fields))["updateTask"]
