"""What ``:in :not-in :below :above`` of a token search stand for (https://hl7.org/fhir/R4/search.html#modifiers)."""

from __future__ import annotations

from collections.abc import Iterable

from app.errors import Malformed, MaslakError
from app.fhir.repository import Repository
from app.terminology.service import Terminology


def expand(repo: Repository, modifier: str, value: str) -> Iterable[tuple[str, str]]:
    """The (system, code) pairs of a value set (``in``, ``not-in``) or of what is ``below`` or ``above``
    ``system|code``.

    Raises Malformed (400) where the value set, system or code is not here.
    """
    terminology = Terminology(repo)
    try:
        if modifier in ("in", "not-in"):
            return terminology.codes_in(repo.read(value) if value.startswith("ValueSet/") else value)
        system, bar, code = value.rpartition("|")
        if not bar or not system:
            raise Malformed(f":{modifier} needs system|code, as in http://hl7.org/fhir/sid/icd-10|I10.")
        codes = terminology.below(system, code) if modifier == "below" else terminology.above(system, code)
        return {(system, one) for one in codes}
    except Malformed:
        raise
    except MaslakError as error:
        raise Malformed(f":{modifier}={value}: {error.message}") from None
