"""Data cut from the official R4 4.0.1 package (``scripts/cut_definitions.py``, ``scripts/cut_fhirpath_model.py``).

Read when first asked for, once; treat what comes back as constant.
"""

from __future__ import annotations

import gzip
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import orjson

FOLDER = Path(__file__).parent


@cache
def load(name: str) -> Any:
    """The content of ``<name>.json`` or ``<name>.json.gz``; ``elements``, ``bindings``, ``value_sets`` ..."""
    packed = FOLDER / f"{name}.json.gz"
    if packed.exists():
        return orjson.loads(gzip.decompress(packed.read_bytes()))
    return orjson.loads((FOLDER / f"{name}.json").read_bytes())


@cache
def resource_types() -> frozenset[str]:
    """The concrete resource types of R4 (146)."""
    found = load("elements").items()
    return frozenset(name for name, d in found if d["kind"] == "resource" and not d.get("abstract"))


@cache
def codes_of(value_set: str) -> dict[str, dict[str, str]] | None:
    """System → code → display of a value set; None where it has no list (MIME types, UCUM) or is not known here."""
    sets: dict[str, dict[str, dict[str, str]] | None] = load("value_sets")
    other: dict[str, dict[str, dict[str, str]]] = {} if value_set in sets else load("display_sets")
    return sets[value_set] if value_set in sets else other.get(value_set)


def described(resource_type: str, url: str) -> dict[str, Any] | None:
    """A CodeSystem or ValueSet of the specification, whole, by its url; None where R4 has none.

    Read out of its archive each time: all 2,378 of them would take 34 MB in every process.
    """
    try:
        found: dict[str, Any] = orjson.loads(_archive(resource_type).read(url))
    except KeyError:
        return None
    return found


def described_urls(resource_type: str) -> list[str]:
    """What ``described`` has."""
    return _archive(resource_type).namelist()


@cache
def _archive(resource_type: str) -> ZipFile:
    """Held as bytes: processes that are forked with an open file would read at one another's place in it."""
    name = {"CodeSystem": "code_systems", "ValueSet": "code_value_sets"}[resource_type]
    return ZipFile(BytesIO((FOLDER / f"{name}.zip").read_bytes()))
