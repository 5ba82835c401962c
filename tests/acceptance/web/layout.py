"""Finds faults of the layout in a tab: content outside of the screen, clipped text, and text of users without `dir`."""

from typing import Any

from playwright.async_api import Page

# A control may be outside of the screen only inside an element that scrolls to it. Elements of 1 px are for screen
# readers.
_FIND_OVERFLOW = """
() => {
  const found = [];
  const name = (e) => `<${e.tagName.toLowerCase()}> ` +
    (e.getAttribute('aria-label') || e.textContent || e.getAttribute('placeholder') || e.id).trim().slice(0, 40);
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page scrolls: ${root.scrollWidth} px`);
  const scrolls = (e, axis) => /auto|scroll/.test(getComputedStyle(e)[`overflow${axis}`]);
  const clips = (e, axis) => /hidden|clip/.test(getComputedStyle(e)[`overflow${axis}`]);
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  const parents = function* (e) { for (let p = e.parentElement; p; p = p.parentElement) yield p; };
  for (const e of document.querySelectorAll('a, button, input, select, textarea, [role=tab]')) {
    const box = e.getBoundingClientRect();
    if (!shown(e) || box.width <= 1 || box.height <= 1) continue;
    let [x, y] = [true, true];  // Whether the control must fit into the next ancestor, by axis.
    let frames = 0;
    for (const p of parents(e)) {
      const frame = p.getBoundingClientRect();
      if (scrolls(p, 'X') && p.scrollWidth > p.clientWidth) x = false;
      if (scrolls(p, 'Y') && p.scrollHeight > p.clientHeight) y = false;
      if (x && clips(p, 'X') && (box.left < frame.left - 1 || box.right > frame.right + 1)) frames += 1;
      if (y && clips(p, 'Y') && (box.top < frame.top - 1 || box.bottom > frame.bottom + 1)) frames += 1;
      if (getComputedStyle(p).position === 'fixed') break;
    }
    if (frames) found.push(`clipped: ${name(e)}`);
    if (x && (box.left < -1 || box.right > innerWidth + 1)) found.push(`outside: ${name(e)}`);
    if (y && (box.top < -1 || box.bottom > innerHeight + 1)) found.push(`outside: ${name(e)}`);
  }
  for (const e of document.querySelectorAll('body *')) {
    const style = getComputedStyle(e);
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!text || !shown(e) || e.clientWidth <= 1 || !clips(e, 'X') || style.textOverflow === 'ellipsis') continue;
    if (e.scrollWidth > e.clientWidth + 1) found.push(`cut text: ${name(e)}`);
  }
  return found;
}
"""
_FIND_TEXT_WITHOUT_DIRECTION = """
(text) => {
  const own = (e) => [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent).join('');
  const isolated = /\\u2068[^\\u2069]*\\u2069/g;
  const found = [];
  for (const e of document.querySelectorAll('html, body *')) {
    if (['SCRIPT', 'STYLE', 'HTML'].includes(e.tagName)) continue;
    const shown = (e.matches('input, textarea') ? e.value : own(e)).replaceAll(isolated, '');
    const nearest = e.closest('[dir], bdi');
    const follows = nearest?.dir === 'auto' || nearest?.tagName === 'BDI';
    if (shown.includes(text) && !follows) found.push(e.outerHTML.slice(0, 160));
  }
  // Each field in which a person types text.
  const field = ['textarea', 'input:not([type])', 'input[type=text]', 'input[type=search]']
    .map((type) => `${type}:not([role=spinbutton])`).join();
  for (const e of document.querySelectorAll(field)) {
    const typed = !e.readOnly && !e.ariaHidden && e.checkVisibility() && !e.closest('[aria-haspopup=dialog]');
    if (typed && e.dir !== 'auto') found.push(e.outerHTML.slice(0, 160));
  }
  if (document.title.replaceAll(isolated, '').includes(text)) found.push(document.title);
  return found;
}
"""


async def overflowing(tab: Page) -> list[str]:
    """Return what does not fit: a page that scrolls sideways, controls outside of the screen or clipped, cut text."""
    found: Any = await tab.evaluate(_FIND_OVERFLOW)
    return list(found)


async def without_direction(tab: Page, text: str) -> list[str]:
    """Return the elements that show this text of a user, or take text, and do not follow the direction of the text."""
    found: Any = await tab.evaluate(_FIND_TEXT_WITHOUT_DIRECTION, text)
    return list(found)
