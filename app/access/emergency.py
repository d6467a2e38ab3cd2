"""Emergency access: a record outside one's scope opened for some hours, for a reason that is kept for good."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.access.actor import Actor
from app.access.tables import EmergencyAccess
from app.clock import now
from app.db import db
from app.errors import Forbidden, Invalid

HOURS = 4
SHORTEST_REASON = 10


def open_record(repo: Any, patient_id: str, reason: str) -> EmergencyAccess:
    """Open a patient's record to the actor of ``repo`` for HOURS. Raises Forbidden (role), Invalid (no real reason).

    The caller writes the AuditEvent (purpose of use: break the glass) in the same transaction.
    """
    actor: Actor = repo.actor
    if not actor.may("emergency:open") or not actor.key.startswith("account:"):
        raise Forbidden("your role does not open records in emergency")
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise Invalid("Say in a few words why you need this record", expression="reason")
    opened = now()
    row = EmergencyAccess(
        account_id=int(actor.key.removeprefix("account:")),
        patient=patient_id,
        reason=reason,
        opened=opened,
        until=opened + timedelta(hours=HOURS),
    )
    db.session.add(row)
    return row
