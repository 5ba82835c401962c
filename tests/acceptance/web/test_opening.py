"""Tests what the page fetches when it opens: each list and task once, and every change since the first answer."""

import asyncio
import json
from collections import Counter

import pytest
from playwright.async_api import BrowserContext, Page, Request, WebSocketRoute, expect

from tests.acceptance.web.conftest import OpenTab
from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList

UPDATE = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }"
DELETE = "mutation ($input: DeleteTaskInput!) { deleteTask(input: $input) { userErrors { code } } }"


class Traffic:
    """Counts the operations that a tab sends, and keeps the events that it receives."""

    def __init__(self, tab: Page) -> None:
        self.operations: Counter[str] = Counter()
        self.kinds: list[str] = []
        tab.on("request", self._on_request)
        tab.on("websocket", lambda socket: socket.on("framereceived", self._on_frame))

    def _on_request(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/graphql"):
            self.operations[json.loads(request.post_data or "{}")["operationName"]] += 1

    def _on_frame(self, frame: str | bytes) -> None:
        data = (json.loads(frame).get("payload") or {}).get("data") or {}
        if "taskChanged" in data:
            self.kinds.append(data["taskChanged"]["kind"])


async def feed_connected(site: Site) -> None:
    """Wait until the service receives events. Its first subscriber gets a RESYNC for a change from before that.

    The page says that it is connected when its connection is open, which is earlier.
    """
    async with asyncio.timeout(30):
        while "feed connected" not in site.log():  # noqa: ASYNC110 - the API has no event for this
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("subscriber", ["first", "second"])
@pytest.mark.parametrize("opens_task", [False, True])
async def test_page_fetches_everything_once(site: Site, open_tab: OpenTab, subscriber: str, opens_task: bool) -> None:
    [id_] = await site.create_tasks("Write the letter")
    if subscriber == "first":
        site.stop()
        site.start()
    else:
        await TaskList(await open_tab("/")).expect_connected()
    tab = await open_tab("about:blank")
    traffic, tasks = Traffic(tab), TaskList(tab)
    await tab.goto(f"/?task={id_}" if opens_task else "/", wait_until="networkidle")
    await tasks.expect_rows("Write the letter")
    await tasks.expect_connected()
    if opens_task:
        await expect(tasks.dialog("Task").get_by_label("Description")).to_be_visible()
    await feed_connected(site)
    # An event after all events of the beginning.
    await site.execute(UPDATE, input={"id": id_, "title": "Write two letters"})
    await tasks.expect_rows("Write two letters")
    assert traffic.kinds == ["UPDATED"]
    fetched = {name: traffic.operations[name] for name in ("TaskPage", "TaskDetail", "TaskCounts")}
    assert fetched == {"TaskPage": 1, "TaskDetail": int(opens_task), "TaskCounts": 1}


@pytest.mark.parametrize("subscriber", ["first", "second"])
async def test_changes_before_the_connection_appear(
    site: Site, open_tab: OpenTab, context: BrowserContext, subscriber: str
) -> None:
    [changed, deleted] = await site.create_tasks("Write the letter", "Send the parcel")
    if subscriber == "first":
        site.stop()
        site.start()
    else:
        await TaskList(await open_tab("/")).expect_connected()
    may_connect = asyncio.Event()

    async def connect_later(socket: WebSocketRoute) -> None:
        await may_connect.wait()
        socket.connect_to_server()

    await context.route_web_socket("**/graphql", connect_later)
    tasks = TaskList(await open_tab("/"))
    await tasks.expect_rows("Send the parcel", "Write the letter")
    await site.execute(UPDATE, input={"id": changed, "title": "Write two letters"})
    await site.execute(DELETE, input={"id": deleted})
    may_connect.set()
    await tasks.expect_rows("Write two letters")
    await tasks.expect_connected()
