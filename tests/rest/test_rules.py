"""Every rule of ``rules/*.json`` (spec section, setup, request, expected) through the HTTP door, on both databases."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from app.fhir.fhirpath import evaluate
from app.fhir.json import loads

from .conftest import Fhir
from .scenes import as_json, resource, told

FOLDER = Path(__file__).parent / "rules"
RULES = [rule for path in sorted(FOLDER.glob("*.json")) for rule in json.loads(path.read_text())]
NAMES = [rule["id"] for rule in RULES]


def test_there_are_at_least_300_rules_each_with_its_own_name() -> None:
    print(f"{len(RULES)} rules of the FHIR door")
    assert len(set(NAMES)) == len(NAMES) >= 300


@pytest.mark.parametrize("number", range(len(RULES)), ids=NAMES)
def test_rule(shared_fhir: Fhir, number: int) -> None:
    rule = json.loads(told(json.dumps(RULES[number]), f"r{number}"))
    for step in rule.get("setup", ()):
        done(shared_fhir, step)
    answer = ask(shared_fhir, rule)
    if "follow" in rule:
        links = {link["relation"]: link["url"] for link in answer.get_json()["link"]}
        address = urlsplit(links[rule["follow"]])
        answer = shared_fhir("GET", f"{address.path.removeprefix('/fhir')}?{address.query}", by=rule.get("as", "all"))
    judge(answer, rule)
    for later in rule.get("after", ()):
        judge(ask(shared_fhir, later), later)


def done(fhir: Fhir, step: Any) -> None:
    """One step of a setup: a resource to store, or a request."""
    if isinstance(step, str):
        method, _, path = step.partition(" ")
        answer = fhir(method, path)
        assert answer.status_code < 300, answer.text
        return
    whole = resource(step)
    answer = fhir("PUT", f"/{whole['resourceType']}/{whole['id']}", as_json(whole))
    assert answer.status_code in (200, 201), answer.text


def ask(fhir: Fhir, rule: dict[str, Any]) -> TestResponse:
    method, _, path = rule["request"].partition(" ")
    send = dict(rule.get("send", {}))
    body: Any = None
    if "body" in send:
        body = as_json(resource(send.pop("body"))).encode()
    elif "text" in send:
        body = send.pop("text").encode()
    elif "latin1" in send:
        body = send.pop("latin1").encode("latin-1")
    elif "form" in send:
        body = send.pop("form")
        send["Content-Type"] = "application/x-www-form-urlencoded"
    return fhir(method, path, body, by=rule.get("as", "all"), headers=send)


def judge(answer: TestResponse, rule: dict[str, Any]) -> None:
    assert answer.status_code == rule["status"], answer.text
    for name, pattern in rule.get("headers", {}).items():
        assert re.fullmatch(pattern, answer.headers.get(name, "(absent)")), (name, dict(answer.headers))
    if rule.get("empty"):
        assert answer.data == b""
        return
    if "raw" in rule:
        assert rule["raw"] in answer.text
    if "text" in rule:
        assert rule["text"] in answer.text
    if answer.status_code >= 400 and answer.data:
        assert answer.get_json(force=True)["resourceType"] == "OperationOutcome"
    for expression, expected in rule.get("body", {}).items():
        found = found_by(answer, expression)
        assert found == (expected if isinstance(expected, list) else [expected]), (expression, found, answer.text)


def found_by(answer: TestResponse, expression: str) -> list[Any]:
    body = loads(answer.data)
    if expression == "resourceType":
        return [body["resourceType"]]
    return evaluate(body, expression)
