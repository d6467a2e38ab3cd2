"""Would another version have led to another next step? Both are run on the record as it stood at the last visit.

Nothing of a patient leaves this: counts by establishment go into the reports (``protocols.impact_reports``). A batch is
small, so that it fits beside the care of the day; each gives back where the next one goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, cast

from app.clock import CASABLANCA, day_of
from app.errors import NotFound
from app.fhir.repository import Repository
from app.fhir.resource import Resource, codings, extension, parse_canonical, reference
from pathways import treatment
from pathways.apply.outcome import ActionOutcome
from pathways.calendar import Calendar
from pathways.enrolment import Enrolment
from pathways.progression import Standing
from pathways.together.standings import evaluate_all
from pathways.vocabulary import DECIDE, PATHWAY, is_kind
from protocols import impact, impact_reports
from protocols.impact_counts import Kind, Payload, Words

BATCH = 10
"""Enrolments a transaction: about a second, so that whoever saves a visit meanwhile hardly waits."""
ASKED = ("MedicationRequest", "ServiceRequest", "Task")
SAME: Mapping[str, Words] = {
    "due": {"fr": "à une autre date", "ar": "في تاريخ آخر"},
    "order": {"fr": "autre médicament, dose ou examen", "ar": "دواء أو جرعة أو فحص آخر"},
}
"""What differs where the step itself is the same. Stored in both languages, as the titles of the steps are."""
TOWARDS = (("fr", "→"), ("ar", "←"))
"""From the step before to the step after, in the direction in which one reads."""
NOTHING: Words = {"fr": "rien de plus", "ar": "لا شيء إضافي"}


def count_batch(repo: Repository, payload: Payload) -> Payload | None:
    """The job: compare a few patients and give back with which payload it goes on; once all are, write the reports.

    It ends where the version was changed, released or withdrawn since it was asked for, or the count begun anew.
    """
    library = repo.find(payload["library"])
    if library is None or not impact.stands(repo, library, payload):
        return None
    if "left" in payload:
        return impact_reports.write(repo, library, payload)
    pathways = impact.pathways_of(repo, library)
    query = f"EpisodeOfCare?pathway={','.join(pathways)}&status=active,onhold&_count={BATCH}"
    page = repo.search(payload["next"] or query) if pathways else None
    drafts = impact.drafted(repo, library)
    compared = [
        (place, change(repo, episode, drafts))
        for episode in (page.resources if page else ())
        if (place := episode.get("managingOrganization", {}).get("reference", ""))
    ]
    payload = impact.added(payload, compared)
    following = page.next if page else None
    return payload | ({"next": following} if following else {"left": None})


def change(repo: Repository, episode: Resource, drafts: Mapping[str, Resource]) -> Kind | None:
    """What would be another next step for the patient of an episode; None where it stays the same."""
    record = repo.record_of(episode["patient"]["reference"].split("/")[1])
    url = parse_canonical(extension(episode, PATHWAY)).url
    past, moment = _as_it_stood(record, repo.now)
    calendar = Calendar()
    before, after = (
        _standing(AtThatTime(repo, moment, held), past, url, calendar)
        for held in (cast(Mapping[str, Resource], {}), drafts)
    )
    return _kind(before, after)


class AtThatTime:
    """The repository on an earlier day, with some definitions in the place of those in force."""

    def __init__(self, repo: Repository, now: datetime, drafts: Mapping[str, Resource]):
        self._repo, self._drafts, self.now = repo, drafts, now

    @property
    def today(self) -> date:
        """The Moroccan day."""
        return day_of(self.now)

    def canonical(self, name: str) -> Resource:
        """The draft of a definition, else the one in force."""
        held = self._drafts.get(parse_canonical(name).url)
        return self._repo.canonical(name) if held is None else held

    def __getattr__(self, name: str) -> Any:
        return getattr(self._repo, name)


def _standing(repo: AtThatTime, record: list[Resource], url: str, calendar: Calendar) -> Standing | None:
    held = []
    for episode in record:
        named = extension(episode, PATHWAY) if episode["resourceType"] == "EpisodeOfCare" else None
        if named is None or episode["status"] not in ("active", "onhold"):
            continue
        try:  # the version in force, which a draft may replace
            held.append(Enrolment(episode, {}, repo.canonical(parse_canonical(named).url)))
        except NotFound:
            continue
    asked = cast(Repository, repo)
    standings = evaluate_all(asked, held, language="fr", on=repo.today, calendar=calendar, record=record, watched=False)
    return standings.of(url)


def _as_it_stood(record: list[Resource], now: datetime) -> tuple[list[Resource], datetime]:
    """The record when the last visit's step was to be decided, and that moment; the record of now without a visit."""
    visits = [one for one in record if one["resourceType"] == "Encounter" and one.get("status") == "finished"]
    last = max(visits, key=lambda one: one.get("period", {}).get("start", ""), default=None)
    if last is None or "start" not in last.get("period", {}):
        return record, now
    start = last["period"]["start"]
    stopped = _stopped_at(record, reference(last))
    kept = [_again(one, start, stopped) for one in record if not _asked_since(one, start)]
    return kept, _moment(start)


def _asked_since(resource: Resource, start: str) -> bool:
    """Whether a request was made at the visit or after it."""
    return resource["resourceType"] in ASKED and str(resource.get("authoredOn", "")) >= start


def _stopped_at(record: Iterable[Resource], visit: str) -> set[str]:
    """References of the orders that the decision of a visit stopped."""
    decisions = [
        one
        for one in record
        if one["resourceType"] == "Task" and is_kind(one, DECIDE) and one.get("encounter", {}).get("reference") == visit
    ]
    outputs = (output for one in decisions for output in one.get("output", ()))
    return {output["valueReference"]["reference"] for output in outputs if "valueReference" in output}


def _again(resource: Resource, start: str, stopped: set[str]) -> Resource:
    """A request as it was before the visit: open."""
    match resource["resourceType"]:
        case "MedicationRequest" if resource["status"] == "stopped" and reference(resource) in stopped:
            return resource | {"status": "active"}
        case "Task" if resource["status"] == "completed" and str(resource.get("lastModified", "")) >= start:
            return resource if "businessStatus" in resource else resource | {"status": "requested"}
        case _:
            return resource


def _moment(start: str) -> datetime:
    held = datetime.fromisoformat(start)
    return held if held.tzinfo else held.replace(hour=12, tzinfo=CASABLANCA)


def _kind(before: Standing | None, after: Standing | None) -> Kind | None:
    old, new = _steps(before), _steps(after)
    if old.keys() == new.keys():
        return None
    gone = next((outcome for key, outcome in old.items() if key not in new), None)
    come = next((outcome for key, outcome in new.items() if key not in old), None)
    code = f"{gone.id if gone else 'nothing'}>{come.id if come else 'nothing'}"
    if gone is None or come is None or gone.id != come.id:
        return Kind(code, tuple((lang, f"{_title(gone, lang)} {to} {_title(come, lang)}") for lang, to in TOWARDS))
    why = "due" if gone.due.latest != come.due.latest else "order"
    return Kind(f"{code}:{why}", tuple((lang, f"{_title(come, lang)} ({words})") for lang, words in SAME[why].items()))


def _steps(standing: Standing | None) -> dict[tuple[Any, ...], ActionOutcome]:
    """What is asked for, by what makes it another step: the action, the orders and their doses, by when."""
    if standing is None:
        return {}
    return {
        (one.kind, one.id, one.due.latest, *sorted(map(repr, _requests(standing, one)))): one
        for one in standing.next_actions
    }


def _requests(standing: Standing, outcome: ActionOutcome) -> list[tuple[Any, ...]]:
    found = []
    for one in standing.proposed(outcome):
        if one["resourceType"] == "MedicationRequest":
            found.append(treatment.key(one))
        else:
            found.append((one["resourceType"], *codings(one.get("code"))))
    return found


def _title(outcome: ActionOutcome | None, lang: str) -> str:
    if outcome is None:
        return NOTHING[lang]
    return outcome.text("title", lang) or outcome.title
