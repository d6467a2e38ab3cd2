"""The administrator's pages: accounts, the facility tree, imports; and the emergency access of a clinician."""

import base64
import io
import re
import zlib

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access import accounts, csv_rows
from app.access.actor import SYSTEM
from app.store import work

NEW = {"username": "n.amrani", "name": "Nadia Amrani", "roles": ["nurse"], "language": "ar", "email": ""}


@pytest.fixture
def admin(signed_in) -> FlaskClient:
    return signed_in("administrator", at=None)


def test_an_account_is_made_and_its_password_shown_once(admin: FlaskClient, flask: Flask, place) -> None:
    answer = admin.post("/accounts/new", data={**NEW, "organization": place("4410")})
    password = re.search(r"([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})", answer.get_data(as_text=True))[1]
    entered = flask.test_client().post("/sign-in", data={"username": "n.amrani", "password": password})
    assert entered.status_code == 303
    with flask.app_context(), work(SYSTEM) as repo:
        made = accounts.by_name("n.amrani")
        assert repo.read(made.practitioner)["name"][0]["text"] == "Nadia Amrani"
        assert made.language == "ar" and made.must_change


def test_a_name_in_both_scripts_is_kept_and_shown_in_the_page_s(admin: FlaskClient, flask: Flask, place) -> None:
    admin.post("/accounts/new", data={**NEW, "name_ar": "نادية العمراني", "organization": place("4410")})
    with flask.app_context(), work(SYSTEM) as repo:
        made = accounts.by_name("n.amrani")
        number, names = made.id, repo.read(made.practitioner)["name"]
    assert [one["text"] for one in names] == ["Nadia Amrani", "نادية العمراني"]
    for language, shown, other in (("fr", "Nadia Amrani", "نادية العمراني"), ("ar", "نادية العمراني", "Nadia Amrani")):
        page = admin.get(f"/accounts?lang={language}").get_data(as_text=True)
        assert f"<bdi>{shown}</bdi>" in page and other not in page
    form = admin.get(f"/accounts/{number}?lang=fr").get_data(as_text=True)
    assert 'value="Nadia Amrani"' in form and 'value="نادية العمراني"' in form and "Nom en lettres arabes" in form
    assert "Nadia" in admin.get("/accounts?words=نادية&lang=fr").get_data(as_text=True)


def test_what_is_wrong_stands_at_its_field_with_everything_typed(admin: FlaskClient) -> None:
    answer = admin.post("/accounts/new", data={**NEW, "username": "administrator"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="username-error"' in page and 'id="organization-error"' in page
    assert 'value="Nadia Amrani"' in page and re.search(r'<input checked [^>]*value="nurse"', page)


def test_an_account_is_changed_and_deactivated(admin: FlaskClient, a_person, place, flask: Flask) -> None:
    a_person("nurse")
    client = flask.test_client()
    client.post("/sign-in", data={"username": "nurse", "password": "une phrase simple"})
    with flask.app_context():
        number = accounts.by_name("nurse").id
    values = {"name": "N", "roles": "nurse", "organization": place("4411"), "language": "fr", "email": ""}
    assert admin.post(f"/accounts/{number}", data={**values, "active": "y"}).status_code == 303
    assert "CSR Bouknadel" in client.get("/account").get_data(as_text=True)
    assert admin.post(f"/accounts/{number}", data=values).status_code == 303
    assert client.get("/account").status_code == 302
    answer = client.post("/sign-in", data={"username": "nurse", "password": "une phrase simple"})
    assert answer.status_code == 422


def test_accounts_come_in_pages_by_key(admin: FlaskClient, a_person) -> None:
    for number in range(40):
        a_person("nurse", username=f"nurse{number:02}", name=f"Nurse {number}")
    seen, path = [], "/accounts"
    while path:
        page = admin.get(path).get_data(as_text=True)
        seen += re.findall(r'<bdi dir="ltr">(nurse\d\d|administrator)</bdi>', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else None
    assert seen == ["administrator", *(f"nurse{number:02}" for number in range(40))]
    assert "nurse07" in admin.get("/accounts?words=nurse+7").get_data(as_text=True)
    assert "empty" in admin.get("/accounts?words=100%25").get_data(as_text=True)


def test_an_establishment_is_made_shown_and_changed(admin: FlaskClient, place) -> None:
    values = {"level": "DR", "number": "4412", "name_fr": "DR Ameur", "name_ar": "عامر", "active": "y"}
    assert admin.post("/facilities/new", data={**values, "parent": place("4411")}).status_code == 303
    page = admin.get("/facilities").get_data(as_text=True)
    path = re.search(r'href="(/facilities/[\w-]+)"[^>]*><bdi>DR Ameur', page)[1]
    version = re.search(r'name="version"[^>]*value="(\d+)"', admin.get(path).get_data(as_text=True))[1]
    change = {**values, "parent": place("4411"), "version": version, "name_fr": "DR Ameur Sud"}
    assert admin.post(path, data=change).status_code == 303
    assert "عامر" in admin.get("/facilities?words=sud&lang=ar").get_data(as_text=True)
    late = admin.post(path, data={**change, "name_fr": "DR Ameur Nord"})
    assert late.status_code == 422 and "DR Ameur Nord" in late.get_data(as_text=True)
    assert "DR Ameur Sud" in admin.get("/facilities?lang=fr").get_data(as_text=True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": "4410"}, "number"),
        ({"level": "region"}, "parent"),
        ({"parent": ""}, "parent"),
        ({"name_ar": ""}, "name_ar"),
    ],
)
def test_an_establishment_out_of_order_is_refused_at_its_field(admin: FlaskClient, place, change, field: str) -> None:
    values = {"level": "DR", "number": "1", "name_fr": "A", "name_ar": "ا", "parent": place("4411"), **change}
    answer = admin.post("/facilities/new", data=values)
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.get_data(as_text=True)


def test_an_import_reports_line_column_and_reason(admin: FlaskClient) -> None:
    text = "number,level,name_fr,name_ar,parent\n9,CSU-1,A,ا,441\n10,CSU-1,B,ب,999\n"
    answer = admin.post("/facilities/import", data={"file": (io.BytesIO(text.encode()), "tree.csv")})
    page = answer.get_data(as_text=True)
    assert re.search(r'<td class="num">3</td><td><bdi dir="ltr">parent</bdi></td><td>[^<]*999', page)
    assert "<bdi>A</bdi>" not in admin.get("/facilities").get_data(as_text=True), "it was looked at, not done"
    packed = re.search(r'name="packed" value="([^"]+)"', page)[1]
    answer = admin.post("/facilities/import", data={"packed": packed})
    assert answer.status_code == 200 and "packed" not in answer.get_data(as_text=True)
    assert "<bdi>A</bdi>" in admin.get("/facilities").get_data(as_text=True)
    text = text.replace("CSU-1,A,ا", "CSU-2,Aïn,ا")
    page = admin.post("/facilities/import", data={"file": (io.BytesIO(text.encode()), "t.csv")}).get_data(as_text=True)
    assert "<del>CSU-1</del>" in page and "<del>A</del>" in page and "<bdi>Aïn</bdi>" in page
    bomb = base64.b64encode(zlib.compress(bytes(2 * csv_rows.LARGEST), 9)).decode()
    for packed in ("x", "eJwDAA", bomb):
        assert admin.post("/facilities/import", data={"packed": packed}).status_code == 422
    answer = admin.post("/accounts/import", data={"file": (io.BytesIO(b"x"), "x.csv")})
    assert answer.status_code == 422 and 'id="file-error"' in answer.get_data(as_text=True)
    assert admin.post("/accounts/import", data={}).status_code == 422


def test_a_delegate_sees_the_whole_region_and_a_nurse_her_own_establishment(flask: Flask, a_person, place) -> None:
    from app.access.authentication import actor_of

    a_person("regional-delegate", at="MA-04")
    a_person("nurse")
    with flask.app_context():
        delegate, nurse = (actor_of(accounts.by_name(name)) for name in ("regional-delegate", "nurse"))
    assert delegate.organizations == {place(number) for number in ("MA-04", "441", "4410", "4411")}
    assert nurse.organizations == {place("4410")}


def test_a_record_of_elsewhere_opens_by_a_recorded_emergency_access(signed_in, flask: Flask, place) -> None:
    with flask.app_context(), work(SYSTEM) as repo:
        elsewhere = {"reference": place("4411")}
        repo.create({"resourceType": "Patient", "id": "fatima", "managingOrganization": elsewhere})
    client = signed_in("physician")
    refused = client.get("/patients/fatima")
    assert refused.status_code == 403
    path = re.search(r'href="(/emergency/fatima[^"]*)"', refused.get_data(as_text=True))[1].replace("&amp;", "&")
    assert client.post(path, data={"reason": "danger", "words": ""}).status_code == 422
    opened = client.post(path, data={"reason": "danger", "words": "douleur thoracique"})
    assert opened.location == "/patients/fatima"
    assert client.get("/patients/fatima").get_data(as_text=True) == "fatima"
    with flask.app_context(), work(SYSTEM) as repo:
        events = [event.resource for event in repo.page("AuditEvent?patient=fatima").matches]
    (event,) = [event for event in events if "purposeOfEvent" in event]
    assert event["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"
    assert event["entity"][0]["detail"][0]["valueString"] == "danger: douleur thoracique"
    assert signed_in("nurse").get("/patients/fatima").status_code == 403


def test_an_emergency_access_ends_and_unknown_patients_are_not_found(signed_in, flask: Flask, place) -> None:
    from datetime import timedelta

    from app import clock

    with flask.app_context(), work(SYSTEM) as repo:
        repo.create({"resourceType": "Patient", "id": "fatima", "managingOrganization": {"reference": place("4411")}})
    client = signed_in("physician")
    words = {"reason": "here", "words": "se présente au centre"}
    assert client.post("/emergency/nobody", data=words).status_code == 404
    assert client.post("/emergency/fatima", data=words).status_code == 303
    with clock.frozen(clock.now() + timedelta(hours=4, minutes=1)):
        assert client.get("/patients/fatima").status_code == 403


def test_an_establishment_is_found_by_number_or_name_and_doubts_are_told(admin: FlaskClient, flask: Flask) -> None:
    def sent(text: str) -> str:
        return admin.post("/accounts/new", data={**NEW, "organization": text}).get_data(as_text=True)

    several, none = sent("c"), sent("Tombouctou")
    assert "4410 · CSU Hay Salam" in re.search(r'id="organization-error">.*?</p>', several, re.S)[0]
    assert 'id="organization-error"' in none and 'value="Tombouctou"' in none
    assert 'id="organization-error"' not in sent("4410 · CSU Hay Salam")
    with flask.app_context():
        assert accounts.by_name("n.amrani").organization


def test_a_national_tree_stays_light_and_opens_branch_by_branch(admin: FlaskClient, flask: Flask) -> None:
    from app.access import csv_rows, facilities

    rows = [f"P{p},province,Province {p},إقليم {p},MA-04" for p in range(75)]
    rows += [f"{p}-{e},CSR-1,CSR {e} de {p},مركز {e},P{p}" for p in range(75) for e in range(40)]
    text = "number,level,name_fr,name_ar,parent\n" + "\n".join(rows)
    with flask.app_context():
        with work(SYSTEM) as repo:
            assert len(facilities.import_rows(repo, csv_rows.read(text.encode(), facilities.COLUMNS)).created) == 3075
        from app.web import facility_tree

        facility_tree.forget()
    for path in ("/facilities", "/accounts/new", "/facilities/new", "/facilities?words=CSR"):
        answer = admin.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200 and len(answer.data) < 15_000, (path, len(answer.data))
    page = admin.get("/facilities").get_data(as_text=True)
    assert "Province 7<" in page and "CSR 7 de 7<" not in page
    path = re.findall(r'href="(/facilities\?under=[^"]+)"', page)[0]
    assert len(re.findall(r"<bdi>CSR \d+ de", admin.get(path).get_data(as_text=True))) == 40
