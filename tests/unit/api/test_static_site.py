"""The web page on the API's port, of a small export: what is sent, how long it may be kept, what its scripts may do."""

import gzip
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import httpx
import pytest

from api.app import create_app
from api.config.settings import Settings
from api.http.static_files import policy

INLINE = 'self.go = [1, "é", a && b];'
HTML = f'<!doctype html><script src="/_next/static/a1.js"></script><script>{INLINE}</script><p>Millitask'
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The files that a build leaves."""
    out = tmp_path / "out"
    for name, text in {
        "index.html": HTML,
        "404.html": "<p>No such page",
        "insights/index.html": "<p>Insights",
        "playground/index.html": "<p>Playground",
        "_next/static/a1.js": "let a = 1;",
        "icon.svg": "<svg/>",
    }.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (out / "_next/static/a1.js.gz").write_bytes(gzip.compress(b"let a = 1;"))
    return out


def service(out: Path, profile: Literal["development", "production"] = "development") -> httpx.AsyncClient:
    """The service, not started: the page needs no store."""
    settings = Settings(
        database_url="postgresql://nowhere/", redis_url="redis://nowhere", page_dir=out, profile=profile
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(settings)), base_url="http://localhost")


@pytest.fixture
async def http(out: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with service(out) as http:
        yield http


async def test_a_page_is_asked_for_again_each_time(http: httpx.AsyncClient) -> None:
    answer = await http.get("/")
    assert (answer.status_code, answer.text) == (200, HTML)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    tag = answer.headers["ETag"]
    for known in (tag, f'"another", {tag}', tag.removeprefix("W/")):
        again = await http.get("/", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert (await http.get("/", headers={"If-None-Match": '"another"'})).status_code == 200


async def test_what_has_its_hash_in_its_name_is_kept(http: httpx.AsyncClient) -> None:
    answer = await http.get("/_next/static/a1.js")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert (await http.get("/icon.svg")).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip", "gzip"), ("identity", None)])
async def test_what_was_compressed_is_sent_so(http: httpx.AsyncClient, accepted: str, encoding: str | None) -> None:
    answer = await http.get("/_next/static/a1.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.text == "let a = 1;"


async def test_a_folder_has_a_slash(http: httpx.AsyncClient) -> None:
    answer = await http.get("/insights?id=1")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/insights/?id=1")
    assert (await http.get("/insights/")).text == "<p>Insights"


@pytest.mark.parametrize("path", ["/nowhere", "/_next/static/../../../settings.py", "/insights//", "/a1.js.gz"])
async def test_what_is_not_there(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.text) == (404, "<p>No such page")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/nowhere"])
async def test_it_is_only_read(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.post(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert (await http.head("/")).status_code == 200


async def test_only_its_own_scripts_run(http: httpx.AsyncClient) -> None:
    answer = await http.get("/")
    rules = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    own = b64encode(hashlib.sha256(INLINE.encode()).digest()).decode()
    assert rules["script-src"] == f"'self' 'sha256-{own}'"
    assert rules["default-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["object-src"] == "'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_a_script_is_hashed_as_a_browser_reads_it() -> None:
    twice = "<script>a</script><SCRIPT nonce=x>a</SCRIPT><script>b &amp; \n</script><p>c</p><script></script>"
    hashes = [b64encode(hashlib.sha256(text).digest()).decode() for text in (b"a", b"b &amp; \n", b"")]
    assert " ".join(f"'sha256-{text}'" for text in hashes) + ";" in policy(twice)


async def test_a_browser_gets_the_playground_at_graphql(http: httpx.AsyncClient) -> None:
    answer = await http.get("/graphql", headers=BROWSER)
    assert (answer.status_code, answer.text) == (200, "<p>Playground")
    assert "worker-src 'self' blob:" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Vary"] == "Accept-Encoding, Accept"


async def test_there_is_no_playground_in_production(out: Path) -> None:
    async with service(out, "production") as http:
        assert (await http.get("/")).text == HTML
        for path in ("/playground/", "/playground"):
            assert (await http.get(path)).status_code == 404
        assert "Playground" not in (await http.get("/graphql", headers=BROWSER)).text


async def test_without_a_build_it_says_how_to_make_one(tmp_path: Path) -> None:
    async with service(tmp_path / "out") as http:
        for path in ("/", "/graphql"):
            answer = await http.get(path, headers=BROWSER)
            assert answer.status_code == 404
            assert "make page" in answer.text
        assert (await http.get("/livez")).status_code == 200
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "index.html").write_text("<p>Built since")
        assert (await http.get("/")).text == "<p>Built since"
