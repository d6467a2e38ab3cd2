"""A person as pages show them: name in the page's script first, age, sex, how to reach them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext

from app.fhir.resource import Resource, extension, identifier
from pathways.registration import LANGUAGE, SID


@dataclass(frozen=True, slots=True)
class PersonLine:
    """The identity line of a patient."""

    id: str
    name: str
    other_name: str
    about: str
    phone: str
    cnie: str
    number: str
    dead: str
    establishment: str


def present(patient: Resource, language: str, today: date) -> PersonLine:
    """The identity line of a Patient in a language."""
    latin, arabic = both_names(patient)
    first, second = (arabic, latin) if language == "ar" else (latin, arabic)
    return PersonLine(
        id=patient["id"],
        name=first or second or _("Name unknown"),
        other_name=second if first else "",
        about=age_and_sex(patient, today),
        phone=next((t.get("value", "") for t in patient.get("telecom", ()) if t.get("system") == "phone"), ""),
        cnie=identifier(patient, f"{SID}/cnie") or "",
        number=identifier(patient, f"{SID}/patient") or "",
        dead=str(patient.get("deceasedDateTime", ""))[:10] or ("?" if patient.get("deceasedBoolean") else ""),
        establishment=patient.get("managingOrganization", {}).get("reference", ""),
    )


def both_names(patient: Resource) -> tuple[str, str]:
    """(Latin, Arabic) name of a Patient, family name first; empty where there is none."""
    latin = arabic = ""
    for name in patient.get("name", ()):
        text = " ".join([name.get("family", ""), *name.get("given", ())]).strip() or name.get("text", "")
        if extension(name, LANGUAGE) == "ar" or any("\u0600" <= letter <= "\u06ff" for letter in text):
            arabic = arabic or text
        else:
            latin = latin or text
    return latin, arabic


def age(patient: Resource, today: date) -> int | None:
    """Completed years; from the year alone where no more is known."""
    birth = str(patient.get("birthDate", ""))
    if not birth:
        return None
    years = today.year - int(birth[:4])
    return years - 1 if len(birth) == 10 and (today.month, today.day) < (int(birth[5:7]), int(birth[8:10])) else years


def age_and_sex(patient: Resource, today: date) -> str:
    """``62 years, woman``."""
    years = age(patient, today)
    parts = [ngettext("%(num)d year", "%(num)d years", years) if years is not None else _("age unknown")]
    parts.append({"female": _("woman"), "male": _("man")}.get(patient.get("gender", ""), ""))
    return _(", ").join(part for part in parts if part)
