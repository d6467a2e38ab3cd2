"""The pages in a real browser: Debian's chromium, the real server (granian), a database of one's own for each language.

Without chromium these tests are skipped and say so; with MASLAK_REQUIRE_BROWSER set they fail instead.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.e2e.seeding import seed
from tests.e2e.visitor import PICTURES, House

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here is a browser test; those of one language stay together in one process and one database."""
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        item.add_marker(pytest.mark.browser)
        params = getattr(getattr(item, "callspec", None), "params", {})
        item.add_marker(pytest.mark.xdist_group(f"browser-{params.get('house', 'fr')}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """When a test fails, say what every open page shows, and keep a picture of it."""
    report = yield
    if report.when == "call" and report.failed:
        for context in _open_contexts(item):
            for number, page in enumerate(context.pages):
                report.sections.append((f"open page {page.url}", page.locator("main").inner_text()))
                page.screenshot(path=PICTURES / f"failed-{item.name}-{number}.png", full_page=True)
    return report


@pytest.fixture(autouse=True)
def everybody_leaves(request: pytest.FixtureRequest) -> Iterator[None]:
    """No browser stays open after its test."""
    yield
    if "browser" in request.fixturenames:
        for context in request.getfixturevalue("browser").contexts:
            context.close()


@pytest.fixture(scope="session")
def browser(chromium: Browser) -> Browser:
    """One chromium for all tests of this process."""
    return chromium


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as ``make run`` leaves it: migrations, national content, the demo region with its people."""
    path = tmp_path_factory.mktemp("e2e") / "seeded.sqlite"
    seed(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session", params=["fr", "ar"])
def house(
    request: pytest.FixtureRequest, browser: Browser, seeded: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A running server in a language, and the browser to visit it with."""
    folder = tmp_path_factory.mktemp(f"server-{request.param}")
    path = folder / "maslak.sqlite"
    shutil.copy(seeded, path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = os.environ | {
        "DATABASE_URL": f"sqlite:///{path}",
        "MAIL_FOLDER": str(folder / "mail"),
        "MASLAK_ENV": "",
        "PYTHONWARNINGS": "ignore::DeprecationWarning",
    }
    arguments = ["-m", "granian", "--interface", "wsgi", "--factory", "--host", "127.0.0.1", "--port", str(port)]
    arguments += ["--workers", "1", "--blocking-threads", "4", "--no-ws", "--log-level", "warning"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, *arguments, "app.server:application"], cwd=ROOT, env=settings, stdout=log, stderr=log
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/sign-in", server, folder / "server.log")
            yield House(address, request.param, browser, f"sqlite:///{path}")
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    said = (folder / "server.log").read_text()
    assert "Traceback" not in said, said


def _open_contexts(item: pytest.Item) -> list[BrowserContext]:
    browser = getattr(item, "funcargs", {}).get("browser")
    return browser.contexts if browser else []


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the server did not answer within {seconds} s\n{log.read_text()}")
