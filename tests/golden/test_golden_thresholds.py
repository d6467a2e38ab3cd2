"""Both sides of every threshold of the sources have a golden patient."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.golden.golden import patients

GLUCOSE = ("1558-6", "14771-0", "2345-7")
THRESHOLDS = [  # disease, codes, unit, the values that patients must have
    ("hypertension", ("8480-6",), "mm[Hg]", "110 111 129 130 139 140 159 160 179 180 181 199 200 201"),
    ("hypertension", ("8462-4",), "mm[Hg]", "89 90 99 100 109 110 111 119 120 121"),
    ("diabetes", GLUCOSE, "mmol/L", "2.8 2.9 3.9 4.0 6.9 7.0 7.1 11.0 11.1 14.9 15.0 17.9 18 18.1"),
    ("diabetes", GLUCOSE, "g/L", "1.25 1.26 1.27 1.99 2.00 2.69 2.70 3.25 3.26"),
    ("diabetes", ("20436-2",), "mmol/L", "11.0 11.1"),
    ("diabetes", ("capillary-2h-glucose",), "mmol/L", "12.1 12.2"),
    ("diabetes", ("1521-4",), "mmol/L", "9.0 9.1"),
    ("diabetes", ("41653-7",), "g/L", "0.70 0.71"),
    ("diabetes", ("4548-4",), "%", "6.4 6.5 7.0 7.1 7.5 7.6 7.9 8.0"),
    ("diabetes", ("59261-8",), "mmol/mol", "47 48 53 54 63 64"),
    ("diabetes", ("98979-8",), "mL/min/{1.73_m2}", "29 30 59 60"),
    ("diabetes", ("9318-7",), "mg/g", "29 30"),
    ("diabetes", ("2093-3",), "mmol/L", "8.0 8.1"),
    ("diabetes", ("8480-6",), "mm[Hg]", "129 130 131 200 201"),
    ("diabetes", ("8462-4",), "mm[Hg]", "79 80 110 111"),
    ("diabetes", ("ramadan-risk-score",), "{score}", "3 3.5 6 6.5"),
]


@pytest.mark.parametrize(("disease", "codes", "unit", "wanted"), THRESHOLDS)
def test_both_sides_of_every_threshold_have_a_patient(
    disease: str, codes: tuple[str, ...], unit: str, wanted: str
) -> None:
    found = {
        Decimal(str(quantity["value"]))
        for _, patient in patients(disease)
        for code, quantity in measured(patient)
        if code in codes and quantity["code"] == unit
    }
    assert found >= {Decimal(value) for value in wanted.split()}


def measured(patient: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(code, quantity) of everything that was measured, components as well."""
    for one in patient["record"]:
        for part in (one, *one.get("component", ())):
            if "valueQuantity" in part:
                yield part["code"]["coding"][0]["code"], part["valueQuantity"]
