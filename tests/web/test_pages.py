"""Frame of the pages: language, direction, weight, headers, what a role is shown."""

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

BUDGET = 30 * 1024


def packed(client: FlaskClient, path: str) -> bytes:
    return client.get(path, headers={"Accept-Encoding": "gzip"}).data


@pytest.mark.parametrize(("language", "direction", "month"), [("fr", "ltr", "août"), ("ar", "rtl", "غشت")])
def test_the_page_has_its_language_and_direction(flask: Flask, language: str, direction: str, month: str) -> None:
    page = flask.test_client().get(f"/sign-in?lang={language}").get_data(as_text=True)
    assert f'<html lang="{language}" dir="{direction}">' in page
    with flask.test_request_context(f"/?lang={language}"):
        from app.i18n import day_text

        assert day_text("2026-08-21").split()[1].rstrip(".") == month


def test_the_language_stays_and_the_other_one_is_offered_by_its_own_name(signed_in) -> None:
    client = signed_in("physician")
    assert 'dir="ltr"' in client.get("/account").get_data(as_text=True)
    page = client.get("/account?lang=ar").get_data(as_text=True)
    assert 'dir="rtl"' in page and ">Français</a>" in page
    page = client.get("/account").get_data(as_text=True)
    assert '<html lang="ar" dir="rtl">' in page
    assert re.search(r'hreflang="fr" href="/account\?lang=fr"', page)


def test_an_account_opens_in_its_own_language(signed_in, flask: Flask) -> None:
    client = signed_in("nurse", language="ar")
    assert '<html lang="ar"' in client.get("/account").get_data(as_text=True)
    assert client.post("/account", data={"language": "fr"}).status_code == 303
    assert '<html lang="fr"' in client.get("/account").get_data(as_text=True)
    again = flask.test_client()
    again.post("/sign-in", data={"username": "nurse", "password": "une phrase simple"})
    assert '<html lang="fr"' in again.get("/account").get_data(as_text=True)


def test_without_a_choice_the_browser_s_language_counts(browser: FlaskClient) -> None:
    page = browser.get("/sign-in", headers={"Accept-Language": "ar-MA,fr;q=0.5"}).get_data(as_text=True)
    assert 'dir="rtl"' in page
    assert 'lang="fr"' in browser.get("/sign-in", headers={"Accept-Language": "de"}).get_data(as_text=True)


def test_the_header_says_who_and_where_and_shows_nothing_that_the_role_may_not_do(signed_in) -> None:
    page = signed_in("physician", name="Fatima Alaoui").get("/account").get_data(as_text=True)
    assert "Fatima Alaoui" in page and "CSU Hay Salam" in page
    assert 'action="/find"' in page and 'href="/my-day"' in page
    assert 'href="/accounts"' not in page
    page = signed_in("administrator", at=None).get("/accounts").get_data(as_text=True)
    assert 'action="/find"' not in page and 'href="/my-day"' not in page
    assert re.search(r'href="/accounts" aria-current="page"', page)


@pytest.mark.parametrize("path", ["/accounts", "/accounts/new", "/facilities", "/facilities/import", "/style"])
def test_a_first_view_weighs_at_most_30_kib(signed_in, path: str) -> None:
    client = signed_in("administrator", at=None)
    page = packed(client, path)
    urls = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', gzip.decompress(page).decode()))
    assert len(urls) == 3
    weight = len(page) + sum(len(packed(client, url)) for url in urls)
    assert weight <= BUDGET, weight


def test_the_stylesheet_and_the_script_are_small_and_kept_for_a_year(browser: FlaskClient) -> None:
    page = browser.get("/sign-in").get_data(as_text=True)
    for name, limit in (("maslak.css", 8 * 1024), ("maslak.js", 6 * 1024)):
        url = re.search(rf'"(/assets/\w+/{name})"', page)[1]
        answer = browser.get(url, headers={"Accept-Encoding": "gzip"})
        assert len(answer.data) <= limit
        assert "immutable" in answer.headers["Cache-Control"]
        assert "immutable" not in browser.get(f"/assets/old/{name}").headers["Cache-Control"]
    assert browser.get("/assets/x/..%2f__init__.py").status_code == 404


def test_pages_are_private_and_say_what_may_run_in_them(signed_in) -> None:
    answer = signed_in("physician").get("/account")
    page, policy = answer.get_data(as_text=True), answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy)[1]
    assert f'nonce="{nonce}"' in page
    assert not re.search(r"<[^>]* (style|on\w+)=", page)


def test_compressed_pages_hide_how_well_they_compress(signed_in) -> None:
    """The header's file name has a random length, against guessing the CSRF token from lengths (BREACH)."""
    client = signed_in("physician")
    pages = [packed(client, "/find?q=" + "x" * 900) for _ in range(8)]
    assert len({len(page) for page in pages}) > 1
    assert len({gzip.decompress(page) for page in pages}) == 1


def test_errors_say_what_to_do_in_the_user_s_frame(signed_in) -> None:
    client = signed_in("physician")
    for path, status in {"/nothing": 404, "/conflict": 409, "/stale": 412, "/broken": 500, "/accounts": 403}.items():
        answer = client.get(path)
        page = answer.get_data(as_text=True)
        assert answer.status_code == status
        assert page.count("<h1>") == 1 and 'class="brand"' in page
        assert "secret detail" not in page and "ZeroDivision" not in page
    assert "only an approved protocol can be released" in client.get("/conflict").get_data(as_text=True)


def test_what_is_not_there_is_said_without_the_store_s_own_words(signed_in) -> None:
    answer = signed_in("administrator").get("/facilities/nobody")
    assert answer.status_code == 404
    assert "Organization/nobody" not in answer.get_data(as_text=True)
