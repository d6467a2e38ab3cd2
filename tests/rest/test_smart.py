"""SMART Backend Services 2.2 as a system meets it: discovery, registration, tokens, what is refused and why."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from app.access import clients, key_sets
from app.access.actor import SYSTEM
from app.errors import Invalid
from app.rest import pace
from app.store import work

from .conftest import Fhir
from .systems import AUDIENCE, ask, jwks, key_server, pair, register, signed, token_of


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    pace.forget()
    key_sets.forget()
    yield
    pace.forget()


@pytest.mark.parametrize("address", ["/.well-known/smart-configuration", "/fhir/.well-known/smart-configuration"])
def test_the_way_in_is_public(shared_fhir: Fhir, address: str) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        answer = shared_fhir.client.get(address, headers=headers)
        assert answer.status_code == 200
        said = answer.get_json()
        assert said["token_endpoint"] == AUDIENCE
        assert said["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
        assert {"client-confidential-asymmetric", "permission-v2"} <= set(said["capabilities"])


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_a_signed_statement_gives_a_token_that_works(shared_fhir: Fhir, algorithm: str) -> None:
    key = f"ehr-{algorithm}"
    register(shared_fhir, key, jwks=jwks(pair(algorithm)), scopes="system/Patient.cruds")
    answer = ask(shared_fhir, signed(key, pair(algorithm)), "system/Patient.cruds")
    assert answer.status_code == 200, answer.text
    said = answer.get_json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert (said["token_type"], said["expires_in"], said["scope"]) == ("bearer", 300, "system/Patient.cruds")
    shared_fhir.held[key] = said["access_token"]
    assert shared_fhir("POST", "/Patient", {"resourceType": "Patient"}, by=key).status_code == 201
    assert shared_fhir("GET", "/Observation", by=key).status_code == 403


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_a_third_party_library_finds_its_way(shared_fhir: Fhir, algorithm: str) -> None:
    key = f"authlib-{algorithm}"
    register(shared_fhir, key, jwks=jwks(pair(algorithm)))
    method = PrivateKeyJWT(AUDIENCE, {"exp": int(time.time()) + 240}, {"kid": "one"}, algorithm)
    auth = ClientAuth(key, pair(algorithm), method)
    typed = {"Content-Type": "application/x-www-form-urlencoded"}
    _, headers, body = auth.prepare("POST", AUDIENCE, typed, "grant_type=client_credentials&scope=system/Patient.rs")
    answer = shared_fhir.client.post("/oauth/token", data=body, headers=headers)
    assert answer.status_code == 200, answer.text


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("another audience", {"aud": "https://elsewhere.example/token"}, "aud"),
    ("no audience", {"aud": None}, "aud"),
    ("past", {"exp": 1_700_000_000}, "past"),
    ("without an end", {"exp": None}, "exp"),
    ("an end that is a text", {"exp": "soon"}, "exp"),
    ("more than five minutes ahead", {"exp": int(time.time()) + 3600}, "five minutes"),
    ("not yet good", {"nbf": int(time.time()) + 3000}, "nbf"),
    ("without a number", {"jti": None}, "jti"),
    ("of another subject", {"sub": "somebody"}, "iss and sub"),
    ("of a stranger", {"iss": "stranger", "sub": "stranger"}, "not registered"),
    ("of what no database holds", {"iss": "a\x00b"}, "not registered"),
    ("of no name at all", {"iss": ["refused"]}, "not registered"),
]


@pytest.mark.parametrize(("claims", "word"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_statement_that_is_wrong_is_refused_with_the_reason(
    shared_fhir: Fhir, claims: dict[str, Any], word: str, request: pytest.FixtureRequest
) -> None:
    key = "refused-" + str(abs(hash(request.node.name)))
    register(shared_fhir, key)
    answer = ask(shared_fhir, signed(key, **claims))
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "invalid_client"
    assert word in answer.get_json()["error_description"]


def test_another_key_and_other_algorithms_are_refused(shared_fhir: Fhir) -> None:
    register(shared_fhir, "keyed")
    assert ask(shared_fhir, signed("keyed", pair("ES384", "two"))).status_code == 401
    assert ask(shared_fhir, signed("keyed", pair("RS384"))).status_code == 401
    weak = signed("keyed", pair("RS256"))
    assert "RS384 or ES384" in ask(shared_fhir, weak).get_json()["error_description"]
    head, body, _ = signed("keyed").split(".")
    half = urlsafe_b64encode(b'{"iss": "\\ud800"}').decode().rstrip("=")  # of a surrogate pair
    others = (f"{head}.{body}.AAAA", f"{head}.{half}.AAAA", f"eyJhbGciOiJub25lIn0.{body}.", "x" * 10_000)
    for text in ("nonsense", "a.b.c", *others):
        assert ask(shared_fhir, text).status_code == 401


def test_a_statement_is_good_once(shared_fhir: Fhir) -> None:
    register(shared_fhir, "once")
    assertion = signed("once")
    assert ask(shared_fhir, assertion).status_code == 200
    again = ask(shared_fhir, assertion)
    assert (again.status_code, "already" in again.get_json()["error_description"]) == (401, True)


def test_of_many_at_once_with_one_statement_one_gets_a_token(shared_fhir: Fhir) -> None:
    register(shared_fhir, "race")
    assertion = signed("race")
    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(lambda _: ask(shared_fhir, assertion).status_code, range(16)))
    assert codes == [200] + [401] * 15


FORMS: list[tuple[dict[str, str], str]] = [
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": ""}, "unsupported_grant_type"),
    ({"client_assertion_type": "other"}, "invalid_request"),
    ({"scope": ""}, "invalid_scope"),
    ({"scope": "system/Observation.rs"}, "invalid_scope"),
    ({"scope": "nonsense"}, "invalid_scope"),
    ({"client_id": "somebody"}, "invalid_client"),
]


@pytest.mark.parametrize(("form", "code"), FORMS, ids=[f"{next(iter(f))}-{c}" for f, c in FORMS])
def test_a_form_that_is_wrong_is_refused_as_oauth_says(shared_fhir: Fhir, form: dict[str, str], code: str) -> None:
    key = "form" + str(FORMS.index((form, code)))
    register(shared_fhir, key, scopes="system/Patient.rs")
    answer = ask(shared_fhir, signed(key), **{"scope": "system/Patient.rs"} | form)
    assert answer.status_code in (400, 401)
    assert answer.get_json()["error"] == code


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_tokens_are_asked_for_by_post_alone(shared_fhir: Fhir, method: str) -> None:
    answer = shared_fhir.client.open("/oauth/token", method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.get_json()["error"] == "invalid_request"


def test_scopes_are_what_was_asked_for_within_what_was_registered(shared_fhir: Fhir) -> None:
    register(shared_fhir, "narrow", scopes="system/Observation.rs?status=final system/Patient.cruds")
    for asked, granted in {
        "system/*.rs": "system/Observation.rs?status=final system/Patient.rs",
        "system/Patient.read": "system/Patient.rs",
        "system/Observation.cruds": "system/Observation.rs?status=final",
        "system/Observation.s?code=a": "system/Observation.s?status=final&code=a",
    }.items():
        assert ask(shared_fhir, signed("narrow"), asked).get_json()["scope"] == granted


def test_keys_behind_an_address_are_fetched_remembered_and_fetched_again(
    shared_fhir: Fhir, monkeypatch: pytest.MonkeyPatch
) -> None:
    with key_server() as keys:
        keys.body = jwks(pair()).encode()
        register(shared_fhir, "by-url", jwks_url=keys.url)
        assert ask(shared_fhir, signed("by-url")).status_code == 200
        assert ask(shared_fhir, signed("by-url")).status_code == 200
        assert keys.asked == 1
        keys.body = jwks(pair("ES384", "new")).encode()  # the client has changed its keys
        assert ask(shared_fhir, signed("by-url", pair("ES384", "new"))).status_code == 401
        assert keys.asked == 1
        monkeypatch.setattr(key_sets, "AGAIN_AFTER", 0)
        assert ask(shared_fhir, signed("by-url", pair("ES384", "new"))).status_code == 200
        assert keys.asked == 2


@pytest.mark.parametrize("fault", ["huge", "broken", "missing", "elsewhere", "private"])
def test_an_address_without_usable_keys_is_refused(shared_fhir: Fhir, fault: str) -> None:
    with key_server() as keys, key_server() as other:
        other.body = keys.body = jwks(pair()).encode()
        if fault == "huge":
            keys.body += b" " * (key_sets.MOST_BYTES + 1)
        elif fault == "broken":
            keys.body = b"<html>"
        elif fault == "missing":
            keys.status = 404
        elif fault == "elsewhere":
            keys.status, keys.location = 302, other.url
        else:
            keys.body = json.dumps({"keys": [pair().as_dict(private=True)]}).encode()
        register(shared_fhir, f"fault-{fault}", jwks_url=keys.url)
        answer = ask(shared_fhir, signed(f"fault-{fault}"))
        assert (answer.status_code, "fetched" in answer.get_json()["error_description"]) == (401, True)
        assert other.asked == 0


def test_a_revoked_client_is_out_with_all_its_tokens(shared_fhir: Fhir) -> None:
    register(shared_fhir, "leaver")
    token_of(shared_fhir, "leaver", "system/Patient.rs")
    assert shared_fhir("GET", "/Patient", by="leaver").status_code == 200
    with shared_fhir.flask.app_context(), work(SYSTEM):
        clients.revoke("leaver")
    assert shared_fhir("GET", "/Patient", by="leaver").status_code == 401
    assert ask(shared_fhir, signed("leaver")).status_code == 401


def test_what_a_client_reads_stands_in_the_log_under_its_name(shared_fhir: Fhir) -> None:
    register(shared_fhir, "logged", name="Hospital of the test")
    token_of(shared_fhir, "logged", "system/Patient.rs")
    shared_fhir.put({"resourceType": "Patient", "id": "smart-logged"})
    shared_fhir.get("/Patient/smart-logged", by="logged")
    found = shared_fhir.get("/AuditEvent?patient=Patient/smart-logged&action=R")
    assert found["entry"][0]["resource"]["agent"][0]["who"]["identifier"]["value"] == "client:logged"


def test_who_is_too_fast_is_told_when_to_go_on(shared_fhir: Fhir) -> None:
    register(shared_fhir, "fast", per_minute=12)
    token_of(shared_fhir, "fast", "system/Patient.rs")
    answers = [shared_fhir("GET", "/Patient?_count=1", by="fast") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 5
    assert answers[-1].get_json()["issue"][0]["code"] == "throttled"
    assert shared_fhir("GET", "/Patient?_count=1").status_code == 200  # nobody else waits


def test_token_requests_are_counted_too(shared_fhir: Fhir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.rest.smart.TOKENS_PER_MINUTE", 6)
    answers = [ask(shared_fhir, "nonsense") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("key", {"key": "a b"}),
        ("key", {"key": "twice"}),
        ("name", {"name": " "}),
        ("scopes", {"scopes": ""}),
        ("scopes", {"scopes": "user/Patient.rs"}),
        ("scopes", {"scopes": "system/Patient.sr"}),
        ("jwks", {"jwks": None}),
        ("jwks", {"jwks": "{}"}),
        ("jwks", {"jwks": "nonsense"}),
        ("jwks", {"jwks": json.dumps({"keys": [pair().as_dict(private=True)]})}),
        ("jwks_url", {"jwks": None, "jwks_url": "http://elsewhere.example/keys"}),
        ("jwks_url", {"jwks": None, "jwks_url": "file:///etc/passwd"}),
        ("per_minute", {"per_minute": 0}),
    ],
)
def test_registration_refuses_what_could_not_work(shared_fhir: Fhir, field: str, given: dict[str, Any]) -> None:
    fields = {"key": "good", "name": "Good", "scopes": "system/*.rs", "jwks": jwks(pair())} | given
    with shared_fhir.flask.app_context():
        with work(SYSTEM):
            if clients.find("twice") is None:
                clients.register(key="twice", name="Twice", scopes="system/*.rs", jwks=jwks(pair()))
        with pytest.raises(Invalid) as refused, work(SYSTEM):
            clients.register(**fields)
    assert field in {issue.expression for issue in refused.value.issues}


def test_the_commands_register_list_and_revoke(shared_fhir: Fhir, tmp_path: Any) -> None:
    from app.access.cli import access_cli

    shared_fhir.flask.extensions["maslak.work"] = work
    file = tmp_path / "keys.json"
    file.write_text(jwks(pair()))
    runner = shared_fhir.flask.test_cli_runner()
    made = ["client", "add", "typed", "--name", "Typed", "--scopes", "system/Patient.rs", "--jwks", str(file)]
    assert "typed is registered" in runner.invoke(access_cli, made).output
    assert ask(shared_fhir, signed("typed")).status_code == 200
    again = runner.invoke(access_cli, made)
    assert again.exit_code == 1 and "taken" in again.output
    assert "typed\tactive\tTyped\tsystem/Patient.rs" in runner.invoke(access_cli, ["client", "list"]).output
    assert "revoked" in runner.invoke(access_cli, ["client", "revoke", "typed"]).output
    assert ask(shared_fhir, signed("typed")).status_code == 401
