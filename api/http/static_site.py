"""The web page on the API's own port: every address that is not one of the API's."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from api.http.static_files import GUARDS, PLAYGROUND, File, read

_NOT_FOUND = "404.html"
_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Millitask</title>
<style>:root { color-scheme: light dark } body { font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem;
margin: 4rem auto; padding: 0 1rem }</style>
<h1>The web page is not built</h1>
<p>The API works, at <code>/graphql</code>. To have the page and the playground, run this where the sources are, and
then reload:</p>
<pre>make page</pre>
<p>It says what it needs, if it cannot. <code>make run</code> does the same before it starts the service.</p>
</html>
"""


class StaticSite:
    """Answers every address that is not one of the API's. Until the page is built, says how to build it."""

    def __init__(self, folder: Path, *, playground: bool) -> None:
        self._folder = folder
        self._playground = playground
        self._files: dict[str, File] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        request = Request(scope)
        await self._respond(request)(scope, receive, send)

    def playground(self, request: Request) -> Response:
        """The page in which a person tries operations."""
        return self._send(request, PLAYGROUND)

    def _respond(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Method Not Allowed", 405, {"Allow": "GET, HEAD"})
        name = str(request.scope["path"]).removeprefix("/")
        if f"{name}/" in self._read():
            # By its path alone: a proxy may know this service by another scheme and host.
            return RedirectResponse(f"/{name}/?{request.url.query}".removesuffix("?"), 308)
        return self._send(request, name)

    def _send(self, request: Request, name: str) -> Response:
        files, status = self._read(), 200
        if not files:
            return HTMLResponse(_NOT_BUILT, 404, {"Cache-Control": "no-store"} | GUARDS)
        if name not in files:
            if _NOT_FOUND not in files:
                return PlainTextResponse("Not Found", 404, GUARDS)
            name, status = _NOT_FOUND, 404
        file = files[name]
        if status == 200 and _same(request, file):
            return Response(None, 304, {key: file.headers[key] for key in ("ETag", "Cache-Control", "Vary")})
        if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.packed, status, file.headers | {"Content-Encoding": "gzip"})
        return Response(file.body, status, file.headers)

    def _read(self) -> dict[str, File]:
        """The files by their addresses; held in memory, so that a new build takes none from those who have the page."""
        if not self._files and (self._folder / "index.html").is_file():
            self._files = read(self._folder, playground=self._playground)
        return self._files


def _same(request: Request, file: File) -> bool:
    """Whether the browser has it already."""
    given = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return file.headers["ETag"].removeprefix("W/") in given
