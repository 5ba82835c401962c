"""Shows the page at a fixed time, so that two runs on different days take equal pictures.

PostgreSQL hides tasks that have expired by its own clock, so the service keeps the real time. The tab gets the fixed
time, and every time in a message between the page and the service moves by the difference. Times from the service are
also rounded, so that changes made during the run have equal times in each run.
"""

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import BrowserContext, Route, WebSocketRoute

PICTURE_TIME = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
TIME_ZONE = "UTC"
_ROUND_TO = timedelta(minutes=10)
_TIME = re.compile(r'(?<=")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)(?=\\?")')
_SERVICE = re.compile(r"/graphql$")


class TabClock:
    """The clock of the tabs in a browser context. `now` is the real time that they show as `PICTURE_TIME`."""

    def __init__(self, now: datetime) -> None:
        self._offset = PICTURE_TIME - now

    async def install(self, context: BrowserContext) -> None:
        """Set the clock of all tabs that are opened from now on."""
        await context.clock.set_fixed_time(PICTURE_TIME)
        await context.route(_SERVICE, self._relay_request)
        await context.route_web_socket(_SERVICE, self._relay_socket)

    async def _relay_request(self, route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        # The request of the relay would arrive also if the tab is offline.
        if not await route.request.frame.evaluate("navigator.onLine"):
            await route.abort("internetdisconnected")
            return
        response = await route.fetch(post_data=self.to_service(route.request.post_data or ""))
        await route.fulfill(response=response, body=self.to_page(await response.text()))

    def _relay_socket(self, page: WebSocketRoute) -> None:
        service = page.connect_to_server()
        page.on_message(lambda message: service.send(self.to_service(str(message))))
        service.on_message(lambda message: page.send(self.to_page(str(message))))

    def to_service(self, message: str) -> str:
        """Return a JSON text of the page with its times in real time."""
        return _TIME.sub(lambda found: _format(datetime.fromisoformat(found[0]) - self._offset), message)

    def to_page(self, message: str) -> str:
        """Return a JSON text of the service with its times in the time of the pictures, rounded down."""

        def shift(found: re.Match[str]) -> str:
            time = datetime.fromisoformat(found[0]) + self._offset
            return _format(time - (time - PICTURE_TIME) % _ROUND_TO)

        return _TIME.sub(shift, message)


def _format(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
