"""Runs the examples and the tutorial against the service."""

import filecmp
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.acceptance.web.chromium import ARGUMENTS, chromium
from tests.support.service_process import ROOT, free_port, serve
from tools import node

EXAMPLES = ROOT / "examples"
APP = EXAMPLES / "apollo-react"
TUTORIAL = ROOT / "docs" / "tutorial" / "apollo-app.md"
FILE_BLOCK = re.compile(r"^```[a-z]+ (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NOT_IN_TUTORIAL = {".gitignore", ".npmrc", "README.md", "package-lock.json"}
WAIT_MS = 30_000
COUNT = 60

pytestmark = pytest.mark.xdist_group("examples")


@pytest.fixture(scope="module")
def app_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def url(app_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of a service with `COUNT` tasks. The service allows requests from the app's origin."""
    data = tmp_path_factory.mktemp("examples")
    with serve(data, MILLITASK_CORS_ORIGINS=f"http://127.0.0.1:{app_port}") as service:
        address = f"http://127.0.0.1:{service.port}/graphql"
        words = ["-m", "loadgen", "load", "--count", str(COUNT), "--url", address]
        subprocess.run([sys.executable, *words], cwd=ROOT, check=True, capture_output=True)
        yield address


def run(folder: Path, *command: str, **variables: str) -> str:
    """Run a command, assert that it succeeds, and return its output."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=node.environment() | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def graphql(url: str, query: str) -> dict[str, object]:
    answer = httpx.post(url, json={"query": query}).json()
    assert "errors" not in answer, answer
    data: dict[str, object] = answer["data"]
    return data


def test_python_example_explains_a_refusal(tmp_path: Path) -> None:
    with serve(tmp_path, MILLITASK_IDENTITY="tokens") as service:
        address = f"http://127.0.0.1:{service.port}/graphql"
        command = [sys.executable, "tasks.py", address]
        done = subprocess.run(
            command, cwd=EXAMPLES / "python-gql", capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 1
    assert "The request has no token." in done.stderr
    assert "MILLITASK_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr


def test_curl_example_prints_an_answer_for_each_step(url: str) -> None:
    lines = run(EXAMPLES / "curl", "sh", "tasks.sh", url).splitlines()
    answers = [json.loads(line)["data"] for line in lines if not line.startswith("#")]
    created, first, third, completed, found = answers
    assert created["createTask"]["userErrors"] == completed["completeTask"]["userErrors"] == []
    id_ = created["createTask"]["task"]["id"]
    assert first["tasks"]["nodes"][0]["id"] == id_
    assert [page["tasks"]["pageInfo"]["pageNumber"] for page in (first, third)] == [1, 3]
    assert completed["completeTask"]["task"] == {"id": id_, "status": "DONE", "version": 2}
    assert found["searchTasks"]["nodes"][0]["id"] == id_


def test_curl_example_fails_when_the_service_is_away() -> None:
    address = f"http://127.0.0.1:{free_port()}/graphql"
    done = subprocess.run(["sh", "tasks.sh", address], cwd=EXAMPLES / "curl", capture_output=True, check=False)
    assert done.returncode != 0


def test_python_example_creates_reads_and_hears_of_changes(url: str) -> None:
    before = graphql(url, "{ taskCounts { all } }")["taskCounts"]["all"]  # type: ignore[index]
    lines = run(EXAMPLES / "python-gql", sys.executable, "tasks.py", url).splitlines()
    assert lines[:2] == ["created 5 tasks", f"read {before + 5} tasks in pages of 100"]
    assert lines[2:] == [f"UPDATED: Write chapter {number} is DONE" for number in range(1, 6)]


@pytest.fixture(scope="module")
def finished_app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the app at the end of the tutorial, after type-checking the app at every step."""
    node.install(APP)
    folder = tmp_path_factory.mktemp("my-tasks")
    (folder / "node_modules").symlink_to(APP / "node_modules")
    for step in re.split(r"^## ", TUTORIAL.read_text(), flags=re.MULTILINE):
        files = FILE_BLOCK.findall(step)
        for name, text in files:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        if any(name.startswith("src/") for name, _ in files):
            run(folder, "npx", "tsc")
    return folder


def test_tutorial_ends_with_the_files_of_the_example(finished_app: Path) -> None:
    files = files_of(APP) - NOT_IN_TUTORIAL
    assert files_of(finished_app) == files
    assert filecmp.cmpfiles(finished_app, APP, files, shallow=False)[1:] == ([], [])


def files_of(app: Path) -> set[str]:
    """Return the files of an app, without those that npm installs or Vite builds."""
    files = (path for path in [*app.iterdir(), *(app / "src").rglob("*")] if path.is_file())
    return {path.relative_to(app).as_posix() for path in files}


@pytest.fixture(scope="module")
def app_url(finished_app: Path, url: str, app_port: int) -> Iterator[str]:
    """Yield the URL of the built app, served as static files."""
    folder = Path(shutil.copytree(finished_app, finished_app.with_name("built"), symlinks=True))
    run(folder, "npm", "run", "build", VITE_GRAPHQL_URL=url)
    with static_server(folder / "dist", app_port) as address:
        yield address


@contextmanager
def static_server(folder: Path, port: int) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(QuietHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{port}/"
    server.shutdown()
    thread.join()
    server.server_close()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write no access log."""


@pytest.fixture
def tab(app_url: str) -> Iterator[Page]:
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS, chromium_sandbox=False)
        page = browser.new_page()
        page.goto(app_url)
        yield page
        browser.close()


def test_apollo_example_works_in_a_browser(tab: Page, url: str) -> None:
    rows = tab.get_by_role("listitem")
    expect(rows).to_have_count(20)
    count = graphql(url, "{ taskCounts { all } }")["taskCounts"]["all"]  # type: ignore[index]
    pages = -(-count // 20)
    expect(tab.get_by_text(f"{count} tasks on {pages} pages")).to_be_visible()

    tab.get_by_label("New task").fill("From the app")
    tab.get_by_role("button", name="Create").click()
    expect(rows.first).to_have_text("From the app")
    expect(tab.get_by_label("New task")).to_have_value("")
    tab.get_by_role("button", name="Create").click()
    expect(tab.get_by_role("alert")).to_be_visible()

    created = rows.filter(has_text="From the app").get_by_role("checkbox")
    created.click()
    expect(created).to_be_checked()
    newest = "{ tasks(first: 1) { nodes { id title status } } }"
    found = graphql(url, newest)["tasks"]["nodes"][0]  # type: ignore[index]
    assert (found["title"], found["status"]) == ("From the app", "DONE")

    # Another client renames the task and creates one.
    rename = f'updateTask(input: {{ id: "{found["id"]}", title: "Renamed" }}) {{ userErrors {{ code }} }}'
    graphql(url, f"mutation {{ {rename} }}")
    expect(rows.first).to_have_text("Renamed")
    graphql(url, 'mutation { createTask(input: { title: "From elsewhere" }) { task { id } } }')
    expect(rows.first).to_have_text("From elsewhere")

    tab.get_by_label("Page").fill("2")
    tab.get_by_role("button", name="Go to page").click()
    second = graphql(url, "{ tasks(first: 20, page: 2) { nodes { title } } }")["tasks"]["nodes"]  # type: ignore[index]
    expect(rows).to_have_text([task["title"] for task in second])


def test_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (APP / "package-lock.json").read_text()
