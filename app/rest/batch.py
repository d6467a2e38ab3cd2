"""batch: https://hl7.org/fhir/R4/http.html#transaction; each entry by itself, in its own transaction of the
database.
"""

from __future__ import annotations

from app.errors import Invalid, Malformed, MaslakError
from app.fhir.bundle import batch_response
from app.fhir.json import dumps
from app.fhir.resource import Resource, references
from app.rest.asked import Answer, Asked
from app.rest.entries import asked_by, entries_of, failing, ordered, response_entry, run, written_preference
from app.rest.outcomes import answer_to
from app.rest.routes import BY_NAME
from app.rest.transaction import transaction
from app.store import work
from app.store.patience import patiently


def bundle(asked: Asked, named: bool) -> Answer:
    """``POST [base]``: a batch or a transaction. Raises Malformed (400) on anything else."""
    posted = asked.resource
    if not isinstance(posted, dict) or posted.get("resourceType") != "Bundle":
        raise Malformed("Only a Bundle can be posted to the base address; post a resource to its type, as in /Patient.")
    if posted.get("type") == "transaction":
        with work(asked.actor, alone=True) as repo:
            return transaction(repo, asked, named)
    if posted.get("type") == "batch":
        return batch(asked, named)
    raise Malformed(
        f"A Bundle of type {posted.get('type')!r} is not processed: batch or transaction.", expression="Bundle.type"
    )


def batch(asked: Asked, named: bool) -> Answer:
    """Do every entry; one that fails is answered with its OperationOutcome and hinders no other."""
    entries = entries_of(asked.resource, together=False)
    written = written_preference(asked, named)
    answers: dict[int, Answer] = {}
    steps: dict[int, tuple[str, Asked]] = {}
    names = frozenset(entry["fullUrl"] for entry in entries if str(entry.get("fullUrl", "")).startswith("urn:"))
    for index, entry in enumerate(entries):
        try:
            _independent(entry, names)
            steps[index] = asked_by(entry, asked, written)
        except Exception as error:  # each entry by itself: answer_to knows every kind
            answers[index] = _refused(error, index, asked)
    places = list(steps)
    for place in ordered([steps[index] for index in places]):
        index = places[place]
        answers[index] = _answered(*steps[index], index)
    return Answer(200, dumps(batch_response(_entry(answers[index], asked) for index in range(len(entries)))))


def _independent(entry: Resource, names: frozenset[str]) -> None:
    """Raises Invalid (422) where an entry means another of the batch: nobody knows what that will be."""
    for path, element in references(entry.get("resource", {})) if names else ():
        if element["reference"] in names:
            raise Invalid(
                "The entries of a batch stand by themselves: send a transaction, where {target} is resolved.",
                expression=f"{path}.reference",
                target=element["reference"],
            )


def _answered(endpoint: str, asked: Asked, index: int) -> Answer:
    row = BY_NAME.get(endpoint)

    def once() -> Answer:
        with work(asked.actor, reading=row is not None and not row.writes, alone=row is not None) as repo:
            return run(repo, endpoint, asked)

    try:
        return patiently(once)
    except Exception as error:  # answered in its entry; what nobody foresaw is logged there
        return _refused(error, index, asked)


def _refused(error: Exception, index: int, asked: Asked) -> Answer:
    return answer_to(failing(error, index) if isinstance(error, MaslakError) else error, asked.language)


def _entry(answer: Answer, asked: Asked) -> Resource:
    return response_entry(answer, asked.base)
