"""Peer `raw`: a page of 50 tasks from Redis with Starlette, without GraphQL.

`GET /tasks/7` takes page 7 of the sorted set by offset (ZREVRANGE), reads the 50 values (MGET) and joins
the values, each the JSON of one task, to a JSON array. It checks nothing and returns no cursors and no total.
"""

from cyclopts import App
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.peers.server import TaskPages, serve

app = App(name="python -m benchmarks.peers.raw", help="Serve pages of tasks from Redis, without GraphQL.")


@app.default
def main(*, redis_url: str, index: str, port: int = 8002) -> None:
    """Serve GET /tasks/PAGE on a port of the loopback interface.

    Parameters
    ----------
    redis_url
        URL of Redis.
    index
        Key of the sorted set of ids.
    port
        Port to listen on.
    """
    pages = TaskPages(redis_url, index)

    async def page(request: Request) -> Response:
        values = await pages.values(int(request.path_params["page"]))
        return Response(b"[" + b",".join(values) + b"]", media_type="application/json")

    serve(Starlette(routes=[Route("/tasks/{page}", page)]), port)


if __name__ == "__main__":
    app()
