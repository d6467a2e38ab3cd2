"""One simulated life on a pathway, or on two: registered, enrolled, seen, treated as the protocol says, late, lost.

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
from pathways.progression import evaluate
from pathways.questionnaire.context import FormContext
from pathways.questionnaire.response import respond
from pathways.simulator import chance as draw
from pathways.simulator.answers import Filling
from pathways.simulator.body import YEAR, Body
from pathways.simulator.disease import Disease
from pathways.simulator.hospital import Hospital
from pathways.simulator.memory import Memory
from pathways.simulator.people import person, registered
from pathways.simulator.surroundings import Place, Surroundings
from pathways.together.extraction import extract_once
from pathways.together.forms import split
from pathways.together.standings import Standings, evaluate_all
from pathways.visit import Visit, record_visit
from pathways.vocabulary import RETURN, VISIT, is_kind

YEARS = 2
NEAR = 60
"""Days by which a beginning is moved at most so that a visit falls due today."""
AIMED_VISITS, AIMED_REFERRALS = 0.06, 0.22
"""Shares of the lives that are moved so that a visit falls due today, or a referral stands where it is looked at: a
region of a few hundred people would otherwise have hardly any on a given day."""
RECENT = 4
"""Days within which a decision may still be waiting."""
CALENDAR = Calendar()
LONG_AGO = 10_000
JOINS = (0, 0, 0, 30, 90, 200)
"""Days after which somebody who has two diseases is enrolled for the second: mostly at once."""


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
        self.other, disease = _diseases(around, chance)
        self.joins = self.begun + timedelta(days=chance.choice(JOINS)) if self.other else None
        self.body = Body(disease, chance, self.who.gender, birth, self.begun)
        self.fate = self._fate()
        self.repo = Memory(chance, around.canonical, self._nurse(), self._moment(9))
        self.enrolments: list[enrolment.Enrolment] = []
        self.forms: list[str] = []
        self.hospital = Hospital(around, self.repo, self.body, chance, self.place)
        self.seen = 0

    def run(self) -> None:
        """From the registration to the last day."""
        self._enter()
        upcoming: date | None = self.day
        while upcoming is not None and upcoming < self.around.day and upcoming <= self.fate.day:
            self.day = upcoming
            moved = len(self.hospital.moves)
            self.hospital.until(self.day)
            if len(self.hospital.moves) != moved:
                self.forms = []
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
        self._enrol(self.around.disease, reference(patient))

    def _enrol(self, disease: Disease, patient: str) -> None:
        key = f"demo-{self.number}-enrolment" + ("" if disease is self.around.disease else f"-{disease.name}")
        self.enrolments.append(enrolment.enrol(self.repo, disease.pathway, patient, form_key=key))
        self.forms = []

    def _join(self) -> None:
        """The second pathway, once its day has come."""
        if self.other is not None and self.joins is not None and self.day >= self.joins:
            self._enrol(self.other, self.enrolments[0].patient)
            self.joins = None

    def _visit(self) -> None:
        """One consultation: the form of the stages, what it says, and the decision on the next step."""
        self.seen += 1
        doctor = self.chance.choice(self.place.doctors)
        writes = self._nurse() if self.chance.random() < 0.4 else doctor
        self.repo.at(self._moment(self.chance.uniform(9, 15)), writes)
        self._join()
        self.body.live(self.day, self._orders())
        if not self.forms:
            self.forms = self._forms()
        if not self.forms:
            return
        visit = self._recorded(self.forms)
        self.repo.at(self.repo.now + timedelta(minutes=6), doctor)
        here = reference(visit.encounter)
        standings = evaluate_all(
            self.repo, self.enrolments, language="fr", encounter=here, on=self.day, calendar=CALENDAR
        )
        self.forms = standings.questionnaires  # what the stages ask for from now on, unless somebody else acts
        if not self._left_open():
            self._decide(visit, standings)
            if standings.referring:
                standing = standings.referring[0]
                self.hospital.refer(standing, visit, standing.enrolment)

    def _forms(self) -> list[str]:
        """The forms of the stages, where no visit has told them: the protocols inside are left out, to save time."""
        with self.repo.without("PlanDefinition"):
            stages = [evaluate(self.repo, one, language="fr", calendar=CALENDAR) for one in self.enrolments]
        return list(dict.fromkeys(one.questionnaire for one in stages if one.questionnaire))

    def _recorded(self, canonicals: Sequence[str]) -> Visit:
        together = self.around.merged(tuple(canonicals))
        listed = together.value_sets(self.around.listed)
        record = self.repo.record_of("")
        filling = Filling(self.body, self.day, listed, self._orders(), _ordered(record), _known(record))
        patient = self.repo.read(self.enrolments[0].patient)
        context = FormContext(
            self.repo.now, "fr", patient, value_sets=listed, query=lambda text: self.repo.facts.query(text)
        )
        key = f"demo-{self.number}-visit-{self.seen}"
        response = respond(together.form, filling.fill(together.form), context, form_key=key)
        return record_visit(
            self.repo,
            self.enrolments,
            split(together, response, self.around.listed),
            lambda stored, _encounter: extract_once(together, response, stored, context),
            form_key=key,
        )

    def _left_open(self) -> bool:
        """Whether nobody decides: more often on the last days, when the physician has not come to it yet."""
        fresh = (self.around.day - self.day).days <= RECENT
        chance: float = self.habits["leaves_open"] * (6 if fresh else 1)
        return self.chance.random() < chance

    def _decide(self, visit: Visit, standings: Standings) -> None:
        adaptation = None
        if self.chance.random() < self.habits["adapts"] / (self.habits["adapts"] + self.habits["follows"]):
            reason = draw.one_of(self.chance, self.habits["adaptations"])
            adaptation = Adaptation(reason, keep_treatment=True)
        key = f"demo-{self.number}-step-{self.seen}"
        decide(self.repo, visit, standings, form_key=key, seen=standings.fingerprint, adaptation=adaptation)

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
        if self.fate.day >= self.around.day or self.fate.kind == "lost" or not self.enrolments:
            return
        self.day = max(self.fate.day, self.day)
        self.repo.at(self._moment(10), self._nurse())
        if self.fate.kind == "dies":
            patient = self.repo.read(self.enrolments[0].patient)
            self.repo.update(patient | {"deceasedDateTime": self.day.isoformat()})
        for one in self.enrolments:
            held = enrolment.of_episode(self.repo, self.repo.read(reference(one.episode)))
            enrolment.end(self.repo, held, reason="deceased" if self.fate.kind == "dies" else "moved")

    # -- surroundings

    def _orders(self) -> list[Resource]:
        return list(self.repo.search_all("MedicationRequest?status=active"))

    def _nurse(self) -> Actor:
        return self.chance.choice(self.place.nurses)

    def _moment(self, hour: float) -> datetime:
        begin = datetime.combine(self.day, time(0), CASABLANCA)
        return begin + timedelta(seconds=round(hour * 3600))


def _diseases(around: Surroundings, chance: random.Random) -> tuple[Disease | None, Disease]:
    """(the disease that comes beside, what the body lives with): several where chance gives another one."""
    for other in around.others:
        if chance.random() < around.disease.neighbours.get(other.name, 0):
            return other, around.disease.with_other(other)
    return None, around.disease.alone() if around.others else around.disease


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
