"""Those who watch over many establishments: one page, however many there are."""

from __future__ import annotations

import pytest

from app.web import facility_tree
from tests.pathways.views.browser import Browser, said
from tests.pathways.views.conftest import Clinic, enrolled, place
from tests.pathways.views.counting import statements


def test_the_delegate_s_page_asks_as_often_for_thirty_establishments(
    clinic_anywhere: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = clinic_anywhere
    enrolled(clinic)

    def asked(delegate: Browser) -> int:
        delegate.see("/my-day")
        with statements(monkeypatch) as found:
            page = said(delegate.see("/my-day?place=Organization/province"))
        assert "Province de Chefchaouen 0 0 1 0 0" not in page, "the whole is called together"
        assert "Ensemble 0 0 1 0 0" in page and "Centre de santé Bab Taza 0 0 1 0 0" in page
        return len(found)

    few = asked(clinic.browser("delegate"))
    clinic.store(*(place(f"csr-{n}", "CSR-1", f"Centre {n}", f"مركز {n}", "province") for n in range(30)))
    with clinic.flask.app_context():
        facility_tree.forget()
    delegate = clinic.browser("delegate")
    many = asked(delegate)
    assert "Centre 29 0 0 0 0 0" in said(delegate.see("/my-day?place=Organization/province"))
    assert many == few < 12
