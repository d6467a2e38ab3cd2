"""The hospital's part of a simulated life: a referral is sent, accepted or declined, given a day, seen, answered."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from app.clock import CASABLANCA
from app.fhir.resource import Resource, reference
from pathways.calendar import Calendar
from pathways.enrolment import Enrolment
from pathways.progression import Standing
from pathways.referral import moves, summary
from pathways.referral.answering import Letter, answer
from pathways.referral.receiving import play
from pathways.referral.sending import Request, send
from pathways.simulator import chance as draw
from pathways.simulator.body import Body
from pathways.simulator.memory import Memory
from pathways.simulator.surroundings import Place, Surroundings
from pathways.visit import Visit

CALENDAR = Calendar()
NEVER = date.max


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that will happen at the hospital."""

    day: date
    what: Callable[[date], None]


class Hospital:
    """The referrals of one person, one at a time."""

    def __init__(self, around: Surroundings, repo: Memory, body: Body, chance: random.Random, place: Place):
        self.repo, self.body, self.chance, self.place = repo, body, chance, place
        self.around = around
        self.habits = around.disease.referral
        self.hospital = around.places.get(place.hospital)
        self.task = ""
        self.urgent = False
        self.sent = 0
        self.moves: list[date] = []
        """The days on which the last referral moved, its sending first."""
        self._event: _Event | None = None

    @property
    def busy(self) -> bool:
        """Whether something will still happen."""
        return self._event is not None

    @property
    def next_day(self) -> date:
        """When."""
        return self._event.day if self._event else NEVER

    def refer(self, standing: Standing, visit: Visit, enrolled: Enrolment) -> None:
        """Send the referral that the protocol proposes, mostly."""
        if standing.referral is None or self.hospital is None or self.busy:
            return
        self.habits = self._habits(enrolled.pathway["url"])
        leading = self.around.leading(enrolled.pathway["url"])
        drawn = summary.draw(standing, self.repo.record_of(""), leading, self.repo.today)
        self.urgent = drawn.urgency != "routine"
        if not self.urgent and self.chance.random() >= self.habits["sent"]:
            return
        self.sent += 1
        request = Request(
            patient=enrolled.patient,
            recipient=self.hospital.reference,
            urgency=drawn.urgency,
            reason=(drawn.reason or {}).get("fr", ""),
            summary=drawn.summary("fr"),
            encounter=reference(visit.encounter),
            care_plan=reference(enrolled.plan),
            supporting=drawn.used,
            drawn=drawn,
        )
        self.repo.at(self.repo.now + timedelta(minutes=4), self.repo.actor)
        self.task = reference(send(self.repo, request, form_key=f"{self._name}-referral-{self.sent}"))
        self.moves = [self.repo.today]
        self._in("days_to_accept", self._judged)

    def until(self, day: date) -> None:
        """Let everything happen that lies before a day."""
        while self._event is not None and self._event.day < day:
            event, self._event = self._event, None
            event.what(event.day)

    def _habits(self, pathway: str) -> Mapping[str, Any]:
        """How referrals of a pathway go, and what its letters say."""
        every = (self.around.disease, *self.around.others)
        return next((one for one in every if one.pathway == pathway), self.around.disease).referral

    # -- moves

    def _judged(self, day: date) -> None:
        if self.chance.random() < self.habits["declined"] and not self.urgent:
            language = self._language()
            self._play(moves.DECLINE, day, reason=self.chance.choice(self.habits["decline_reasons"][language]))
            return
        self._play(moves.ACCEPT, day)
        if self.urgent:
            self._in("days_to_visit", self._came)
        else:
            self._later(day + timedelta(days=self.chance.randint(0, 3)), self._given_a_day)

    def _given_a_day(self, day: date) -> None:
        visit = CALENDAR.next_working_day(day + timedelta(days=draw.days(self.chance, self.habits["days_to_visit"])))
        self._play(moves.SCHEDULE, day, on=visit)
        missed = self.chance.random() < self.habits["no_show"]
        self._later(visit, self._did_not_come if missed else self._came)

    def _did_not_come(self, day: date) -> None:
        self._play(moves.NO_SHOW, day)
        self._in("days_to_accept", self._given_another_day)

    def _given_another_day(self, day: date) -> None:
        visit = CALENDAR.next_working_day(day + timedelta(days=draw.days(self.chance, self.habits["days_to_visit"])))
        self._play(moves.RESCHEDULE, day, on=visit)
        self._later(visit, self._came)

    def _came(self, day: date) -> None:
        self._play(moves.NOTE, day)
        self._in("days_to_answer", self._answered)

    def _answered(self, day: date) -> None:
        weeks = draw.days(self.chance, self.habits["weeks_to_return"])
        language = self._language()
        written = self.chance.choice(self.habits["letters"][language])
        back = CALENDAR.next_working_day(day + timedelta(weeks=weeks))
        letter = Letter(written["findings"], written["treatment"], back, written["advice"], language)
        self._sit_down(day)
        answer(self.repo, self.task, letter, form_key=f"{self._name}-letter-{self.sent}")
        self.body.shift(self.habits["effect"])

    def _play(self, event: str, day: date, *, on: date | None = None, reason: str = "") -> Resource:
        self._sit_down(day)
        key = f"{self._name}-{event.replace(' ', '-')}-{self.repo.new_id()[-6:]}"
        return play(self.repo, self.task, event, form_key=key, day=on, reason=reason)

    # -- time

    def _in(self, habit: str, what: Callable[[date], None]) -> None:
        name = f"urgent_{habit}" if self.urgent and f"urgent_{habit}" in self.habits else habit
        self._later(self.repo.today + timedelta(days=draw.days(self.chance, self.habits[name])), what)

    def _later(self, day: date, what: Callable[[date], None]) -> None:
        self._event = _Event(day if self.urgent else CALENDAR.next_working_day(day), what)

    def _sit_down(self, day: date) -> None:
        """The same record in a hospital physician's hands, after whatever was done with it before."""
        assert self.hospital is not None
        self.moves.append(day)
        moment = datetime.combine(day, time(0), CASABLANCA) + timedelta(minutes=self.chance.randint(930, 1110))
        self.repo.at(max(moment, self.repo.now + timedelta(minutes=5)), self.chance.choice(self.hospital.doctors))

    def _language(self) -> str:
        return draw.one_of(self.chance, {"fr": 0.75, "ar": 0.25})

    @property
    def _name(self) -> str:
        """What tells this person's form keys from others'."""
        return next(str(one["id"]) for one in self.repo.resources if one["resourceType"] == "Patient")[-12:]
