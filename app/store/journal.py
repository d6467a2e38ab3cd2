"""The journal of what was read: AuditEvents on their way into the database.

A read is on record before it is answered, but a transaction for each costs more than the read itself, and on SQLite it
waits for whoever writes. So a process appends its events to a file of its own, which outlives the process, and half a
second later they stand in the table ``audit``, hundreds with one statement. One process of a machine does that for all
of them (each would hold a connection for it); the others wait for its end, and one takes over. Whoever asks for
AuditEvents brings in what is waiting first. A line that goes in twice (killed between the commit and the note of it) is
one event: its id is unique.

Files: ``<name>.lines``, one JSON array a line. Its process holds a lock on it; a file without a lock is one whose
process is gone, and is removed when all of it is in. ``taken`` says how much of each file is in; who has locked
``leader`` brings in.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakKeyDictionary, ref

import orjson
from flask import current_app
from sqlalchemy import Engine

from app.ids import new_id
from app.store.driver import Driver, Insert
from app.store.drivers import Lent

EVERY = 0.5
"""Seconds that an event waits at most until it goes into the database."""
_LARGEST = 4 << 20
"""Bytes after which a process begins a new file."""
_AT_ONCE = 1 << 19
"""Bytes that go into the database in one statement."""
_LINES, _TAKEN, _LEADER = ".lines", "taken", "leader"

Line = tuple[str, int, str, str, str, list[int]]
"""An AuditEvent: id, microseconds since 1970, action, actor, body, head keys of what it is about."""
_log = logging.getLogger(__name__)


class Journal:
    """The files of one database on this machine; with ``keep``, this process brings them in by itself where no other
    does.
    """

    def __init__(self, folder: Path, engine: Engine, *, keep: bool):
        self._folder = folder
        self._engine = ref(engine)
        self._keep = keep
        self._lock = threading.Lock()
        self._file = -1
        self._size = 0
        self._owner = 0

    def append(self, lines: list[Line]) -> None:
        """Put events on record. Raises OSError where the disk is full or the folder cannot be written."""
        data = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        with self._lock:
            if self._owner != os.getpid() or self._size > _LARGEST:
                self._begin()
            written = os.write(self._file, data)  # at the end of the file, in one piece
            self._size += written
            if written < len(data):
                self._size = _LARGEST + 1  # what was cut short stays the last of its file
                raise OSError("the journal of what was read could not be written")

    def _begin(self) -> None:
        """A file of this process's own, locked before anybody sees it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = str(self._folder / new_id())
        file = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        os.rename(name, name + _LINES)
        self._file, self._size = file, 0
        if self._owner != os.getpid():
            self._owner = os.getpid()
            if self._keep:
                threading.Thread(target=self._lead, args=(self._owner,), name="audit", daemon=True).start()

    def _lead(self, owner: int) -> None:
        """Wait until no other process brings in, then do it for all of them."""
        with (self._folder / _LEADER).open("ab") as file:
            # Let go of by the system when this process ends, however it does; and not held by what this one forks.
            fcntl.lockf(file, fcntl.LOCK_EX)
            known: dict[str, int] = {}
            while self._owner == owner:
                try:
                    if (sizes := _sizes(self._folder)) != known:
                        self.bring_in()
                        known = sizes
                except Exception:
                    _log.warning("what was read is on record, but not in the database yet", exc_info=True)
                time.sleep(EVERY)

    def bring_in(self) -> int:
        """Put all that is waiting into the table; how many bytes it was. Opens a transaction of its own."""
        if not self._folder.is_dir():
            return 0
        engine = self._engine()
        assert engine is not None
        with _alone(self._folder) as taken:
            brought = 0
            for path in sorted(self._folder.glob("*" + _LINES)):
                gone = _ownerless(path)
                for data in _waiting(path, taken.get(path.name, 0)):
                    _insert(engine, data)
                    taken[path.name] = taken.get(path.name, 0) + len(data)
                    brought += len(data)
                if gone:
                    path.unlink()
                    taken.pop(path.name, None)
            return brought


def _insert(engine: Engine, data: bytes) -> None:
    """Whole lines, in a transaction of their own."""
    listed = "[" + data.decode().rstrip("\n").replace("\n", ",") + "]"
    with Lent(engine) as driver:
        driver.begin_recording()
        if driver.name == "postgresql":
            driver.run(_TAKEN_APART, (listed,))
        else:
            _one_by_one(driver, orjson.loads(listed))
        driver.end_recording()


_TAKEN_APART = (
    "with line as materialized (select r, n from json_array_elements(?::json) with ordinality as t(r, n)), "
    "a as (insert into audit (id, recorded, action, actor, body) "
    "select r->>0, (r->>1)::bigint, r->>2, r->>3, convert_to(r->>4, 'UTF8') from line order by n "
    "on conflict (id) do nothing returning seq, id) "
    "insert into audit_about (target, seq) select target::bigint, a.seq "
    "from line join a on a.id = line.r->>0, json_array_elements_text(line.r->5) as target"
)


def _one_by_one(driver: Driver, lines: list[Line]) -> None:
    """SQLite takes rows faster than it takes JSON apart; the numbers are ours, since nobody else writes meanwhile."""
    if driver.row("select 1 from audit where id = ?", (lines[0][0],)):  # a portion went in as a whole, from its first
        ids = driver.listed(line[0] for line in lines)
        known = {id for (id,) in driver.rows(f"select id from audit where {driver.among('id')}", (ids,))}
        lines = [line for line in lines if line[0] not in known]
    (last,) = driver.rows("select coalesce(max(seq), 0) from audit")[0]
    fresh = list(enumerate(lines, last + 1))
    rows = [  # bytearray: the standard library asks of bytes each time whether somebody adapts them
        (seq, id, recorded, action, actor, bytearray(body, "utf-8"))
        for seq, (id, recorded, action, actor, body, _) in fresh
    ]
    about = [(target, seq) for seq, (*_, targets) in fresh for target in targets]
    driver.insert([Insert("audit", "seq, id, recorded, action, actor, body", "", rows)])
    driver.insert([Insert("audit_about", "target, seq", "", about)])


@contextmanager
def _alone(folder: Path) -> Iterator[dict[str, int]]:
    """How much of each file is in, for one process at a time; noted again when the block is left."""
    with open(folder / _TAKEN, "a+b") as notes:
        fcntl.flock(notes, fcntl.LOCK_EX)
        notes.seek(0)
        try:
            taken = orjson.loads(notes.read())
        except orjson.JSONDecodeError:  # new, or its writer was killed: what goes in again is known by its id
            taken = {}
        before = dict(taken)
        try:
            yield taken
        finally:
            if taken != before:
                notes.truncate(0)
                notes.write(orjson.dumps(taken))


def _sizes(folder: Path) -> dict[str, int]:
    """How long each file is."""
    sizes = {}
    for path in folder.glob("*" + _LINES):
        with suppress(FileNotFoundError):  # whoever asked for AuditEvents has removed it
            sizes[path.name] = path.stat().st_size
    return sizes


def _ownerless(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _waiting(path: Path, since: int) -> Iterator[bytes]:
    """Whole lines that nobody has taken yet, in portions."""
    with path.open("rb") as file:
        file.seek(since)
        while data := b"".join(file.readlines(_AT_ONCE)):
            whole = data[: data.rfind(b"\n") + 1]
            if whole:
                yield whole
            if len(whole) < len(data):  # cut short: never answered, or not whole yet
                return


_by_engine: WeakKeyDictionary[Engine, Journal] = WeakKeyDictionary()


def journal_of(engine: Engine) -> Journal | None:
    """The journal of a database; None where there is no place for one (a database in memory, no folder given)."""
    journal = _by_engine.get(engine)
    if journal is None and (folder := _folder(engine)) is not None:
        journal = _by_engine.setdefault(engine, Journal(folder, engine, keep=not current_app.testing))
    return journal


def _folder(engine: Engine) -> Path | None:
    if engine.dialect.name == "sqlite":
        file = engine.url.database
        return Path(file + "-audit") if file and file != ":memory:" else None
    given = current_app.config.get("AUDIT_FOLDER")
    address = engine.url.set(drivername="postgresql", password=None, username=None)
    return Path(given) / hashlib.sha256(str(address).encode()).hexdigest()[:16] if given else None
