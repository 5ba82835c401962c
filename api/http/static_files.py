"""The files of the built web page, with the headers of each: content type, caching and security policy."""

import hashlib
import mimetypes
from base64 import b64encode
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

# The build writes a compressed copy of a file under the same name with this suffix.
_GZIP_SUFFIX = ".gz"
PLAYGROUND = "playground/"
# The names of the files in this folder contain a hash of their content, so that browsers can keep them for a year.
HASHED_FOLDER = "_next/static/"
_CACHE_ONE_YEAR, _REVALIDATE = "public, max-age=31536000, immutable", "no-cache"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Mantine and the editor of the playground insert styles at run time, so inline styles must be allowed.
_POLICY = (
    "default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src {workers}; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_TYPES = {".js": "text/javascript", ".txt": "text/plain", ".webmanifest": "application/manifest+json"}


@dataclass(frozen=True)
class StaticFile:
    """The content and the headers of one path."""

    body: bytes
    gzip_body: bytes | None
    headers: dict[str, str]


def read_static_files(folder: Path, *, playground: bool) -> dict[str, StaticFile]:
    """Return the files of a folder by URL path. Leave out the playground unless `playground` is set."""
    found = {}
    for file in folder.rglob("*"):
        name = file.relative_to(folder).as_posix()
        if file.is_dir() or file.suffix == _GZIP_SUFFIX or (name.startswith(PLAYGROUND) and not playground):
            continue
        path = name.removesuffix("index.html") if file.name == "index.html" else name
        compressed = file.with_name(file.name + _GZIP_SUFFIX)
        body = file.read_bytes()
        gzip_body = compressed.read_bytes() if compressed.is_file() else None
        found[path] = StaticFile(body, gzip_body, _headers(name, body))
    return found


def _headers(name: str, body: bytes) -> dict[str, str]:
    suffix = Path(name).suffix
    type_ = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = type_.startswith("text/") or type_ == "image/svg+xml"
    headers = {
        "Content-Type": f"{type_}; charset=utf-8" if text else type_,
        "Cache-Control": _CACHE_ONE_YEAR if name.startswith(HASHED_FOLDER) else _REVALIDATE,
        # A weak tag, because the compressed and the plain body share it.
        "ETag": f'W/"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Vary": "Accept-Encoding",
    }
    if suffix == ".html":
        headers["Content-Security-Policy"] = content_security_policy(body.decode(), workers=name.startswith(PLAYGROUND))
    return headers | SECURITY_HEADERS


def content_security_policy(html: str, *, workers: bool = False) -> str:
    """Return a Content-Security-Policy that allows files of the same origin and, by hash, the page's inline scripts.

    `workers` also allows web workers from blobs, which the editor of the playground uses.
    """
    parser = _InlineScriptParser()
    parser.feed(html)
    parser.close()
    digests = (hashlib.sha256(text.encode()).digest() for text in parser.scripts)
    hashes = dict.fromkeys(f"'sha256-{b64encode(digest).decode()}'" for digest in digests)
    return _POLICY.format(scripts=" ".join(["'self'", *hashes]), workers="'self' blob:" if workers else "'self'")


class _InlineScriptParser(HTMLParser):
    """Collects the texts of the inline scripts of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.scripts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and "src" not in dict(attrs):
            self._inside = True
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data
