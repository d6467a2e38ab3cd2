"""The commands as somebody on a fresh machine gives them: the real processes, their words, their exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLASK = [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "flask", "--app", "app.factory"]
FEW = "12"
pytestmark = pytest.mark.xdist_group("commands")


def _settings(folder: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in {"SECRET_KEY", "MASLAK_ENV", "DATABASE_URL"}
    }
    address = f"sqlite:///{folder / 'maslak.sqlite'}"
    return kept | {"DATABASE_URL": address, "MAIL_FOLDER": str(folder / "mail"), "PYTHONUNBUFFERED": "1"} | more


def _run(*words: str, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*FLASK, *words], cwd=ROOT, env=dict(settings), capture_output=True, text=True, timeout=120)


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@contextmanager
def _served(*words: str, settings: Mapping[str, str], within: float) -> Iterator[tuple[str, float]]:
    """Start the server; gives its address and the seconds until it answered. Nothing of it is left afterwards."""
    port = _free_port()
    log = Path(settings["MAIL_FOLDER"]).with_name(f"server-{port}.log")
    begun = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*FLASK, "start", *words],
            cwd=ROOT,
            env=dict(settings) | {"PORT": port},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            while _status(f"{address}/") is None:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() - begun < within, f"no answer within {within} s\n{log.read_text()}"
                time.sleep(0.05)
            yield address, time.monotonic() - begun
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _said(settings: Mapping[str, str]) -> str:
    """What the newest server said."""
    logs = Path(settings["MAIL_FOLDER"]).parent.glob("server-*.log")
    return max(logs, key=lambda path: path.stat().st_mtime_ns).read_text()


def _status(address: str, **headers: str) -> int | None:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of a machine on which a small demo region stands."""
    settings = _settings(tmp_path_factory.mktemp("commands"))
    script = "from app.factory import create_app; from app.cli import prepare_database\n"
    script += "with create_app().app_context(): prepare_database()"
    made = subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, env=settings, capture_output=True)
    assert made.returncode == 0, made.stderr
    for words in (["content", "load"], ["demo", "load", "--patients", FEW]):
        done = _run(*words, settings=settings)
        assert done.returncode == 0, done.stderr
    return settings


def test_the_first_start_makes_everything_and_serves(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    with _served(settings=settings, within=60) as (address, _seconds):
        assert _status(f"{address}/") == 200  # the sign-in page, to which / leads
        assert _status(f"{address}/fhir/metadata") == 200
        assert _status(f"{address}/fhir/Patient") == 401
    said = _said(settings)
    assert "Preparing the database" in said
    assert re.search(r"Content: \d+ resources loaded", said)
    assert "Maslak is at http://127.0.0.1:" in said


def test_a_second_start_loads_nothing_again(home: dict[str, str]) -> None:
    with _served("--demo", settings=home, within=60) as (address, _):
        assert _status(f"{address}/") == 200
    said = _said(home)
    assert "Preparing" not in said
    assert "loaded" not in said
    assert "simulating" not in said
    assert f"{FEW} patients" in said


def test_a_sign_in_for_every_role_is_printed_and_opens(home: dict[str, str]) -> None:
    from app.access.grants import ROLES

    printed = _run("demo", "sign-ins", settings=home).stdout
    for role in ROLES:
        assert re.search(rf"^\s+\S+\s+{role}\s", printed, re.MULTILINE), f"no sign-in for {role}:\n{printed}"


def test_demo_people_are_loaded_once(home: dict[str, str]) -> None:
    again = _run("demo", "load", "--patients", "500", settings=home)
    assert again.returncode == 0
    assert f"{FEW} patients" in again.stdout
    assert "there already" in again.stdout


def test_a_port_that_is_taken_is_said_before_anything_is_done(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = _run("start", settings=_settings(tmp_path, PORT=str(port)))
    assert done.returncode == 1 and f"Port {port} is taken" in done.stderr
    assert not (tmp_path / "maslak.sqlite").exists()


def test_a_production_server_without_a_secret_key_does_not_start(tmp_path: Path) -> None:
    refused = _run("start", settings=_settings(tmp_path, MASLAK_ENV="production", PORT=_free_port()))
    assert refused.returncode != 0
    assert "SECRET_KEY" in refused.stderr
    assert "Traceback" not in refused.stderr, refused.stderr


def test_a_production_server_takes_no_demo_people(home: dict[str, str]) -> None:
    production = home | {"MASLAK_ENV": "production", "SECRET_KEY": "a key of this test"}
    for words in (["demo", "load"], ["start", "--demo"]):
        refused = _run(*words, settings=production | {"PORT": _free_port()})
        assert refused.returncode != 0, words
        assert "production" in refused.stderr, words
        assert "Traceback" not in refused.stderr


def test_a_production_server_serves_with_a_secret_key(home: dict[str, str]) -> None:
    production = home | {"MASLAK_ENV": "production", "SECRET_KEY": "a key of this test", "WORKERS": "1"}
    with _served(settings=production, within=60) as (address, _seconds):
        assert _status(f"{address}/") == 200
        assert _status(f"{address}/style") in (403, 404), "the style page is for development"


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells what processes share")
def test_processes_of_a_server_share_what_they_hold_and_end_with_it(home: dict[str, str]) -> None:
    production = home | {"MASLAK_ENV": "production", "SECRET_KEY": "a key of this test", "WORKERS": "3"}
    others = set(_started_by(os.getpid()))  # a database or a browser of other tests
    with _served(settings=production, within=60) as (address, _seconds):
        assert _status(f"{address}/fhir/metadata") == 200
        group = [pid for pid in _started_by(os.getpid()) if pid not in others]
        held = {pid: _memory(pid) for pid in group}
    assert len(held) in (5, 6), "the command, three that serve, one for the outbox, one for the day's work"
    alone = max(resident for resident, _ in held.values())
    assert sum(shared for _, shared in held.values()) < 2.5 * alone, held
    assert not [pid for pid in group if Path(f"/proc/{pid}").exists()]


def _started_by(pid: int) -> list[int]:
    """The processes below one."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
    found, more = [pid], True
    while more:
        more = [one for one, parent in parents.items() if parent in found and one not in found]
        found += more
    return found[1:]


def _memory(pid: int) -> tuple[int, int]:
    """KB that a process holds; and with what it shares divided by those that share it."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    resident, shared = (re.search(rf"^{name}:\s+(\d+)", told, re.MULTILINE) for name in ("Rss", "Pss"))
    assert resident and shared
    return int(resident[1]), int(shared[1])


def test_a_printed_token_opens_the_door_of_the_ehr(home: dict[str, str]) -> None:
    printed = _run("access", "token", "--scopes", "system/*.rs", "--label", "test", settings=home)
    assert printed.returncode == 0, printed.stderr
    token = printed.stdout.strip()
    with _served(settings=home, within=30) as (address, _seconds):
        asked = urllib.request.Request(f"{address}/fhir/Patient?_count=5", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            bundle = json.load(answer)
        assert _status(f"{address}/fhir/Patient", Authorization="Bearer wrong") == 401
    assert bundle["resourceType"] == "Bundle"
    assert {entry["resource"]["resourceType"] for entry in bundle["entry"]} == {"Patient"}


def test_make_offers_its_commands() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert shown.returncode == 0, shown.stderr
    for command in ("run", "test", "serve"):
        assert re.search(rf"^{command}\s", shown.stdout, re.MULTILINE), shown.stdout
