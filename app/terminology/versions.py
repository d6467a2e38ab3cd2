"""Which versions of code systems an expansion is to use (https://hl7.org/fhir/R4/valueset-operation-expand.html)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.errors import Invalid, Malformed


@dataclass(frozen=True, slots=True)
class Versions:
    """By system: ``default`` (system-version) where a value set names none, ``checked`` (check-system-version) which it
    must be, ``forced`` (force-system-version) whatever the value set names.
    """

    default: Mapping[str, str] = field(default_factory=dict)
    checked: Mapping[str, str] = field(default_factory=dict)
    forced: Mapping[str, str] = field(default_factory=dict)

    def wanted(self, system: str, named: str | None) -> str | None:
        """The version to look for, where the value set names this one."""
        return self.forced.get(system) or named or self.default.get(system) or self.checked.get(system)

    def judge(self, system: str, version: str | None) -> None:
        """Raises Invalid (422) when a version that is used is not the one to be."""
        if (must := self.checked.get(system)) and version != must:
            raise Invalid(
                "The code system {system} would be used in version {version}, and is to be {must}.",
                system=system,
                version=version or "(none)",
                must=must,
            )


def by_system(canonicals: Iterable[str]) -> dict[str, str]:
    """``system|version`` canonicals as system → version. Raises Malformed where the version is missing."""
    found: dict[str, str] = {}
    for canonical in canonicals:
        system, bar, version = str(canonical).rpartition("|")
        if not bar or not system or not version:
            raise Malformed(f"'{canonical}' names no version of a system: write system|version.")
        found[system] = version
    return found
