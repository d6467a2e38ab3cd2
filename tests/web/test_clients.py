"""The administrator lets systems in and out: registering with public keys, the list, the end of one."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, KeySet

from app.access import clients

KEYS = json.dumps(KeySet([ECKey.generate_key("P-384", {"kid": "a"})]).as_dict(private=False))
NEW = {"name": "CHP Salé", "key": "chp-sale", "scopes": "system/Patient.rs", "jwks": KEYS, "per_minute": "600"}


@pytest.fixture
def admin(signed_in) -> FlaskClient:
    return signed_in("administrator", at=None)


def test_a_system_is_registered_and_ended(admin: FlaskClient, flask: Flask) -> None:
    assert admin.get("/clients").status_code == admin.get("/clients/new").status_code == 200
    assert admin.post("/clients/new", data=NEW).status_code == 303
    page = admin.get("/clients").get_data(as_text=True)
    assert "chp-sale" in page and "system/Patient.rs" in page
    with flask.app_context():
        assert clients.read("chp-sale").per_minute == 600
    assert admin.post("/clients/chp-sale/revoke").status_code == 303
    with flask.app_context():
        assert clients.read("chp-sale").revoked is not None


def test_what_is_wrong_stands_at_its_field(admin: FlaskClient) -> None:
    answer = admin.post("/clients/new", data={**NEW, "scopes": "everything", "jwks": "{}", "jwks_url": ""})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="scopes-error"' in page and 'id="jwks-error"' in page and "chp-sale" in page


def test_nobody_else_comes_there(signed_in) -> None:
    nurse = signed_in("nurse")
    assert nurse.get("/clients").status_code == 403
    assert nurse.post("/clients/new", data=NEW).status_code == 403
