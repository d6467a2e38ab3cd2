"""``$apply`` over REST: ``python -m bench.apply_rest``.

Starts the server (granian) with the released content on SQLite and on PostgreSQL, stores a patient of each pathway with
200 observations, and asks ``PlanDefinition/{id}/$apply`` in two ways: the server reads the record itself, or the EHR
sends it along (``data``, ``useServerData=false``). One client, one request after the other; beside the time of each
stands the ratio to a bare Flask route of the same server.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from app.fhir.json import dumps
from bench.apply import BASE, PATHWAYS, a_record
from bench.fhir import ROOT, Client, Server, cpu_of, database, served


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", type=lambda text: text.split(","))
    parser.add_argument("--requests", default=100, type=int, help="of each kind")
    parser.add_argument("--port", default=18762, type=int)
    options = parser.parse_args()
    print("| database | asked for | median | 95 % | CPU | ratio to bare |\n|---|---|---|---|---|---|")
    for kind in options.databases:
        with (
            tempfile.TemporaryDirectory(prefix="maslak-bench-") as name,
            database(kind, Path(name)) as (address, roots),
        ):
            environment = os.environ | {"DATABASE_URL": address, "PYTHONPATH": str(ROOT)}
            flask = [sys.executable, "-W", "ignore", "-m", "flask", "--app", "app.factory"]
            for words in (["db", "upgrade"], ["content", "load"]):
                subprocess.run([*flask, *words], cwd=ROOT, env=environment, check=True, capture_output=True)
            with served(address, options.port, 1, roots) as server:
                measure(kind, server, options.requests)


def measure(kind: str, server: Server, requests: int) -> None:
    """Ask for everything, and print a line for each."""
    bare = asked(server, requests, "GET", "/bare")[0]
    for pathway, diabetic in PATHWAYS:
        record = a_record(random.Random(7), f"rest-{pathway}"[:24], 200, diabetic)
        store(server, record)
        plan = {"name": "url", "valueUri": f"{BASE}/PlanDefinition/{pathway}"}
        subject = {"name": "subject", "valueString": f"Patient/{record[0]['id']}"}
        sent: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
        sent["entry"] = [{"resource": one} for one in record]
        given = [plan, subject, {"name": "useServerData", "valueBoolean": False}, {"name": "data", "resource": sent}]
        for label, parameters in ((f"{pathway}, record read", [plan, subject]), (f"{pathway}, record sent", given)):
            body = dumps({"resourceType": "Parameters", "parameter": parameters})
            median, late, cpu = asked(server, requests, "POST", "/fhir/PlanDefinition/$apply", body)
            figures = f"{median * 1000:.1f} ms | {late * 1000:.1f} ms | {cpu * 1000:.1f} ms | {median / bare:.0f}"
            print(f"| {kind} | {label} | {figures} |", flush=True)


def store(server: Server, record: list[dict[str, Any]]) -> None:
    """Store a record under its own ids."""
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}} for one in record
    ]
    status, answer = Client(server)(
        "POST", "/fhir", dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    )
    assert status == 200, answer[:500]


def asked(
    server: Server, requests: int, method: str, path: str, body: bytes | None = None
) -> tuple[float, float, float]:
    """(median, 95 %, CPU of server and database for each) in seconds, after twenty that do not count."""
    client, times, before = Client(server), [], 0.0
    for at in range(requests + 20):
        if at == 20:
            before = cpu_of(server.roots)
        begun = time.perf_counter()
        status, answer = client(method, path, body)
        times.append(time.perf_counter() - begun)
        assert status == 200, answer[:500]
    if body is not None:
        assert orjson.loads(answer)["entry"][0]["resource"]["resourceType"] == "RequestGroup"
    cpu = (cpu_of(server.roots) - before) / requests
    times = sorted(times[20:])
    return statistics.median(times), times[int(len(times) * 0.95)], cpu


if __name__ == "__main__":
    main()
