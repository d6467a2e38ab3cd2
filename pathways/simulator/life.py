"""One simulated life on a pathway: registered, enrolled, seen, treated as the protocol says, late, lost, referred.

Every act is a use case of the clinic on a record in memory. What is open on the last day stays open.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.access.actor import Actor
from app.clock import CASABLANCA
from app.fhir.resource import Resource, reference
from pathways import enrolment
from pathways.calendar import Calendar
from pathways.decision import Adaptation, decide
from pathways.progression import Standing, evaluate
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.extract import extract
from pathways.questionnaire.response import respond
from pathways.simulator import chance as draw
from pathways.simulator.answers import Filling
from pathways.simulator.body import YEAR, Body
from pathways.simulator.hospital import Hospital
from pathways.simulator.memory import Memory
from pathways.simulator.people import person, registered
from pathways.simulator.surroundings import Place, Surroundings
from pathways.together.standings import alone
from pathways.visit import Visit, record_visit
from pathways.vocabulary import RETURN, VISIT, is_kind

YEARS = 2
NEAR = 60
"""Days by which a beginning is moved at most so that a visit falls due today."""
AIMED_VISITS, AIMED_REFERRALS = 0.08, 0.35
"""Shares of the lives that are moved so that a visit falls due today, or a referral stands where it is looked at: a
region of a few hundred people would otherwise have hardly any on a given day."""
RECENT = 4
"""Days within which a decision may still be waiting."""
CALENDAR = Calendar()
LONG_AGO = 10_000


def lived(around: Surroundings, number: int) -> list[Resource]:
    """All resources of the person with this number, as they stand on the day of ``around``."""
    life = Life(around, number)
    life.run()
    if shift := life.aim():
        life = Life(around, number, shift)
        life.run()
    return life.repo.resources


@dataclass(frozen=True, slots=True)
class _Fate:
    """The day after which the person does not come any more, and why."""

    day: date
    kind: str


class Life:
    """``shift`` moves the beginning by some days."""

    def __init__(self, around: Surroundings, number: int, shift: int = 0):
        self.around, self.number = around, number
        self.chance = chance = random.Random(f"{around.seed}:{number}")
        self.habits = around.disease.visits
        places = around.open_to()
        self.place: Place = chance.choices(places, [place.weight for place in places])[0]
        self.luck = chance.random()
        begun = around.day - timedelta(days=chance.randint(1, round(YEARS * YEAR)) - shift)
        self.day = self.begun = CALENDAR.previous_working_day(min(begun, around.day - timedelta(days=1)))
        self.who = person(around, chance, number, self.place, self.begun)
        birth = date.fromisoformat(self.who.birth if len(self.who.birth) == 10 else f"{self.who.birth}-07-01")
        self.body = Body(around.disease, chance, self.who.gender, birth, self.begun)
        self.fate = self._fate()
        self.repo = Memory(chance, around.canonical, self._nurse(), self._moment(9))
        self.enrolment: enrolment.Enrolment | None = None
        self.hospital = Hospital(around, self.repo, self.body, chance, self.place)
        self.seen = 0

    def run(self) -> None:
        """From the registration to the last day."""
        self._enter()
        upcoming: date | None = self.day
        while upcoming is not None and upcoming < self.around.day and upcoming <= self.fate.day:
            self.day = upcoming
            self.hospital.until(self.day)
            self._visit()
            upcoming = self._next_day()
        self._end()

    def aim(self) -> int:
        """By how many days to move the beginning, for the few lives that are moved; 0 for all others."""
        if self.hospital.moves and self.luck < AIMED_REFERRALS:
            move = self.hospital.moves[self.number % len(self.hospital.moves)]
            return (self.around.day - move).days - 1
        due = self._due() if self.luck < AIMED_VISITS else None
        distance = (self.around.day - due).days if due else 0
        room = self.begun + timedelta(days=distance) < self.around.day
        return distance if room and abs(distance) <= NEAR else 0

    # -- the clinic

    def _enter(self) -> None:
        patient = registered(self.repo, self.who, self.number)
        self.enrolment = enrolment.enrol(
            self.repo, self.around.disease.pathway, reference(patient), form_key=f"demo-{self.number}-enrolment"
        )

    def _visit(self) -> None:
        """One consultation: the form of the stage, what it says, and the decision on the next step."""
        assert self.enrolment is not None
        self.seen += 1
        doctor = self.chance.choice(self.place.doctors)
        writes = self._nurse() if self.chance.random() < 0.4 else doctor
        self.repo.at(self._moment(self.chance.uniform(9, 15)), writes)
        self.body.live(self.day, self._orders())
        form = self._form()
        if form is None:
            return
        visit = self._recorded(form)
        self.repo.at(self.repo.now + timedelta(minutes=6), doctor)
        here = reference(visit.encounter)
        standing = evaluate(self.repo, self.enrolment, language="fr", encounter=here, on=self.day, calendar=CALENDAR)
        if not self._left_open():
            self._decide(visit, standing)
            self.hospital.refer(standing, visit, self.enrolment)

    def _form(self) -> str | None:
        """The form of the stage. The stage names it: the protocols inside are left out, which saves time."""
        assert self.enrolment is not None
        with self.repo.without("PlanDefinition"):
            return evaluate(self.repo, self.enrolment, language="fr", calendar=CALENDAR).questionnaire

    def _recorded(self, canonical: str) -> Visit:
        assert self.enrolment is not None
        questionnaire = self.around.canonical(canonical)
        record = self.repo.record_of("")
        filling = Filling(self.body, self.day, self.around.listed, self._orders(), _ordered(record), _known(record))
        patient = self.repo.read(self.enrolment.patient)
        context = FormContext(
            self.repo.now, "fr", patient, value_sets=self.around.listed, query=lambda text: self.repo.facts.query(text)
        )
        key = f"demo-{self.number}-visit-{self.seen}"
        response = respond(questionnaire, filling.fill(questionnaire), context, form_key=key)
        return record_visit(
            self.repo,
            [self.enrolment],
            [response],
            lambda stored, _encounter: extract(questionnaire, stored[0], context),
            form_key=key,
        )

    def _left_open(self) -> bool:
        """Whether nobody decides: more often on the last days, when the physician has not come to it yet."""
        fresh = (self.around.day - self.day).days <= RECENT
        chance: float = self.habits["leaves_open"] * (6 if fresh else 1)
        return self.chance.random() < chance

    def _decide(self, visit: Visit, standing: Standing) -> None:
        adaptation = None
        if self.chance.random() < self.habits["adapts"] / (self.habits["adapts"] + self.habits["follows"]):
            reason = draw.one_of(self.chance, self.habits["adaptations"])
            adaptation = Adaptation(reason, keep_treatment=True)
        key = f"demo-{self.number}-step-{self.seen}"
        decide(self.repo, visit, alone(standing), form_key=key, seen=standing.fingerprint, adaptation=adaptation)

    # -- when the person comes again

    def _next_day(self) -> date | None:
        """The next visit: when it is due, as late as people are; earlier than asked only by a day."""
        due = self._due(RETURN) or self._due()
        while due is None and self.hospital.busy and self.hospital.next_day < self.around.day:
            self.hospital.until(self.hospital.next_day + timedelta(days=1))
            due = self._due(RETURN) or self._due()
        if due is None and self.hospital.busy:
            return None
        if due is None:
            due = self.day + timedelta(days=self.chance.randint(20, 60))  # comes back by itself
        late = draw.part_of(self.chance, self.habits["days_late"])["days"]
        day = max(due + timedelta(days=draw.days(self.chance, late)), self.day + timedelta(days=2))
        return CALENDAR.next_working_day(day)

    def _due(self, kind: str = VISIT) -> date | None:
        """The last day of the open task of a kind."""
        ends = [
            date.fromisoformat(task["restriction"]["period"]["end"][:10])
            for task in self.repo.search_all("Task?status=requested")
            if is_kind(task, kind)
        ]
        return min(ends, default=None)

    # -- the end

    def _fate(self) -> _Fate:
        """What comes first of death, moving away and not coming any more; mostly nothing within the time."""
        kinds = {"dies": "death_per_year", "moves": "moved_per_year", "lost": "lost_per_year"}
        fates = []
        for kind, rate in kinds.items():
            days = self.chance.expovariate(self.habits[rate]) * YEAR
            fates.append(_Fate(self.begun + timedelta(days=min(round(days), LONG_AGO)), kind))
        return min(fates, key=lambda fate: fate.day)

    def _end(self) -> None:
        """What happens after the last visit: the hospital goes on, and a death or a move is written down."""
        last = min(self.fate.day, self.around.day) if self.fate.kind == "dies" else self.around.day
        self.hospital.until(last)
        if self.fate.day >= self.around.day or self.fate.kind == "lost" or self.enrolment is None:
            return
        self.day = max(self.fate.day, self.day)
        self.repo.at(self._moment(10), self._nurse())
        if self.fate.kind == "dies":
            patient = self.repo.read(self.enrolment.patient)
            self.repo.update(patient | {"deceasedDateTime": self.day.isoformat()})
        held = enrolment.of_episode(self.repo, self.repo.read(reference(self.enrolment.episode)))
        enrolment.end(self.repo, held, reason="deceased" if self.fate.kind == "dies" else "moved")

    # -- surroundings

    def _orders(self) -> list[Resource]:
        return list(self.repo.search_all("MedicationRequest?status=active"))

    def _nurse(self) -> Actor:
        return self.chance.choice(self.place.nurses)

    def _moment(self, hour: float) -> datetime:
        begin = datetime.combine(self.day, time(0), CASABLANCA)
        return begin + timedelta(seconds=round(hour * 3600))


def _ordered(record: Sequence[Resource]) -> set[str]:
    """Codes of the tests that are awaited."""
    return {
        f"{coding.get('system')}|{coding.get('code')}"
        for one in record
        if one["resourceType"] == "ServiceRequest" and one["status"] == "active"
        for coding in one.get("code", {}).get("coding", ())
    }


def _known(record: Sequence[Resource]) -> set[str]:
    """Codes of the diseases on record."""
    return {c["code"] for one in record if one["resourceType"] == "Condition" for c in one["code"].get("coding", ())}
