"""The pictures of docs/tutorial/tour.md: how each view is opened, and how its picture is taken.

The browser writes WebP, which is smaller than PNG. Views that change tasks come last, because all share one service.
"""

import base64
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.async_api import Browser, Page, expect

from tests.acceptance.web.site import Site
from tests.acceptance.web.task_list import TaskList
from tests.acceptance.web.tour.sample_tasks import CHOSEN
from tests.acceptance.web.tour.tab_clock import TIME_ZONE, TabClock
from tests.acceptance.web.tour.views import (
    changes,
    command_menu,
    conflict,
    expiry,
    filter_menu,
    first_rows,
    jump,
    keyboard_help,
    offline,
    open_task,
    search,
    selection,
    trash,
    view,
)
from tests.acceptance.web.views import View
from tests.support.service_process import ROOT

FOLDER = ROOT / "docs" / "tour"
QUALITY = 80
SCALE = 1.5
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
# The blinking cursor would be in some pictures only.
STYLE = "* { caret-color: transparent !important; animation: none !important; transition: none !important; }"


# The browser does not always draw the edges of letters alike. Returns whether two pictures differ by more.
DIFFER = """
async (urls) => {
  const [one, two] = await Promise.all(urls.map(async (url) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height);
  }));
  return one.width !== two.width || one.height !== two.height
    || one.data.some((value, i) => Math.abs(value - two.data[i]) > 24);
}
"""


class Picture(NamedTuple):
    """A picture of the tour. `name` is the name of its file."""

    name: str
    view: View
    scheme: Literal["light", "dark"] = "light"
    size: str = "desktop"


PICTURES = (
    Picture("list", first_rows),
    Picture("jump", jump),
    Picture("search", search),
    Picture("view", view),
    Picture("filter", filter_menu),
    Picture("task", open_task, scheme="dark"),
    Picture("keyboard", keyboard_help),
    Picture("commands", command_menu, scheme="dark"),
    Picture("selection", selection),
    Picture("phone", first_rows, size="phone"),
    Picture("offline", offline),
    Picture("changes", changes),
    Picture("trash", trash),
    Picture("expiry", expiry),
    Picture("conflict", conflict),
)


async def take_pictures(
    browser: Browser, site: Site, now: datetime, folder: Path, pictures: tuple[Picture, ...] = PICTURES
) -> AsyncIterator[Path]:
    """Write each picture into the folder, which exists, and yield its path.

    `now` is the real time at which the tasks were inserted.
    """
    for picture in pictures:
        width, height = SIZES[picture.size]
        is_phone = picture.size == "phone"
        context = await browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": height},
            device_scale_factor=SCALE,
            color_scheme=picture.scheme,
            reduced_motion="reduce",
            locale="en-US",
            timezone_id=TIME_ZONE,
            has_touch=is_phone,
            is_mobile=is_phone,
            bypass_csp=True,  # for the style
        )
        await TabClock(now).install(context)
        tab = await context.new_page()
        await tab.goto("/")
        await tab.add_style_tag(content=STYLE)
        tasks = TaskList(tab)
        await expect(tasks.title_link(CHOSEN[0].title)).to_be_visible()
        await tasks.expect_connected()
        await picture.view(tasks)
        path = folder / f"{picture.name}.webp"
        taken = await screenshot(tab)
        if not path.exists() or await differ(tab, path.read_bytes(), taken):
            path.write_bytes(taken)
        yield path
        # The page may still send requests, which `TabClock` relays.
        await context.unroute_all(behavior="ignoreErrors")
        await context.close()


async def screenshot(tab: Page) -> bytes:
    """Return a picture of the tab, as WebP, once everything in it has been drawn."""
    await tab.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    session = await tab.context.new_cdp_session(tab)
    taken = await session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    return base64.b64decode(taken["data"])


async def differ(tab: Page, *pictures: bytes) -> bool:
    """Return whether a person can see a difference between two WebP pictures."""
    return bool(
        await tab.evaluate(DIFFER, [f"data:image/webp;base64,{base64.b64encode(it).decode()}" for it in pictures])
    )
