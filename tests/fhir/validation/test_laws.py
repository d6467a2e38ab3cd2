"""Laws over generated resources of every type: the valid are accepted, and nothing that the library refuses passes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir.definitions import load, resource_types
from app.fhir.json import MAX_DEPTH, dumps, loads
from app.fhir.validation import validate
from app.fhir.validation.invariants import SKIPPED, Rule, rules_of
from app.fhir.validation.judge import judged
from tests.fhir.generated import a_resource, spoiled

SEEDS = range(2)
TYPES = sorted(resource_types())


def structural(resource: dict[str, Any]) -> list[Any]:
    """The problems that are no official invariant: generated resources know nothing of those."""
    return [issue for issue in validate(resource, judge=False) if issue.code != "invariant"]


@pytest.mark.parametrize("name", TYPES)
def test_a_generated_resource_is_accepted(name: str) -> None:
    for seed in SEEDS:
        resource = a_resource(name, seed)
        assert structural(resource) == [] and judged(resource) == []
        assert structural(loads(dumps(resource))) == []


@pytest.mark.parametrize("name", TYPES)
def test_what_the_library_refuses_our_walk_refuses(name: str) -> None:
    refused = 0
    for seed in SEEDS:
        for change in range(6):
            resource = spoiled(a_resource(name, seed), seed * 100 + change)
            found = validate(resource, judge=False)
            refused += bool(found)
            assert found or judged(resource) == [], resource
            assert all(issue.expression and issue.expression.startswith(name) for issue in found)
    assert refused, "the changes spoil something"


@pytest.mark.parametrize("name", TYPES)
def test_shortcuts_never_change_a_verdict(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resources = [a_resource(name, seed, richness) for seed in SEEDS for richness in (0.1, 0.4)]
    quick = [validate(resource, judge=False) for resource in resources]
    monkeypatch.setattr(Rule, "settled", lambda self, value: False)
    assert quick == [validate(resource, judge=False) for resource in resources]


def test_every_official_rule_is_compiled_or_skipped_with_a_reason() -> None:
    official = {(row[0].split(".")[0], row[1]) for rows in load("invariants").values() for row in rows}
    compiled = {(name.split(".")[0], rule.key) for name in load("elements") for rule in rules_of(name)}
    assert {key for _, key in official - compiled} == set(SKIPPED)
    print(f"{len(official)} official rules, {len(SKIPPED)} skipped")
    assert len(compiled) > 190


NAMES = ["resourceType", "id", "url", "valueString", "reference", "extension", "contained", "code", "_id"]
plain = (
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text() | st.sampled_from(["#", "#p", "Patient/1"])
)
names = st.sampled_from(NAMES) | st.text(max_size=3)
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)


@given(st.sampled_from(TYPES), st.integers(0, 3), st.dictionaries(st.integers(0, 40), anything, max_size=4))
def test_a_resource_is_judged_without_accident_whatever_stands_in_it(
    name: str, seed: int, strange: dict[int, Any]
) -> None:
    resource: dict[str, Any] = a_resource(name, seed, 0.4) | {"contained": [{"resourceType": "Patient", "id": "p"}]}
    keys = list(resource)
    for place, value in strange.items():
        resource[keys[place % len(keys)]] = value
    assert all(issue.text and issue.expression for issue in validate(resource))


@given(anything)
def test_whatever_is_handed_in_is_judged_without_an_accident(value: Any) -> None:
    assert all(issue.text and issue.expression for issue in validate(value))


def test_the_deepest_json_that_is_read_is_judged() -> None:
    depth = MAX_DEPTH // 2 - 2
    nested = b'{"linkId":"1","type":"group","item":[' * depth + b'{"linkId":"2","type":"string"}' + b"]}" * depth
    text = b'{"resourceType":"Questionnaire","status":"draft","item":[' + nested + b"]}"
    assert {issue.code for issue in validate(loads(text))} == {"invariant"}, "only the link ids are not unique"
