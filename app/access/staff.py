"""The Practitioner that stands for somebody who treats patients, and follows the account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.config import CANONICAL_BASE

INPE = f"{CANONICAL_BASE}/sid/inpe"
ROLE = f"{CANONICAL_BASE}/CodeSystem/role"
LANGUAGE = "http://hl7.org/fhir/StructureDefinition/language"
CLINICAL = frozenset({"physician", "nurse", "hospital-physician"})


def practitioner(
    repo: Any, *, name: str, roles: Iterable[str], organization: str | None, inpe: str = "", name_ar: str = ""
) -> str | None:
    """The reference of a Practitioner for somebody with a clinical role (found by INPE or made), else None."""
    clinical = sorted(CLINICAL & set(roles))
    if not clinical:
        return None
    held = repo.first(f"Practitioner?identifier={INPE}|{inpe}") if inpe else None
    if held is None:
        resource: dict[str, Any] = {"resourceType": "Practitioner", "active": True, "name": human_names(name, name_ar)}
        if inpe:
            resource["identifier"] = [{"system": INPE, "value": inpe}]
        held = repo.create(resource)
    reference = f"Practitioner/{held['id']}"
    if organization:
        repo.create(_role(reference, name, organization, clinical))
    return reference


def follow(repo: Any, account: Any, inpe: str = "") -> None:
    """Let the Practitioner of an account be what the account says now: name, office, professional number."""
    names: dict[str, str] = {"name": account.name, "name_ar": account.name_ar or ""}
    if not account.practitioner:
        account.practitioner = practitioner(
            repo, roles=account.role_names, organization=account.organization, inpe=inpe, **names
        )
        return
    person = repo.read(account.practitioner)
    followed = person | {"name": human_names(**names)}
    if inpe and inpe != inpe_of(person):
        followed = _with_inpe(followed, inpe)
    if followed != person:
        repo.update(followed)
    _reassigned(repo, account)


def _reassigned(repo: Any, account: Any) -> None:
    """The offices that the Practitioner has here follow the account: what was left is ended, those of others stay."""
    clinical = sorted(CLINICAL & set(account.role_names))
    wanted = (account.organization, clinical)
    roles = repo.search_all(f"PractitionerRole?practitioner={account.practitioner}")
    held = [(one, office) for one in roles if one.get("active", True) and (office := _office(one))[1]]
    for one, office in held:
        if office != wanted:
            repo.update(one | {"active": False})
    if clinical and account.organization and wanted not in [office for _, office in held]:
        repo.create(_role(account.practitioner, account.name, account.organization, clinical))


def inpe_of(person: Mapping[str, Any] | None) -> str:
    """The professional number of a Practitioner, or nothing."""
    return next((i.get("value", "") for i in (person or {}).get("identifier", ()) if i.get("system") == INPE), "")


def _with_inpe(person: Mapping[str, Any], inpe: str) -> dict[str, Any]:
    """The Practitioner with another professional number."""
    others = [one for one in person.get("identifier", ()) if one.get("system") != INPE]
    return {**person, "identifier": [{"system": INPE, "value": inpe}, *others]}


def _office(role: Mapping[str, Any]) -> tuple[str | None, list[str]]:
    """(establishment, roles of ours); no roles where another system has written it."""
    codings = [coding for code in role.get("code", ()) for coding in code.get("coding", ())]
    codes = sorted(coding["code"] for coding in codings if coding.get("system") == ROLE and "code" in coding)
    return role.get("organization", {}).get("reference"), codes


def _role(reference: str, name: str, organization: str, clinical: Iterable[str]) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "active": True,
        "practitioner": {"reference": reference, "display": name},
        "organization": {"reference": organization},
        "code": [{"coding": [{"system": ROLE, "code": role}]} for role in clinical],
    }


def human_names(name: str, name_ar: str = "") -> list[dict[str, Any]]:
    """The HumanNames of somebody: the Latin one, and the Arabic one marked by its language, as patients have them."""
    arabic = {"extension": [{"url": LANGUAGE, "valueCode": "ar"}]}
    return [_human_name(name), *([arabic | _human_name(name_ar)] if name_ar.strip() else [])]


def _human_name(name: str) -> dict[str, Any]:
    given, _, family = name.strip().rpartition(" ")
    return {"text": name.strip(), "family": family} | ({"given": given.split()} if given else {})
