"""U+0000, which PostgreSQL cannot hold, is refused before a page asks for it; a packed file may be large."""

from __future__ import annotations

import base64
import random
import zlib
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.conftest import PASSWORD
from tests.web.test_drafts import hidden


@pytest.mark.parametrize(
    "path", ["/accounts?words=a%00b", "/facilities/a%00b", "/facilities?words=%00", "/accounts?after=%00", "/a%00b"]
)
def test_in_an_address(signed_in: Any, path: str) -> None:
    client = signed_in("administrator", at=None)
    answer = client.get(path)
    assert answer.status_code == 400 and answer.get_data(as_text=True).count("<h1>") == 1
    assert client.get("/accounts?words=ab").status_code == 200


@pytest.mark.parametrize("field", ["username", "password", "colour"])
def test_in_a_form_of_anybody(browser: FlaskClient, field: str) -> None:
    answer = browser.post("/sign-in", data={"username": "nurse", "password": PASSWORD} | {field: "a\x00b"})
    assert answer.status_code == 400


def test_a_packed_file_of_more_than_half_a_megabyte_is_taken(signed_in: Any, flask: Flask) -> None:
    client = signed_in("administrator", at=None)
    flask.config["WTF_CSRF_ENABLED"] = True
    chance = random.Random(1)
    names = "".join(f"9{n},CSU-1,{chance.getrandbits(256):x},ا,none\n" for n in range(20_000))
    packed = base64.b64encode(zlib.compress(f"number,level,name_fr,name_ar,parent\n{names}".encode(), 9)).decode()
    assert len(packed) > 500_000
    token = hidden(client.get("/facilities/import").get_data(as_text=True))["csrf_token"]
    answer = client.post("/facilities/import", data={"packed": packed, "csrf_token": token})
    assert answer.status_code == 200
