"""The lines of docs/ehr.md, pasted into a shell as they stand, against the server that ``start`` starts."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ehr.md").read_text("utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.S)
FLASK = [sys.executable, "-W", "ignore", "-m", "flask", "--app", "app.factory"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    kept = {name: value for name, value in os.environ.items() if name not in ("MASLAK_ENV", "BASE_URL")}
    return kept | {"DATABASE_URL": f"sqlite:///{tmp_path / 'ehr.sqlite'}", "PORT": port, "MAIL_FOLDER": str(tmp_path)}


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[str]:
    address = f"http://127.0.0.1:{environment['PORT']}/fhir"
    log = Path(environment["MAIL_FOLDER"]) / "server.log"
    with log.open("w") as told:
        process = subprocess.Popen(
            [*FLASK, "start"], cwd=ROOT, env=environment, stdout=told, stderr=told, start_new_session=True
        )
        try:
            for _ in range(300):
                try:
                    with urlopen(f"{address}/metadata", timeout=2):
                        break
                except (URLError, ConnectionError, TimeoutError):
                    assert process.poll() is None, log.read_text()
                    time.sleep(0.2)
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_the_lines_of_the_page_work_as_pasted(server: str, environment: dict[str, str]) -> None:
    lines = "\n".join(BLOCKS).replace("http://127.0.0.1:8000/fhir", server).replace(".venv/bin/python", sys.executable)
    assert server in lines
    begin = 'fhir "$FHIR/Patient" -d \'{"resourceType": "Patient", "name": [{"family": "Fatima"}]}\' > /dev/null\n'
    head, mark, rest = lines.partition('fhir "$FHIR/Patient?name=fatima')
    asked = re.sub(r"^fhir ", "echo; echo ==; fhir ", mark + rest, flags=re.M)
    script = f"shopt -s expand_aliases\n{head}\n{begin}{asked}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    answers = [json.loads(text) for text in done.stdout.split("==")[1:]]
    assert len(answers) == len(re.findall(r"^fhir ", mark + rest, re.M)) >= 10
    kinds = [answer["resourceType"] for answer in answers]
    assert kinds.count("OperationOutcome") == 1  # $validate of a wrong gender
    assert answers[0]["entry"] and answers[1]["name"][0]["family"] == "Fatima"
    assert "transaction-response" in [answer.get("type") for answer in answers]


def test_the_token_command_prints_the_token_alone(server: str, environment: dict[str, str]) -> None:
    words = [*FLASK, "access", "token", "--scopes", "system/*.cruds", "--minutes", "60"]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert re.fullmatch(r"mslk_\S{43}\n", done.stdout)
