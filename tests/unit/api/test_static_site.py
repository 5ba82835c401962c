"""Tests the web page, served from a small build: content, caching, security headers and the playground."""

import gzip
import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.http.static_files import content_security_policy
from tests.support.http_service import unstarted_service

INLINE = 'self.go = [1, "é", a && b];'
HTML = f'<!doctype html><script src="/_next/static/a1.js"></script><script>{INLINE}</script><p>Millitask'
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return the folder of a small built web page."""
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


@pytest.fixture
async def http(out: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with unstarted_service(page_dir=out) as http:
        yield http


async def test_page_is_revalidated_on_each_request(http: httpx.AsyncClient) -> None:
    response = await http.get("/")
    assert (response.status_code, response.text) == (200, HTML)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    tag = response.headers["ETag"]
    for known in (tag, f'"another", {tag}', tag.removeprefix("W/")):
        again = await http.get("/", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert (await http.get("/", headers={"If-None-Match": '"another"'})).status_code == 200


async def test_file_with_a_hash_in_its_name_is_cached_for_a_year(http: httpx.AsyncClient) -> None:
    response = await http.get("/_next/static/a1.js")
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert (await http.get("/icon.svg")).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip", "gzip"), ("identity", None)])
async def test_compressed_copy_is_sent_if_accepted(
    http: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    response = await http.get("/_next/static/a1.js", headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == encoding
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.text == "let a = 1;"


async def test_folder_redirects_to_its_path_with_a_slash(http: httpx.AsyncClient) -> None:
    response = await http.get("/insights?id=1")
    assert (response.status_code, response.headers["Location"]) == (308, "/insights/?id=1")
    assert (await http.get("/insights/")).text == "<p>Insights"


@pytest.mark.parametrize("path", ["/nowhere", "/_next/static/../../../settings.py", "/insights//", "/a1.js.gz"])
async def test_unknown_path_gets_the_not_found_page(http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(path)
    assert (response.status_code, response.text) == (404, "<p>No such page")
    assert response.headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["another-build.js", "a1.js.gz"])
async def test_file_of_another_build_is_missing_and_not_cached(http: httpx.AsyncClient, name: str) -> None:
    response = await http.get(f"/_next/static/{name}", headers={"If-None-Match": "*"})
    assert (response.status_code, response.text) == (404, "Not Found")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/nowhere"])
async def test_only_get_and_head_are_allowed(http: httpx.AsyncClient, path: str) -> None:
    response = await http.post(path)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    assert (await http.head("/")).status_code == 200


async def test_policy_allows_only_scripts_of_the_build(http: httpx.AsyncClient) -> None:
    response = await http.get("/")
    rules = dict(rule.split(" ", 1) for rule in response.headers["Content-Security-Policy"].split("; "))
    own = b64encode(hashlib.sha256(INLINE.encode()).digest()).decode()
    assert rules["script-src"] == f"'self' 'sha256-{own}'"
    assert rules["default-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["object-src"] == "'none'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_inline_scripts_are_hashed_as_browsers_do() -> None:
    twice = "<script>a</script><SCRIPT nonce=x>a</SCRIPT><script>b &amp; \n</script><p>c</p><script></script>"
    hashes = [b64encode(hashlib.sha256(text).digest()).decode() for text in (b"a", b"b &amp; \n", b"")]
    assert " ".join(f"'sha256-{text}'" for text in hashes) + ";" in content_security_policy(twice)


async def test_browser_gets_the_playground_at_graphql(http: httpx.AsyncClient) -> None:
    response = await http.get("/graphql", headers=BROWSER)
    assert (response.status_code, response.text) == (200, "<p>Playground")
    assert "worker-src 'self' blob:" in response.headers["Content-Security-Policy"]
    assert response.headers["Vary"] == "Accept-Encoding, Accept"


@pytest.mark.parametrize("query_string", ["%ff", "query=%ff", "&", "query", "=", "\\x"])
async def test_any_query_string_is_read(http: httpx.AsyncClient, query_string: str) -> None:
    response = await http.get(f"/graphql?{query_string}", headers=BROWSER)
    assert response.status_code in (200, 400)


async def test_production_has_no_playground(out: Path) -> None:
    async with unstarted_service(page_dir=out, profile="production") as http:
        assert (await http.get("/")).text == HTML
        for path in ("/playground/", "/playground"):
            assert (await http.get(path)).status_code == 404
        assert "Playground" not in (await http.get("/graphql", headers=BROWSER)).text


async def test_without_a_build_the_site_says_how_to_build_it(tmp_path: Path) -> None:
    async with unstarted_service(page_dir=tmp_path / "out") as http:
        for path in ("/", "/graphql"):
            response = await http.get(path, headers=BROWSER)
            assert response.status_code == 404
            assert "make page" in response.text
        assert (await http.get("/livez")).status_code == 200
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "index.html").write_text("<p>Built since")
        assert (await http.get("/")).text == "<p>Built since"
