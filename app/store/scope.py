"""Whose records an actor may open: those of its establishments, and those opened by an emergency access."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from app.access.actor import Actor
from app.errors import Forbidden
from app.store.driver import Driver
from app.store.heads import Heads
from app.store.tables import NOBODY


class Scope:
    """The records that one actor may open, asked within one transaction; what was allowed once stays allowed in it."""

    def __init__(self, actor: Actor, driver: Driver, heads: Heads):
        self.limited = actor.limited
        self._actor = actor
        self._driver = driver
        self._heads = heads
        self._allowed: set[int] = {NOBODY}
        self._lists: tuple[list[int], list[int]] | None = None

    def allow(self, patient: int) -> None:
        """A record that the transaction itself has opened."""
        self._allowed.add(patient)

    def _keys(self) -> tuple[list[int], list[int]]:
        """Keys of the actor's organizations and of the patients open to it by emergency."""
        if self._lists is None:
            organizations = self._heads.find(self._actor.organizations or ())
            opened = self._heads.find(f"Patient/{id}" for id in self._actor.emergency)
            self._lists = sorted(organizations.values()), sorted(opened.values())
        return self._lists

    def hidden(self, patients: Iterable[int]) -> set[int]:
        """Those of these patients (head keys) whose records the actor may not open."""
        if not self.limited:
            return set()
        asked = set(patients) - self._allowed
        if asked:
            organizations, opened = self._keys()
            driver = self._driver
            sql = "select distinct patient from index_scope where "
            sql += f"{driver.among('patient')} and {driver.among('organization')}"
            seen = {row[0] for row in driver.rows(sql, (driver.listed(asked), driver.listed(organizations)))}
            self._allowed |= seen | (asked & set(opened))
        return asked - self._allowed

    def condition(self, column: str) -> tuple[str, list[object]]:
        """SQL that holds where the patient of a row (``column``) is nobody or one whose record may be opened."""
        if not self.limited:
            return "", []
        organizations, opened = self._keys()
        driver = self._driver
        text = (
            f"({column} = {NOBODY} or exists (select 1 from index_scope s where s.patient = {column} and "
            f"{driver.among('s.organization')})" + (f" or {driver.among(column)}" if opened else "") + ")"
        )
        return text, [driver.listed(organizations), *([driver.listed(opened)] if opened else [])]

    def require(self, patient: int) -> None:
        """Raises Forbidden, naming the patient, where the record may not be opened."""
        if self.hidden((patient,)):
            self.refuse(patient)

    def refuse(self, patient: int) -> NoReturn:
        """Raises Forbidden with ``details["patient"]``, by which the web offers an emergency access."""
        row = self._driver.row("select id from head where key = ?", (patient,))
        raise Forbidden("This patient is not followed in your establishment.", patient=row[0] if row else None)
