"""Regular expressions of others end in time, whatever they repeat, and no pattern fills the memory."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter

import pytest

from app.errors import Invalid
from app.fhir.fhirpath import FhirPathError, evaluate
from app.fhir.regex import MATCH_SECONDS, Pattern, anew

CATASTROPHES = [
    (r"(a|aa)+$", "a" * 5000 + "b"),
    (r"^(a|a)*$", "a" * 64 + "b"),
    (r"(.*?,){25}P", "1," * 60),
    (r"^(?:(\w+)\s?)*\W$", "a" * 200),
    (r"(x+x+)+y", "x" * 4000),
    (r"^(.|\s)*z$", "ab " * 2000),
    (r"(.*)(.*)(.*)(.*)(.*)[^b]$", "b" * 3000),
    ("a?" * 26 + "a" * 26, "a" * 25 + "b"),
    ("a{0,300}" * 4 + "b", "a" * 300),
    (r"(a|aa)" * 25 + "b", "a" * 50),
    (r"(?x)(a|aa) *b", "a" * 60),
    (r"(a{1,40})\1*b", "a" * 1000),
    (r"(?:a|a)(?:a?)" * 20 + "b", "a" * 40),
]


@pytest.mark.parametrize(("pattern", "text"), CATASTROPHES)
def test_a_match_ends_in_time(pattern: str, text: str) -> None:
    anew()
    begun = perf_counter()
    with suppress(Invalid):
        assert Pattern(pattern).search(text) is False
    assert perf_counter() - begun < 10 * MATCH_SECONDS


@pytest.mark.parametrize("function", ["matches('{}')", "matchesFull('{}')", "replaceMatches('{}', 'x')"])
def test_fhirpath_is_held_to_it(function: str) -> None:
    resource = {"resourceType": "Patient", "name": [{"family": "a" * 5000 + "b"}]}
    begun = perf_counter()
    with pytest.raises(FhirPathError, match="takes too long"):
        evaluate(resource, f"Patient.name.family.{function.format('(a|aa)+$')}")
    assert perf_counter() - begun < 10 * MATCH_SECONDS


def test_many_matches_that_are_each_in_time_end_together() -> None:
    names = [{"family": "a" * 33 + "b" + str(n)} for n in range(5000)]
    begun = perf_counter()
    with pytest.raises(FhirPathError, match="too long"):
        evaluate(
            {"resourceType": "Patient", "name": names}, "Patient.name.where(family.matches('^(a|a|a|a)+$')).count()"
        )
    assert perf_counter() - begun < 10


@pytest.mark.parametrize(
    "pattern", ["((((a{1000}){1000}){1000}){1000})", "(a{100}b){9999}", "a" * 1001, "(", "*", "(?P<"]
)
def test_what_is_no_pattern_or_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid, match="regular expression"):
        Pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^A10BB09$", "A10BB09", True),
        ("^(C09CA07|C09CA01)$", "C09CA01", True),
        (r"[A-Z]{1,2}\d{5,6}", "LF12345", True),
        (r"\d+", "x", False),
        ("a.b", "a\nb", True),
        (r"[\]}]{2}", "]}", True),
        (r"\(\d{4}\)", "(2026)", True),
        ("(?i)^hba1c$", "HbA1c", True),
        (r"^(?:C0[89]|A10BA02)$|^(?P<own>B01)", "B01AC06", True),
        ("^a{,3}$", "aaaa", False),
        (
            "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
            True,
        ),
    ],
)
def test_patterns_mean_what_they_did(pattern: str, text: str, found: bool) -> None:
    assert Pattern(pattern).search(text) is found
