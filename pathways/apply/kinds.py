"""Step: the request resource of an ActivityDefinition, by its ``kind``.

Which elements a resource gets follows from the R4 model of its type: status, intent, doNotPerform, priority, subject,
encounter, requester, code, instantiatesCanonical, occurrence stand wherever the type has them; what a type calls
otherwise stands in the tables below (https://hl7.org/fhir/R4/activitydefinition.html, mapping of CPG on FHIR profiles).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.errors import Invalid
from app.fhir.resource import canonical, choice, concept
from pathways.apply.request import ApplyRequest, reference_of
from pathways.facts.paths import element_of

if TYPE_CHECKING:
    from pathways.apply.recipe import Recipe

Resource = dict[str, Any]

DO_NOT_PERFORM = "http://hl7.org/fhir/StructureDefinition/request-doNotPerform"
CPG = "http://hl7.org/fhir/uv/cpg/StructureDefinition/"
FORECAST = "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status"

KINDS = frozenset({
    "Appointment", "AppointmentResponse", "CarePlan", "Claim", "Communication", "CommunicationRequest", "Contract",
    "DeviceRequest", "DiagnosticReport", "EnrollmentRequest", "ImmunizationRecommendation", "MedicationRequest",
    "NutritionOrder", "Procedure", "RequestGroup", "ServiceRequest", "SupplyRequest", "Task", "VisionPrescription",
})  # fmt: skip
"""What can be asked for (https://hl7.org/fhir/R4/valueset-request-resource-types.html), and what peers make besides."""
STATUS = {"Communication": "preparation", "Procedure": "preparation", "DiagnosticReport": "registered",
          "Contract": "offered"}  # fmt: skip
"""How a type says that something is proposed, where it knows no ``draft``."""
PROCESSING = "http://terminology.hl7.org/CodeSystem/processpriority"
SUBJECTS = ("for", "subject", "patient", "candidate", "deliverTo")
REQUESTERS = ("requester", "orderer", "prescriber", "author")
PRODUCTS = {"MedicationRequest": "medication", "DeviceRequest": "code", "SupplyRequest": "item"}
INSTRUMENTS = ("cpg-collectWith", "cpg-enrollIn", "cpg-reportWith")
"""CPG extensions that name what a Task works with: its first input."""


def request_resource(
    recipe: Recipe,
    asked: ApplyRequest,
    parties: dict[str, Resource],
    priority: str | None = None,
) -> Resource:
    """The request of a definition, without id and before its dynamic values. ``priority`` of the action wins.
    ``parties`` keeps the people of each type of request, the same for all of one application.

    Raises Invalid on an unknown kind.
    """
    definition = recipe.definition
    kind = definition.get("kind")
    if kind not in KINDS:
        raise Invalid("an ActivityDefinition of kind '{kind}' makes no request of FHIR R4", kind=kind)
    made: Resource = {"resourceType": kind}
    if definition.get("profile"):
        made["meta"] = {"profile": [definition["profile"]]}
    common, content = recipe.parts
    people = parties.get(kind)
    if people is None:
        people = parties[kind] = _parties(kind, asked)
    for part in (common, people, content):
        made.update(part)
    if priority:
        made.pop("priority", None)
        made |= _priority(kind, priority)
    finish = SPECIAL.get(kind)
    return finish(made, definition, asked) if finish else made


def parts_of(definition: Mapping[str, Any]) -> tuple[Resource, Resource]:
    """What of a request does not depend on whom it is for: what stands before the people and what after. ``kind`` is
    known."""
    kind = definition["kind"]
    return _common(kind, definition), _content(kind, definition)


def _priority(kind: str, priority: str) -> Resource:
    about = element_of(kind, "priority") if priority != "routine" else None
    return {"priority": priority} if about is not None and about["t"] == ["code"] else {}


def _has(kind: str, name: str) -> bool:
    return element_of(kind, name) is not None


def _common(kind: str, definition: Mapping[str, Any]) -> Resource:
    made: Resource = {}
    if _has(kind, "instantiatesCanonical") and definition.get("url"):
        about = element_of(kind, "instantiatesCanonical") or {}
        if "canonical" in about.get("t", ()):
            made["instantiatesCanonical"] = [canonical(definition)] if about["max"] != "1" else canonical(definition)
    if _has(kind, "status"):
        made["status"] = STATUS.get(kind, "draft")
    if _has(kind, "intent"):
        made["intent"] = definition.get("intent", "proposal")
    made |= _priority(kind, definition.get("priority", "routine"))
    if "doNotPerform" in definition:
        if _has(kind, "doNotPerform"):
            made["doNotPerform"] = definition["doNotPerform"]
        elif definition["doNotPerform"]:
            made["modifierExtension"] = [{"url": DO_NOT_PERFORM, "valueBoolean": True}]
    return made


def _parties(kind: str, asked: ApplyRequest) -> Resource:
    made: Resource = {}
    for names, party in (
        (SUBJECTS, asked.subject),
        (("encounter",), asked.encounter),
        (REQUESTERS, asked.practitioner) if asked.practitioner else (("requester",), asked.organization),
    ):
        if party is None:
            continue
        place, about = _place(kind, names), reference_of(party)
        if about and place:
            made[place[0]] = [about] if place[1] else about
    return made


@lru_cache(1024)
def _place(kind: str, names: tuple[str, ...]) -> tuple[str, bool] | None:
    """The first of these elements that a type has, and whether it repeats."""
    name = next((name for name in names if _has(kind, name)), None)
    return None if name is None else (name, (element_of(kind, name) or {}).get("max") != "1")


def _content(kind: str, definition: Mapping[str, Any]) -> Resource:
    made: Resource = {}
    product, timing = choice(definition, "product"), choice(definition, "timing")
    if product and kind in PRODUCTS:
        made[PRODUCTS[kind] + product[0]] = product[1]
    elif definition.get("code") and _has(kind, "code"):
        choose = (element_of(kind, "code") or {}).get("c")
        made["codeCodeableConcept" if choose else "code"] = definition["code"]
    if timing and timing[0] in (element_of(kind, "occurrence") or {}).get("t", ()):
        made["occurrence" + timing[0]] = timing[1]
    if definition.get("bodySite") and kind == "ServiceRequest":
        made["bodySite"] = definition["bodySite"]
    if definition.get("location"):
        if _has(kind, "locationReference"):
            made["locationReference"] = [definition["location"]]
        elif kind == "Task":
            made["location"] = definition["location"]
    roles = [person["role"] for person in definition.get("participant", ()) if "role" in person]
    if roles and (about := element_of(kind, "performerType")):
        made["performerType"] = roles if about["max"] != "1" else roles[0]
    return made | _instrument(definition) if kind == "Task" else made


def _instrument(definition: Mapping[str, Any]) -> Resource:
    """What a Task works with: its first input, of the last instrument that is named."""
    made: Resource = {}
    for name in INSTRUMENTS:
        found = next((e for e in definition.get("extension", ()) if e.get("url") == CPG + name), None)
        if found and "valueCanonical" in found:
            label = definition.get("code") or {"text": name.removeprefix("cpg-")}
            made["input"] = [{"type": label, "valueCanonical": found["valueCanonical"]}]
    return made


def _medication_request(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    if definition.get("dosage"):
        made["dosageInstruction"] = definition["dosage"]
    if definition.get("quantity"):
        made["dispenseRequest"] = {"quantity": definition["quantity"]}
    return made


def _service_request(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    return made | ({"quantityQuantity": definition["quantity"]} if definition.get("quantity") else {})


def _supply_request(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    if not choice(made, "item") and definition.get("code"):
        made["itemCodeableConcept"] = definition["code"]
    return made | ({"quantity": definition["quantity"]} if definition.get("quantity") else {})


def _immunization_recommendation(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    # Peers give no ``date``: the proposal is transient, and gets its day when it is stored.
    refused = bool(definition.get("doNotPerform"))
    status = ("contraindicated", "Contraindicated") if refused else ("due", "Due")
    one: Resource = {"forecastStatus": concept(FORECAST, *status)}
    if definition.get("productCodeableConcept"):
        one = {"vaccineCode": [definition["productCodeableConcept"]]} | one
    return {name: item for name, item in made.items() if name != "modifierExtension"} | {"recommendation": [one]}


def _appointment(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    people = [reference_of(party) for party in (asked.subject, asked.practitioner) if party]
    made |= {"status": "proposed", "participant": [{"actor": one, "status": "needs-action"} for one in people]}
    if definition.get("code"):
        made["serviceType"] = [definition["code"]]
    if definition.get("description"):
        made["description"] = definition["description"]
    return made


def _appointment_response(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    return made | {"actor": reference_of(asked.subject), "participantStatus": "needs-action"}


def _communication_request(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    """What is to be said, where a definition says it in the text of its code; dynamic values say it otherwise."""
    said = definition.get("code", {}).get("text")
    return made | ({"payload": [{"contentString": said}]} if said else {})


def _contract(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    return made | ({"instantiatesUri": canonical(definition)} if definition.get("url") else {})


def _nutrition_order(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    return made | {"dateTime": _day(asked)}


def _vision_prescription(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    return made | {"created": _day(asked), "dateWritten": _day(asked)}


def _claim(made: Resource, definition: Mapping[str, Any], asked: ApplyRequest) -> Resource:
    speed = "stat" if definition.get("priority", "routine") != "routine" else "normal"
    return made | {"use": "preauthorization", "created": _day(asked), "priority": concept(PROCESSING, speed)}


def _day(asked: ApplyRequest) -> str:
    return asked.day.isoformat()


SPECIAL: dict[str, Callable[[Resource, Mapping[str, Any], ApplyRequest], Resource]] = {
    "Appointment": _appointment,
    "AppointmentResponse": _appointment_response,
    "Claim": _claim,
    "CommunicationRequest": _communication_request,
    "Contract": _contract,
    "ImmunizationRecommendation": _immunization_recommendation,
    "MedicationRequest": _medication_request,
    "NutritionOrder": _nutrition_order,
    "ServiceRequest": _service_request,
    "SupplyRequest": _supply_request,
    "VisionPrescription": _vision_prescription,
}
