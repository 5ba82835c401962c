"""Create tasks, read them page by page, and follow changes, with the `gql` client."""

import asyncio
import os
import sys

import httpx
from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError, TransportServerError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/graphql"
# The API token, if the service requires one.
TOKEN = os.environ.get("MILLITASK_TOKEN")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}

CREATE = gql("""
    mutation Create($input: CreateTasksInput!) {
      createTasks(input: $input) {
        results { task { id title } userErrors { code message } }
        userErrors { code message }
      }
    }
""")
PAGE = gql("""
    query Page($first: Int!, $after: String) {
      tasks(first: $first, after: $after) {
        nodes { id title status }
        totalCount
        pageInfo { hasNextPage endCursor }
      }
    }
""")
COMPLETE = gql("""
    mutation Complete($id: ID!) {
      completeTask(input: { id: $id }) { task { version } userErrors { code message } }
    }
""")
CHANGES = gql("""
    subscription Changes {
      taskChanged { kind task { id title status } }
    }
""")


async def run(session, operation, **variables):
    """Return the data of one operation. Raises `TransportQueryError` if the answer has errors."""
    return await session.execute(GraphQLRequest(operation, variable_values=variables))


async def create(session, titles):
    """Create the tasks in one transaction and return their ids."""
    tasks = [{"title": title} for title in titles]
    created = (await run(session, CREATE, input={"tasks": tasks}))["createTasks"]
    errors = created["userErrors"] + [error for result in created["results"] for error in result["userErrors"]]
    if errors:
        raise SystemExit(f"refused: {errors}")
    return [result["task"]["id"] for result in created["results"]]


async def read_all(session, first):
    """Yield every task, newest first. The cursor stays valid when tasks are created or deleted in between."""
    after = None
    while True:
        page = (await run(session, PAGE, first=first, after=after))["tasks"]
        for task in page["nodes"]:
            yield task
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


async def follow(session, ids, subscribed):
    """Print the changes of these tasks until all of them are done."""
    waiting = set(ids)
    async for event in session.subscribe(CHANGES):
        change = event["taskChanged"]
        if change["kind"] == "RESYNC":
            subscribed.set()  # from here on, every change arrives
        # The events of the creates may still arrive, a few milliseconds after the answer to the mutation.
        elif change["kind"] == "UPDATED" and change["task"] and change["task"]["id"] in waiting:
            print(f"{change['kind']}: {change['task']['title']} is {change['task']['status']}")
            if change["task"]["status"] == "DONE":
                waiting.remove(change["task"]["id"])
        if not waiting:
            return


async def main():
    """Run the three parts against one service."""
    socket_url = URL.replace("http", "ws", 1)
    transport = WebsocketsTransport(
        url=socket_url,
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        init_payload={"token": TOKEN} if TOKEN else {},
    )
    http = HTTPXAsyncTransport(url=URL, headers=HEADERS)
    async with Client(transport=http) as session:
        ids = await create(session, [f"Write chapter {number}" for number in range(1, 6)])
        print(f"created {len(ids)} tasks")

        tasks = [task async for task in read_all(session, first=100)]
        print(f"read {len(tasks)} tasks in pages of 100")

        async with Client(transport=transport) as socket:
            subscribed = asyncio.Event()
            following = asyncio.create_task(follow(socket, ids, subscribed))
            await subscribed.wait()
            for id_ in ids:
                await run(session, COMPLETE, id=id_)
            await following


try:
    asyncio.run(main())
except TransportQueryError as error:
    # The message of the service says what to do, for example that the token is missing or lacks a scope.
    messages = " ".join(each["message"] for each in error.errors or [])
    raise SystemExit(f"{messages or error} The script sends the token in MILLITASK_TOKEN.") from None
except (TransportServerError, TransportConnectionFailed, httpx.TransportError) as error:
    raise SystemExit(f"{URL} does not answer as expected: {error}. Is the service running?") from None
