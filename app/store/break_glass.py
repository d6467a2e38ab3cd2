"""The AuditEvent of an emergency access: whose record, by whom, with the reason in its own words.

``purposeOfEvent`` is ``BTG`` (break the glass), the event DICOM's "Emergency Override Started"
(https://hl7.org/fhir/R4/auditevent.html, https://dicom.nema.org/medical/dicom/current/output/chtml/part16/chapter_D.html).
"""

from __future__ import annotations

import orjson

from app.errors import NotFound
from app.ids import new_id
from app.store.audit import Touched, event
from app.store.repository import StoreRepository
from app.store.tables import LIVE

PURPOSE = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
            "code": "BTG",
            "display": "break the glass",
        }
    ]
}
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"


def record_emergency(repo: StoreRepository, patient_id: str, reason: str) -> str:
    """Write the event in this transaction and give its id. Raises NotFound when there is no such patient."""
    unit = repo.unit
    key = unit.heads.find([f"Patient/{patient_id}"]).get(f"Patient/{patient_id}")
    row = unit.driver.row("select state from head where key = ?", (key,)) if key else None
    if key is None or row is None or row[0] != LIVE:
        raise NotFound("There is no such patient.")
    id = new_id()
    body = orjson.loads(event(repo.actor, id, "E", unit.stamp_text, Touched(), [patient_id]))
    body["type"] = {"system": _DICOM, "code": "110113", "display": "Security Alert"}
    body["subtype"] = [{"system": _DICOM, "code": "110127", "display": "Emergency Override Started"}]
    body["purposeOfEvent"] = [PURPOSE]
    body["agent"][0]["purposeOfUse"] = [PURPOSE]
    body["entity"][0]["detail"] = [{"type": "reason", "valueString": reason}]
    stored = unit.driver.row(
        "insert into audit (id, recorded, action, actor, body) values (?, ?, 'E', ?, ?) returning seq",
        (id, unit.stamp, repo.actor.key, orjson.dumps(body)),
    )
    assert stored is not None
    unit.driver.run("insert into audit_about (target, seq) values (?, ?)", (key, stored[0]))
    return id
