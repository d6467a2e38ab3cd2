"""The official FHIRPath R4 suite, as far as it lies beside the project in `../shared/peers/fhirpath`.

A case passes when the values and their types are those expected, in order; where an error is expected, it may be told
while the expression is compiled, checked (in strict mode) or evaluated. Cases that do not pass stand in
`known_failures.json` with the reason, and fail this test when they begin to pass.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.fhir.fhirpath import FhirPathError, check, compile, evaluate

HERE = Path(__file__).parent
SUITE = HERE.parents[2].parent / "shared" / "peers" / "fhirpath"
KNOWN: dict[str, str] = json.loads((HERE / "known_failures.json").read_text(encoding="utf-8"))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def cases() -> list[dict[str, Any]]:
    return read(SUITE / "cases.json") if (SUITE / "cases.json").exists() else []


def shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def same(expected: dict[str, Any], type_name: str, value: Any) -> bool:
    wanted = expected["value"]
    if expected["type"] not in (None, "string", "code"):
        wanted = wanted.removeprefix("@T") if wanted.startswith("@T") else wanted.removeprefix("@")
    elif expected["type"] is None and wanted.startswith("@"):
        wanted = wanted.removeprefix("@").removeprefix("T")
    if isinstance(value, Decimal):
        return Decimal(wanted) == value
    typed = expected["type"] is None or type_name.removeprefix("System.").lower() == expected["type"].lower()
    return typed and shown(value) == wanted


def passes(case: dict[str, Any]) -> bool:
    resource = read(SUITE / "inputs" / case["input"]) if case["input"] else None
    if case.get("invalid"):
        try:
            evaluate(resource, case["expression"], strict=case.get("mode") == "strict")
        except FhirPathError:
            return True
        return False
    try:
        found = compile(case["expression"]).nodes(resource)
    except FhirPathError:
        return False
    if case.get("predicate"):
        return [bool(found)] == [output["value"] == "true" for output in case["output"]]
    return len(found) == len(case["output"]) and all(
        same(output, *result) for output, result in zip(case["output"], found, strict=True)
    )


@pytest.mark.skipif(not cases(), reason="the official cases are not beside the project: no ../shared/peers/fhirpath")
def test_official_cases_pass_but_for_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    all_cases = cases()
    failing = {case["name"] for case in all_cases if not passes(case)}
    with capsys.disabled():
        print(f"\nFHIRPath: {len(all_cases) - len(failing)} of {len(all_cases)} official cases pass")
    assert failing == KNOWN.keys() & {case["name"] for case in all_cases}


@pytest.mark.skipif(not cases(), reason="the official cases are not beside the project: no ../shared/peers/fhirpath")
def test_the_check_finds_no_fault_in_valid_cases() -> None:
    for case in cases():
        if case["input"] and not case.get("invalid"):
            check(case["expression"], read(SUITE / "inputs" / case["input"])["resourceType"])
