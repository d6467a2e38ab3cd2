"""The codes of others that the content uses: each is looked up in three languages, and a part says that it is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import NotFound
from app.fhir.repository import Repository
from app.fhir.validation import validate
from app.terminology import Terminology, fragments
from app.terminology.displays import display_in

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "protocols" / "code_systems"
CONTENT = sorted([*ROOT.glob("protocols/content/*/*.json"), *ROOT.glob("pathways/content/*/*.json")])
SYSTEMS = ("http://loinc.org", "http://hl7.org/fhir/sid/icd-10", "http://www.whocc.no/atc")


def codes(value: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of every Coding and every listed concept."""
    if isinstance(value, dict):
        if value.get("system") in SYSTEMS:
            yield from ((value["system"], one["code"]) for one in value.get("concept", [value]) if "code" in one)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from codes(item)


USED = sorted({pair for path in CONTENT for pair in codes(json.loads(path.read_text("utf-8")))})


@pytest.fixture
def service(repo: Repository) -> Terminology:
    fragments.register(FOLDER)
    return Terminology(repo)


def test_every_code_that_the_content_uses_has_a_name_in_three_languages(service: Terminology) -> None:
    assert len(USED) > 50
    nameless = []
    for system, code in USED:
        try:
            concept = service.concept(system, code)
        except NotFound:
            nameless.append((system, code))
            continue
        shown = {language: display_in(concept, language) for language in ("en", "fr", "ar")}
        if not all(shown.values()) or not any("\u0600" <= letter <= "\u06ff" for letter in str(shown["ar"])):
            nameless.append((system, code))
    assert not nameless


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_each_file_is_valid_and_says_what_it_is(path: Path) -> None:
    resource = json.loads(path.read_text("utf-8"))
    assert not [issue for issue in validate(resource) if issue.severity in ("error", "fatal")]
    assert resource["count"] == len(resource["concept"])
    if "supplements" in resource:
        assert (resource["content"], resource["status"]) == ("supplement", "draft")  # until somebody has reviewed it
    else:
        assert resource["content"] == "fragment" and resource["copyright"]


def test_what_is_not_kept_is_no_wrong_code_but_one_that_is_not_known_here(service: Terminology) -> None:
    found = service.validate_in_system("http://loinc.org", "1-8")
    assert (found.result, "only a part" in str(found.message)) == (False, True)
