"""A response that an EHR posts and that breaks the rules of its form: each rule is told in the language asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.access.actor import SYSTEM
from app.store import work
from tests.pathways.questionnaire.forms import AMINA, a_form, blood_pressure

Post = Callable[..., dict[str, Any]]
TOLD = {
    "fr": ["La systolique doit être entre 50 et 300 mmHg : vous avez saisi 1400", "n’a pas de question zz"],
    "ar": ["الضغط الانقباضي: القيمة المقبولة بين 50 و300", "zz"],
    "en": ["must be between 50 and 300 mmHg: you entered 1400", "The form has no question zz at this place"],
}


@pytest.fixture
def post(ehr: FlaskClient) -> Post:
    """What an EHR is told of a response with a pressure that cannot be and a question that is not in the form."""
    with work(SYSTEM) as repo:
        repo.create(a_form(blood_pressure(), id="pressure"))
        repo.update(AMINA)

    def send(language: str, path: str = "/fhir/QuestionnaireResponse") -> dict[str, Any]:
        body = {
            "resourceType": "QuestionnaireResponse",
            "questionnaire": "https://maslak.ma/fhir/Questionnaire/test|1.0.0",
            "status": "completed",
            "subject": {"reference": "Patient/amina"},
            "item": [
                {"linkId": "bp", "item": [{"linkId": "sys", "answer": [{"valueInteger": 1400}]}]},
                {"linkId": "zz", "answer": [{"valueInteger": 1}]},
            ],
        }
        headers = {"Content-Type": "application/fhir+json", "Accept-Language": language}
        answer = ehr.post(path, data=json.dumps(body), headers=headers)
        assert answer.status_code in (200, 422), answer.text
        outcome: dict[str, Any] = answer.get_json()
        return outcome

    return send


@pytest.mark.parametrize("language", TOLD)
@pytest.mark.parametrize("path", ["/fhir/QuestionnaireResponse", "/fhir/QuestionnaireResponse/$extract"])
def test_each_broken_rule_is_told(post: Post, language: str, path: str) -> None:
    issues = post(language, path)["issue"]
    assert len(issues) == 2
    for issue, text in zip(issues, TOLD[language], strict=True):
        assert text in issue["details"]["text"].replace("\u00a0", " ").replace("\u2068", "").replace("\u2069", "")
    assert [issue["diagnostics"] for issue in issues] == ["sys", "zz"], "the question"
    assert issues[0]["expression"] == ["QuestionnaireResponse.item[0].item[0].answer[0].value"]
