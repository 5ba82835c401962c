"""The files of the built web page: what each is, how long a browser may keep it, and what its scripts may do."""

import hashlib
import mimetypes
from base64 import b64encode
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

# Beside a file: the same, compressed when it was built.
PACKED = ".gz"
PLAYGROUND = "playground/"
_HASHED = "_next/static/"
_FOREVER, _ASK = "public, max-age=31536000, immutable", "no-cache"
GUARDS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Mantine and the playground's editor write styles of their own, so styles may stand in the page; scripts may not.
_POLICY = (
    "default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src {workers}; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_TYPES = {".js": "text/javascript", ".txt": "text/plain", ".webmanifest": "application/manifest+json"}


@dataclass(frozen=True)
class File:
    """What is sent for one address."""

    body: bytes
    packed: bytes | None
    headers: dict[str, str]


def read(folder: Path, *, playground: bool) -> dict[str, File]:
    """The files by their addresses; without the playground if it is not to be had."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or path.suffix == PACKED or (name.startswith(PLAYGROUND) and not playground):
            continue
        address = name.removesuffix("index.html") if path.name == "index.html" else name
        packed = path.with_name(path.name + PACKED)
        body = path.read_bytes()
        found[address] = File(body, packed.read_bytes() if packed.is_file() else None, _headers(name, body))
    return found


def _headers(name: str, body: bytes) -> dict[str, str]:
    suffix = Path(name).suffix
    type_ = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = type_.startswith("text/") or type_ == "image/svg+xml"
    headers = {
        "Content-Type": f"{type_}; charset=utf-8" if text else type_,
        "Cache-Control": _FOREVER if name.startswith(_HASHED) else _ASK,
        # Weak: it is the same compressed and not.
        "ETag": f'W/"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Vary": "Accept-Encoding",
    }
    if suffix == ".html":
        headers["Content-Security-Policy"] = policy(body.decode(), workers=name.startswith(PLAYGROUND))
    return headers | GUARDS


def policy(html: str, *, workers: bool = False) -> str:
    """What a page may load and run: files of its own site, and the scripts that stand in it as it was built."""
    scripts = _Scripts()
    scripts.feed(html)
    scripts.close()
    hashes = {f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'": None for text in scripts.found}
    return _POLICY.format(scripts=" ".join(["'self'", *hashes]), workers="'self' blob:" if workers else "'self'")


class _Scripts(HTMLParser):
    """The texts of the scripts that stand in a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and "src" not in dict(attrs):
            self._inside = True
            self.found.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1] += data
