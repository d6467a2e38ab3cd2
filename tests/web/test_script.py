"""The script's comforts, in a real browser; every page works without them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.web import a_feature
from tests.web.conftest import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def page(flask: Flask, a_person: Any, chromium: Any) -> Iterator[Any]:
    """A browser's page in which a physician has signed in."""
    a_feature.stored.clear()
    a_person("physician")
    flask.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, flask, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = chromium.new_context(base_url=f"http://127.0.0.1:{server.server_port}", locale="fr-FR")
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto("/sign-in")
    opened.fill("[name=username]", "physician")
    opened.fill("[name=password]", PASSWORD)
    opened.click("button.primary")
    opened.wait_for_url("**/my-day")
    yield opened
    context.close()
    server.shutdown()
    server.server_close()
    assert complaints == []


def test_a_slash_goes_to_the_search_but_not_while_typing(page: Any) -> None:
    page.goto("/account")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("a/b")
    assert page.input_value("#find") == "a/b"


def test_ranges_are_told_at_once_and_the_server_keeps_what_was_typed(page: Any) -> None:
    page.goto("/visit")
    page.fill("#systolic", "١٤٠٠")
    page.press("#systolic", "Tab")
    assert page.locator(".at-once").count() == 1
    page.click(".sticky button")
    page.wait_for_selector(".wrong")
    assert page.evaluate("document.activeElement.className") == "wrong"
    assert page.input_value("#systolic") == "١٤٠٠"
    page.fill("#systolic", "140")
    page.press("#systolic", "Tab")
    assert page.locator(".at-once").count() == 0
    page.click(".sticky button")
    page.wait_for_url("**/my-day")
    assert a_feature.stored == [{"systolic": "140", "words": ""}]


def test_what_is_typed_comes_back_after_the_page_was_left_and_is_gone_once_sent(page: Any) -> None:
    page.goto("/visit")
    page.fill("#words", "صداع")
    page.wait_for_timeout(600)
    page.goto("/account")
    page.goto("/visit")
    assert page.input_value("#words") == "صداع"
    assert page.locator("form .notice.info").count() == 1
    page.fill("#systolic", "140")
    page.click(".sticky button")
    page.wait_for_url("**/my-day")
    page.goto("/account")
    page.goto("/visit")
    assert page.input_value("#words") == ""


def test_a_double_click_sends_once(page: Any) -> None:
    page.goto("/visit")
    page.fill("#systolic", "140")
    page.dblclick(".sticky button")
    page.wait_for_url("**/my-day")
    assert len(a_feature.stored) == 1


def test_questions_that_do_not_arise_are_hidden_and_not_sent(page: Any) -> None:
    page.goto("/style")
    form = page.locator("form[data-draft=style-fr]")
    reason = form.locator("[name=reason]")
    assert not reason.is_visible() and reason.is_disabled()
    form.locator("[value=adapt]").check()
    assert reason.is_visible() and reason.is_enabled()


def test_no_page_is_wider_than_a_telephone(page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/account", "/visit", "/style", "/style?lang=ar", "/emergency/1", "/nothing"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
