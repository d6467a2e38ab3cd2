"""The actor: whoever is behind a change or a read. Pure; use cases may import it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts.

    ``key`` is stable and unique (``account:12``, ``client:ehr-1``, ``system``); ``name`` is for reading;
    ``practitioner`` is a reference such as ``Practitioner/…`` or None; ``organization`` the establishment it belongs to
    (``Organization/…``); ``organizations`` the establishments whose patients it sees (its own, or a whole subtree for a
    delegate); None: no limit (the system itself, or a token with system scopes). ``emergency`` are the patient ids
    opened by a recorded emergency access that has not ended. ``grants`` are words such as ``protocol:release`` or
    ``patient:read``; ``scopes`` are SMART scopes of a token (None for people).
    """

    key: str
    name: str
    roles: frozenset[str] = frozenset()
    grants: frozenset[str] = frozenset()
    practitioner: str | None = None
    organization: str | None = None
    organizations: frozenset[str] | None = frozenset()
    emergency: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    language: str = "fr"
    name_ar: str = ""
    """The name in Arabic letters, where it is known."""
    per_minute: int | None = None
    """Requests a minute over the FHIR door; None: no limit."""
    origin: str = field(default="", compare=False)
    """Network address, for the audit."""

    def named(self, language: str) -> str:
        """The name in the script of a language, as far as it is known in both."""
        return self.name_ar or self.name if language == "ar" else self.name

    def may(self, grant: str) -> bool:
        """Whether this actor holds a grant."""
        return grant in self.grants or "*" in self.grants

    @property
    def limited(self) -> bool:
        """Whether only the patients of certain establishments are seen."""
        return self.organizations is not None


SYSTEM = Actor("system", "Maslak", frozenset({"system"}), frozenset({"*"}), organizations=None)


def automation(name: str) -> Actor:
    """The system acting by itself under a name: a content load, a simulator, a job."""
    return replace(SYSTEM, key=f"system:{name}", name=name)
