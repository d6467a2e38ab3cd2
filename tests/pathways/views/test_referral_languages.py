"""A referral written on one language's page and read on the other's."""

from __future__ import annotations

import pytest

from tests.pathways.views.browser import fields, said
from tests.pathways.views.conftest import Clinic, enrolled, measured

GENERATED = {
    "fr": ("référer en urgence", "Pression artérielle : 210/124 mmHg (07/09/2026)"),
    "ar": ("إحالة مستعجلة", "الضغط الدموي: 210/124 mmHg (07/09/2026)"),
}
FREE = "Vit seule, sans téléphone"


@pytest.mark.parametrize(("writer", "reader"), [("fr", "ar"), ("ar", "fr")])
def test_each_reads_what_the_record_says_in_their_own_language(
    clinic_anywhere: Clinic, writer: str, reader: str
) -> None:
    clinic = clinic_anywhere
    her = enrolled(clinic, writer)
    physician = clinic.browser("physician", writer)
    refer = physician.send(physician.send(her.visit, **measured(210, 124)).headers["Location"]).headers["Location"]
    form = fields(physician.see(refer))
    referral = physician.send(refer, summary=f"{form['summary'][0]}\n{FREE}").headers["Location"]

    for language, other in ((writer, reader), (reader, writer)):
        hospital = clinic.browser("hospital", language)
        for path in (referral, "/referrals", her.record):
            page = hospital.see(path)
            assert GENERATED[language][0] in said(page), (path, language)
            assert GENERATED[other][0] not in said(page), (path, language)
        page = hospital.see(referral)
        assert GENERATED[language][1] in said(page) and GENERATED[other][1] not in said(page)
        mark = f' lang="{writer}"' if language != writer else ""
        assert f'<li dir="auto"{mark}>{FREE}</li>' in page.text
