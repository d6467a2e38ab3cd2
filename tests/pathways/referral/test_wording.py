"""What the record says of a referral is read in the reader's language, what people add as they wrote it."""

from __future__ import annotations

import pytest

from app.fhir import validation
from app.fhir.translation import text, translations
from pathways import measurement
from pathways.referral.sending import Request, send
from pathways.referral.summary import Drawn, draw, told
from tests.pathways.clinic import Clinic, enrolled, measured, seen

REASON = {"fr": "Référer en urgence. Pression 204/122.", "ar": "إحالة مستعجلة. الضغط 204/122."}
LINES = ({"fr": "Diabète de type 2", "ar": "السكري من النوع 2"}, {"fr": "Asthme", "ar": "الربو"})
DRAWN = Drawn("urgent", REASON, LINES)


def said(written: str, language: str) -> dict[str, str]:
    return translations(told({"text": written}, "text", DRAWN, language), "text")


def test_what_was_drawn_is_told_in_the_other_language() -> None:
    assert said(REASON["fr"], "fr") == {"ar": REASON["ar"]}
    assert said(REASON["ar"], "ar") == {"fr": REASON["fr"]}
    assert said("Diabète de type 2\nAsthme", "fr") == {"ar": "السكري من النوع 2\nالربو"}


def test_what_people_wrote_stays_as_they_wrote_it() -> None:
    assert said("Diabète de type 2\nVit seule\nAsthme", "fr") == {"ar": "السكري من النوع 2\nVit seule\nالربو"}
    assert said(f"{REASON['fr']} À jeun.", "fr") == {"ar": f"{REASON['ar']} À jeun."}
    assert said("Vit seule", "fr") == {} and said("", "fr") == {}
    assert said("Asthme sévère", "fr") == {"ar": "الربو sévère"}, "a line that was gone on with"
    assert said("Pas d'Asthme", "fr") == {}


@pytest.mark.parametrize(("language", "other"), [("fr", "ar"), ("ar", "fr")])
def test_a_referral_is_stored_in_both_languages(clinic: Clinic, language: str, other: str) -> None:
    held = enrolled(clinic)
    _visit, standing = seen(clinic, held, "visit-1", measured(204, 122))
    with clinic.open(clinic.physician) as repo:
        record = repo.record_of(held.patient.split("/")[1])
        drawn = draw(standing, record, measurement.leading(held.pathway), repo.today)
        assert drawn.urgency == "urgent" and drawn.reason is not None
        asked = Request(
            patient=held.patient,
            recipient="Organization/chp",
            urgency=drawn.urgency,
            reason=drawn.reason[language],
            summary=drawn.summary(language) + "\nVit seule",
            supporting=drawn.used,
            drawn=drawn,
            language=language,
        )
        task = send(repo, asked, form_key=f"refer-{language}")
        order = repo.read(task["focus"]["reference"])
        assert not validation.validate(task) and not validation.validate(order)
    for reader in (language, other):
        assert text(task, "description", reader, primary=language) == drawn.reason[reader]
        assert text(order["reasonCode"][0], "text", reader, primary=language) == drawn.reason[reader]
        assert text(order["note"][0], "text", reader, primary=language) == drawn.summary(reader) + "\nVit seule"
    assert drawn.reason["fr"] != drawn.reason["ar"] and "204/122" in drawn.summary("ar")
