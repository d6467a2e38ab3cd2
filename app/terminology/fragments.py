"""Parts of the code systems of others (LOINC, ICD-10, ATC) that the features bring, with their designations.

They are read when somebody asks about them, stand behind what is stored, and are no resources of the store: nobody
publishes or retires here what others keep (https://hl7.org/fhir/R4/codesystem.html#completeness).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from app.fhir.json import loads
from app.fhir.resource import Resource

_folders: list[Path] = []


def register(folder: Path) -> None:
    """Let the CodeSystems in the files of a folder be known."""
    if folder not in _folders:
        _folders.append(folder)
        _read.cache_clear()


def fragment(url: str) -> Resource | None:
    """The part of a code system that is kept here; None where there is none."""
    return next((one for one in _read() if one["url"] == url and "supplements" not in one), None)


def supplements(url: str) -> list[Resource]:
    """What is said of its codes in other languages."""
    return [one for one in _read() if one.get("supplements") == url]


@cache
def _read() -> tuple[Resource, ...]:
    return tuple(loads(path.read_bytes()) for folder in _folders for path in sorted(folder.glob("*.json")))
