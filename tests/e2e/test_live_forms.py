"""While answers are typed, values and amounts in the other unit appear; the server then says the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from playwright.sync_api import expect

from app.fhir.translation import translated
from pathways.questionnaire import sdc
from tests.e2e import clinic
from tests.e2e.seeding import newer_form
from tests.e2e.visitor import House, Visitor

SALMA = clinic.Person(
    family="Kabbaj", given="Salma", family_ar="القباج", given_ar="سلمى",
    birth="12/05/1966", phone="0661777001", cnie="K777001",
)  # fmt: skip
SAID = {
    "fr": {
        "bmi": ("30,1 kg/m²", "Calculé : 82 kg, 165 cm"),
        "egfr": ("51,8 mL/min/1,73 m²", "Calculé : créatinine 1,2 mg/dL, 60 ans, femme, CKD-EPI 2021"),
        "missing": "Il manque : la créatinine",
    },
    "ar": {
        "bmi": ("30,1 كغ/م²", "محسوب: 82 كغ، 165 سم"),
        "egfr": ("51,8 mL/min/1,73 m²", "محسوب: الكرياتينين 1,2 مغ/دل، العمر 60، امرأة، CKD-EPI 2021"),
        "missing": "ينقص: الكرياتينين",
    },
}


def opened(physician: Visitor, person: clinic.Person) -> None:
    """The first visit form of somebody new."""
    clinic.enrol(physician, clinic.register(physician, person))
    physician.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


def shown(physician: Visitor, name: str) -> str:
    """What is said of a calculated value, without the marks of direction."""
    text = physician.page.locator(f"[id='{name}-result']").inner_text()
    return re.sub("[\u2066-\u2069]", "", text).replace("\u00a0", " ").strip()


def type_in(physician: Visitor, **values: str) -> None:
    for name, value in values.items():
        physician.page.locator(f"[name='{name.replace('_', '-')}']").press_sequentially(value)


def test_values_appear_while_their_answers_are_typed(house: House) -> None:
    physician = house.visitor("medecin")
    said = SAID[house.language]
    opened(physician, SALMA)
    assert said["missing"] in shown(physician, "egfr")
    result = physician.page.locator("[id='egfr-result'] bdi")
    type_in(physician, weight="82", height="165", creatinine="12")
    expect(result).to_have_text(said["egfr"][0])
    for name in ("bmi", "egfr"):
        value, why = said[name]
        assert value in shown(physician, name) and why in shown(physician, name)
    assert physician.page.locator("output.result").first.evaluate("one => one.tagName") == "OUTPUT"

    # the same amount of creatinine in another unit, typed with Arabic-Indic digits
    physician.page.fill("[name=creatinine]", "١٠٦٫٠٨")
    physician.page.select_option("[name='creatinine.unit']", "umol/L")
    expect(result).to_have_text(said["egfr"][0])

    type_in(physician, bp_systolic="150", total_cholesterol="2,1")
    physician.choose("smoking", "never-smoker")
    expect(physician.page.locator("[id='cvd-risk-result'] bdi")).to_have_text(re.compile(r"12,6|%"))
    physician.choose("infarction", "true")
    expect(physician.page.locator("[id='cvd-risk-result'] bdi")).to_have_text("")
    physician.choose("infarction", "false")
    expect(physician.page.locator("[id='cvd-risk-result'] bdi")).not_to_have_text("")
    physician.look("visit-live")
    live = {name: shown(physician, name) for name in ("bmi", "egfr", "cvd-risk")}

    # sent without the diastolic: the server says of the same answers what the page said
    with physician.page.expect_response(lambda one: one.request.method == "POST") as answered:
        clinic.save(physician)
    page = re.sub("[\u2066-\u2069]", "", answered.value.text()).replace("\u00a0", " ")
    for name, text in live.items():
        block = page.partition(f'id="{name}-result">')[2].partition("</output>")[0]
        assert re.sub("<[^>]+>", "", block).split() == text.split()
    assert not physician.faults
    physician.leave()


AMOUNTS = [
    ("fasting-glucose", "1,3", "g/L", "= 7,21 mmol/L"),
    ("fasting-glucose", "7,2", "mmol/L", "= 1,30 g/L"),
    ("creatinine", "12", "mg/L", "= 106 µmol/L"),
    ("creatinine", "106", "umol/L", "= 12,0 mg/L"),
    ("creatinine", "abc", "mg/L", ""),
]


def test_amounts_are_shown_in_the_other_unit(house: House) -> None:
    physician = house.visitor("medecin")
    opened(physician, replace(SALMA, family="Lamrini", family_ar="المريني", phone="0661777003", cnie="K777003"))
    for name, typed, unit, other in AMOUNTS:
        physician.page.fill(f"[name='{name}']", "")
        physician.page.select_option(f"[name='{name}.unit']", unit)
        type_in(physician, **{name: typed})
        if house.language == "ar":
            other = other.replace("g/L", "غ/ل") if name == "fasting-glucose" else other.replace("mg/L", "مغ/ل")
        expect(physician.page.locator(f"[id='{name}-other']")).to_have_text(other)
    physician.leave()


def at_home() -> list[dict[str, Any]]:
    """Readings at home, as many as there are: the mean pressure of each, the mean of the systolics of all."""

    def asked(kind: str, link_id: str, text: str, arabic: str, **more: Any) -> dict[str, Any]:
        return translated({"linkId": link_id, "type": kind, "text": text, **more}, "text", {"ar": arabic})

    def made(expression: str) -> list[dict[str, Any]]:
        value = {"language": "text/fhirpath", "expression": expression}
        return [
            {"url": sdc.CALCULATED_EXPRESSION, "valueExpression": value},
            {"url": sdc.MAX_DECIMAL_PLACES, "valueInteger": 1},
            {"url": sdc.UNIT, "valueCoding": {"system": sdc.UCUM, "code": "mm[Hg]", "display": "mmHg"}},
        ]

    def row(name: str, link_id: str) -> dict[str, Any]:
        reading = f"item.where(linkId = '{link_id}').answer.value"
        named = {"name": name, "language": "text/fhirpath", "expression": reading}
        return {"url": sdc.VARIABLE, "valueExpression": named}

    each = [
        asked("integer", "home-sys", "Systolique à domicile", "الانقباضي في المنزل"),
        asked("integer", "home-dia", "Diastolique à domicile", "الانبساطي في المنزل"),
        asked("decimal", "home-map", "Pression moyenne", "الضغط المتوسط", readOnly=True,
              extension=made("%hd + (%hs - %hd) / 3")),
        asked("string", "home-why", "Que faisiez-vous ?", "ماذا كنتم تفعلون؟",
              enableWhen=[{"question": "home-sys", "operator": ">=", "answerInteger": 160}]),
    ]  # fmt: skip
    over_all = "%resource.item.where(linkId = 'home').item.where(linkId = 'home-sys').answer.value.avg()"
    return [
        asked("group", "home", "Mesures à domicile", "قياسات في المنزل", repeats=True, item=each,
              extension=[row("hs", "home-sys"), row("hd", "home-dia")]),
        asked("decimal", "home-mean", "Moyenne des systoliques", "متوسط الانقباضي", readOnly=True,
              extension=made(over_all)),
    ]  # fmt: skip


def test_each_row_calculates_while_it_is_typed(house: House) -> None:
    physician = house.visitor("medecin")
    with newer_form(house.database, "HypertensionFirstAssessment", *at_home()):
        opened(physician, replace(SALMA, family="Bouazza", family_ar="بوعزة", phone="0661777004", cnie="K777004"))
        page = physician.page
        add = page.locator("button[name=add-row][value=home]")
        assert not page.locator("[name='home-0-home-why']").is_visible()
        type_in(physician, home_0_home_sys="150", home_0_home_dia="90")
        expect(page.locator("[id='home-0-home-map-result'] bdi")).to_have_text("110,0 mmHg")
        physician.follow(add)
        expect(page.locator("[id='home-0-home-map-result'] bdi")).to_have_text("110,0 mmHg")
        page.fill("[name='home-1-home-sys']", "\u200f١٦١\u200f")
        page.locator("[name='home-1-home-dia']").press_sequentially("٨٠")
        expect(page.locator("[id='home-1-home-map-result'] bdi")).to_have_text("107,0 mmHg")
        expect(page.locator("[id='home-mean-result'] bdi")).to_have_text("155,5 mmHg")
        assert page.locator("[name='home-1-home-why']").is_visible()
        assert not page.locator("[name='home-0-home-why']").is_visible()
        physician.look("visit-rows")
        names = ("home-0-home-map", "home-1-home-map", "home-mean")
        live = [shown(physician, name) for name in names]
        clinic.save(physician)  # the pressure of the visit is lacking: the server says the same of the same answers
        assert page.locator("[role=alert]").count()
        assert [shown(physician, name) for name in names] == live
        with page.expect_navigation():
            page.press("[name='home-0-home-sys']", "Enter")  # saves, as everywhere, and adds no row
        assert page.locator("[role=alert]").count() and not page.locator("[name='home-2-home-sys']").count()
        assert not physician.faults
    physician.leave()


def test_without_the_script_the_server_calculates(house: House) -> None:
    physician = house.visitor("medecin")
    person = replace(SALMA, family="Sefrioui", family_ar="الصفريوي", phone="0661777002", cnie="K777002")
    opened(physician, person)
    visit = physician.page.url
    bare = house.browser.new_context(java_script_enabled=False, storage_state=physician.page.context.storage_state())
    page = bare.new_page()
    page.goto(visit)
    page.locator("details > summary").evaluate_all("all => all.forEach(one => { one.parentElement.open = true })")
    for name, value in {"weight": "82", "height": "165", "creatinine": "12"}.items():
        page.fill(f"[name='{name}']", value)
    page.locator("main form[method=post] button.primary").first.click()
    value, _why = SAID[house.language]["egfr"]
    assert value in page.locator("[id='egfr-result']").inner_text()
    assert "µmol/L" in page.locator("[id='creatinine-other']").inner_text()
    bare.close()
    physician.leave()
