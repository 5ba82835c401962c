"""The faults of a typing session. Each is injected at a random moment, also in the middle of a word."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

from playwright.async_api import BrowserContext, Page, Route
from playwright.async_api import Error as PlaywrightError

from tests.acceptance.web.site import Site

_TASK = "query ($id: ID!) { task(id: $id) { title description } }"
_UPDATE = "mutation ($input: UpdateTaskInput!) { updateTask(input: $input) { userErrors { code } } }"
_DELETE = "mutation ($id: ID!) { deleteTask(input: { id: $id }) { userErrors { code } } }"
_HANG_SECONDS = 20

KINDS = ("offline", "restart", "outage", "lost", "hang", "conflict", "other-field", "delete")


class Faults:
    """Injects faults into one session, and heals them."""

    def __init__(self, site: Site, context: BrowserContext, random: Random) -> None:
        self._site = site
        self._context = context
        self._random = random
        self._stopped = False
        self._healed = asyncio.Event()

    async def inject(self, kind: str, tab: Page, task_id: str) -> None:
        """Inject a fault of this kind."""
        actions: list[Callable[[Page, str], Awaitable[None]]] = [
            self._go_offline,
            self._restart,
            self._stop,
            self._lose_answers,
            self._hang,
            self._conflict,
            self._change_other_field,
            self._delete,
        ]
        await dict(zip(KINDS, actions, strict=True))[kind](tab, task_id)

    async def heal(self, tab: Page) -> None:
        """End every fault that lasts."""
        self._healed.set()
        self._healed = asyncio.Event()
        await tab.unroute_all(behavior="ignoreErrors")
        await self._context.set_offline(False)
        if self._stopped:
            await asyncio.to_thread(self._site.start)
            self._stopped = False

    async def _go_offline(self, tab: Page, task_id: str) -> None:
        await self._context.set_offline(True)

    async def _restart(self, tab: Page, task_id: str) -> None:
        if not self._stopped:
            await asyncio.to_thread(self._site.stop)
            await asyncio.to_thread(self._site.start)

    async def _stop(self, tab: Page, task_id: str) -> None:
        if not self._stopped:
            await asyncio.to_thread(self._site.stop)
            self._stopped = True

    async def _lose_answers(self, tab: Page, task_id: str) -> None:
        """Let mutations reach the service, or not, and break the connection before the answer."""

        async def lose(route: Route) -> None:
            if "mutation" not in (route.request.post_data or ""):
                await route.continue_()
                return
            with suppress(PlaywrightError):  # the service has been stopped, or the tab is closed
                if self._random.random() < 0.7 and not self._stopped:
                    await route.fetch()
            with suppress(PlaywrightError):
                await route.abort("connectionreset")

        await tab.route("**/graphql", lose)

    async def _hang(self, tab: Page, task_id: str) -> None:
        """Do not answer the next mutation for longer than the page waits."""

        healed = self._healed

        async def hang(route: Route) -> None:
            if "mutation" in (route.request.post_data or ""):
                with suppress(TimeoutError):
                    await asyncio.wait_for(healed.wait(), _HANG_SECONDS)
            with suppress(PlaywrightError):  # healing the fault has let the request through, or the tab is closed
                await route.continue_()

        await tab.route("**/graphql", hang, times=1)

    async def _conflict(self, tab: Page, task_id: str) -> None:
        """Let someone else append to the title and to the description."""
        if self._stopped:
            return
        task = (await self._site.execute(_TASK, id=task_id))["task"]
        if task:
            texts = {field: f"{text} theirs" for field, text in task.items()}
            await self._site.execute(_UPDATE, input={"id": task_id} | texts)

    async def _change_other_field(self, tab: Page, task_id: str) -> None:
        if not self._stopped:
            priority = self._random.choice(["LOW", "MEDIUM", "HIGH"])
            await self._site.execute(_UPDATE, input={"id": task_id, "priority": priority})

    async def _delete(self, tab: Page, task_id: str) -> None:
        if not self._stopped:
            await self._site.execute(_DELETE, id=task_id)
