"""The journal: what was read is on record before it is answered, and comes into the database once, whatever happens."""

import fcntl
import logging
import os
import struct
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine

from app.access.actor import SYSTEM, Actor
from app.db import db
from app.store import journal as journals
from app.store import work
from app.store.journal import Journal, journal_of
from tests.store.builders import a_patient

DOCTOR = Actor("account:7", "Dr Samir", organizations=None, practitioner=None, origin=None)


@pytest.fixture
def folder(app: Flask, stored: Callable[..., Any]) -> Path:
    """Where this database's journal stands; one patient is stored and was read once."""
    stored(a_patient("p1"))
    look()
    return of(app)._folder


def of(app: Flask) -> Journal:
    journal = journal_of(db.engine)
    assert journal is not None
    return journal


def look() -> None:
    with work(DOCTOR, reading=True) as repo:
        repo.raw("Patient", "p1")


def in_table() -> int:
    with work(SYSTEM, reading=True) as repo:
        return int(repo.unit.driver.rows("select count(*) from audit where action = 'R'")[0][0])


def found() -> int:
    with work(SYSTEM, reading=True) as repo:
        return len(repo.page("AuditEvent?action=R&patient=p1").matches)


def test_a_read_is_on_record_before_it_is_in_the_database(app: Flask, folder: Path) -> None:
    (file,) = folder.glob("*.lines")
    assert b'"Patient/p1' in file.read_bytes().replace(b"\\", b"") and in_table() == 0
    assert found() == 1 and in_table() == 1


def test_nobody_else_may_look_into_it(folder: Path) -> None:
    (file,) = folder.glob("*.lines")
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_what_comes_later_comes_in_later(app: Flask, folder: Path) -> None:
    assert of(app).bring_in() > 0
    assert of(app).bring_in() == 0
    look()
    assert found() == 2


def test_what_a_killed_process_left_comes_in_but_for_what_was_cut_short(app: Flask, folder: Path) -> None:
    (file,) = folder.glob("*.lines")
    whole = file.read_bytes()
    of(app).bring_in()
    left = folder / "gone.lines"
    left.write_bytes(whole.replace(b'["', b'["f', 1) + whole[:50])
    assert found() == 2
    assert not left.exists() and file.exists()


def test_what_comes_in_twice_is_one_event(app: Flask, folder: Path) -> None:
    of(app).bring_in()
    (folder / "taken").write_bytes(b"{")  # killed between the commit and the note of it
    assert of(app).bring_in() > 0
    assert found() == 1


def test_a_forked_process_has_a_file_of_its_own(app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: -1)
    look()
    assert len(list(folder.glob("*.lines"))) == 2 and found() == 2


def test_a_long_file_is_left_for_a_new_one(app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "_LARGEST", 10)
    (first,) = folder.glob("*.lines")
    look()
    assert found() == 2
    assert first not in folder.glob("*.lines") and len(list(folder.glob("*.lines"))) == 1


def test_many_threads_write_whole_lines(app: Flask, folder: Path) -> None:
    def often(_: int) -> None:
        with app.app_context():
            for _n in range(20):
                look()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(often, range(6)))
    of(app).bring_in()
    assert in_table() == 121


def test_without_a_journal_it_goes_straight_into_the_database(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> int:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "write", full)
    with caplog.at_level(logging.WARNING):
        look()
    assert in_table() == 1 and "straight into the database" in caplog.text


def test_a_line_that_the_disk_cuts_short_goes_straight_in(
    app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:20]))
    look()
    monkeypatch.undo()
    look()
    assert in_table() == 1 and found() == 3


def test_a_server_brings_it_in_by_itself(app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "EVERY", 0.01)
    keeper = Journal(folder, db.engine, keep=True)
    keeper.append([("0190", 1, "R", "account:7", "{}", [1])])
    for _ in range(500):
        if in_table() == 2:
            break
        time.sleep(0.01)
    keeper._owner = 0  # its thread ends
    assert in_table() == 2


class Reader:
    """A process that keeps what it reads on record, an event every hundredth of a second, and counts them."""

    def __init__(self, name: str, folder: Path, address: str):
        forked = get_context("fork")
        self.name = name
        self._counted = forked.Value("i", 0)
        self.process = forked.Process(target=self._read, args=(folder, address))
        self.process.start()

    def _read(self, folder: Path, address: str) -> None:
        journal = Journal(folder, create_engine(address), keep=True)
        while True:
            number = self._counted.value + 1
            journal.append([(f"{self.name}-{number}", number, "R", "account:7", "{}", [1])])
            self._counted.value = number  # it could answer now
            time.sleep(0.01)

    @property
    def events(self) -> list[str]:
        """What it would have answered for."""
        return [f"{self.name}-{number}" for number in range(1, self._counted.value + 1)]


@contextmanager
def readers(folder: Path, *names: str) -> Iterator[dict[int, Reader]]:
    """Processes by their ids; each is in the middle of its work."""
    address = db.engine.url.render_as_string(hide_password=False)
    db.engine.dispose()
    started = [Reader(name, folder, address) for name in names]
    try:
        until(lambda: all(len(reader.events) > 10 for reader in started))
        yield {reader.process.pid or 0: reader for reader in started}
    finally:
        for reader in started:
            reader.process.kill()
            reader.process.join()


def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not true():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


def leader(folder: Path) -> int:
    """The process that brings in; 0 when nobody does."""
    with (folder / "leader").open("ab") as file:
        asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, *_, pid = struct.unpack("hhqqi4x", fcntl.fcntl(file, fcntl.F_GETLK, asked))
        return 0 if kind == fcntl.F_UNLCK else int(pid)


def brought() -> list[str]:
    with work(SYSTEM, reading=True) as repo:
        return [id for (id,) in repo.unit.driver.rows("select id from audit order by seq")]


def about_one() -> int:
    """Rows that say of an event what it is about."""
    with work(SYSTEM, reading=True) as repo:
        return int(repo.unit.driver.rows("select count(*) from audit_about a join audit b on b.seq = a.seq")[0][0])


@pytest.mark.skipif("fork" not in get_all_start_methods(), reason="nothing is forked here")
def test_one_process_brings_in_what_all_read_and_when_it_is_killed_another_goes_on(app: Flask, folder: Path) -> None:
    with readers(folder, "a", "b", "c") as processes:
        first = leader(folder)
        assert first in processes
        until(lambda: {id[0] for id in brought()} >= {"a", "b", "c"})
        processes[first].process.kill()
        until(lambda: leader(folder) in processes.keys() - {first})
        promised = [event for reader in processes.values() for event in reader.events]
        until(lambda: set(promised) <= set(brought()))
    assert about_one() == len(brought()), "each once, and what it is about once"


@pytest.mark.skipif("fork" not in get_all_start_methods(), reason="nothing is forked here")
def test_what_the_last_process_left_when_it_was_killed_comes_in_with_the_next_search(app: Flask, folder: Path) -> None:
    with readers(folder, "a", "b") as processes:
        for reader in processes.values():
            reader.process.kill()
            reader.process.join()
        promised = [event for reader in processes.values() for event in reader.events]
        assert leader(folder) == 0
        of(app).bring_in()
        assert set(promised) <= set(brought())
    assert len(list(folder.glob("*.lines"))) == 1, "what the killed ones left is in, and removed"
