"""Agreement with the field's own cases, read from the folder beside the project; skipped where not there.

Compared without id, text, fullUrl, meta, the ids inside references to resources of the answer, and entry order.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import NotFound
from app.fhir.json import loads
from app.rest.operations import OperationRequest
from app.store.repository import StoreRepository
from pathways.apply import ApplyRequest, apply, apply_activity
from pathways.apply.operation import activity_definition_apply, plan_definition_apply
from pathways.facts import Facts

FOLDER = Path(__file__).parents[4] / "shared" / "peers" / "apply"
CASES = sorted(FOLDER.glob("*.in.json"))
IGNORED = {"id", "fullUrl", "meta"}


def parameters(path: Path) -> dict[str, Any]:
    """Name → resource or text of a request."""
    return {one["name"]: one.get("resource") or one.get("valueString") for one in loads(path.read_bytes())["parameter"]}


def definitions_of_all() -> dict[str, Any]:
    found = {}
    for path in CASES:
        for one in parameters(path).values():
            if isinstance(one, dict) and "url" in one:
                found[one["url"]] = one
    return found


def answer(path: Path) -> dict[str, Any]:
    """What the engine answers to a request."""
    given, known = parameters(path), definitions_of_all()

    def find(canonical: str) -> dict[str, Any]:
        if canonical.partition("|")[0] not in known:
            raise NotFound(canonical)
        return known[canonical.partition("|")[0]]

    now = datetime(2026, 9, 15, tzinfo=UTC)
    facts = Facts([entry["resource"] for entry in given["data"]["entry"]], now)
    people = {name: given.get(name) for name in ("encounter", "practitioner", "organization")}
    asked = ApplyRequest(facts.get(given["subject"]), facts, find, now, **people)
    if "planDefinition" in given:
        return apply(given["planDefinition"], asked).bundle
    return apply_activity(given["activityDefinition"], asked)


def comparable(answer: dict[str, Any]) -> Any:
    entries = [entry["resource"] for entry in answer.get("entry", ())] or [answer]
    own = {f"{one['resourceType']}/{one['id']}" for one in entries}

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(item) for item in value]
        if not isinstance(value, dict):
            return str(value) if not isinstance(value, (str, bool, int)) else value
        made = {}
        for key, item in value.items():
            if key == "reference" and item in own:
                made[key] = item.partition("/")[0]
            elif key not in IGNORED and not (key == "text" and isinstance(item, dict)):
                made[key] = plain(item)
        return made

    made = plain(answer)
    if "entry" in made:
        made["entry"].sort(key=lambda entry: json.dumps(entry, sort_keys=True))
    return made


@pytest.mark.skipif(not CASES, reason="the cases of the field (../shared/peers/apply) are not beside this checkout")
def test_agrees_with_every_case_of_the_field() -> None:
    different = []
    for path in CASES:
        expected = loads(path.with_name(path.name.replace(".in.", ".expected.")).read_bytes())
        if comparable(answer(path)) != comparable(expected):
            different.append(path.name)
    print(f"$apply agrees with {len(CASES) - len(different)} of {len(CASES)} cases")
    assert different == []


@pytest.mark.skipif(not CASES, reason="the cases of the field (../shared/peers/apply) are not beside this checkout")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_operation_over_the_store_agrees_too(repo: StoreRepository) -> None:
    for one in definitions_of_all().values():
        repo.create(one)
    different = []
    for path in CASES:
        body = loads(path.read_bytes())
        request = OperationRequest(parameters=tuple(body["parameter"]), language="en")
        plan = any(one["name"] == "planDefinition" for one in body["parameter"])
        found = (plan_definition_apply if plan else activity_definition_apply)(repo, request)
        expected = loads(path.with_name(path.name.replace(".in.", ".expected.")).read_bytes())
        if comparable(found) != comparable(expected):
            different.append(path.name)
    assert different == []
