"""What publishing brings to the platform, as one value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.feature import Feature, Operation, Place
from protocols import lifecycle

MINISTRY = frozenset({"release:read"})
"""Sees versions that are not (or no longer) in force."""

READER = frozenset({"protocol:acknowledge"})
"""Confirms having read a version: whoever treats patients by it."""


def _blueprint() -> Any:
    from protocols.views import blueprint

    return blueprint()


def _operations() -> Sequence[Operation]:
    from protocols.operations import OPERATIONS

    return OPERATIONS


def _places() -> Sequence[Place]:
    from protocols.views.places import PLACES

    return PLACES


def _commands() -> Sequence[Any]:
    from protocols.commands import COMMANDS

    return COMMANDS


def _check(resources: Sequence[Any], definitions: Any) -> Sequence[Any]:
    from protocols.checking import check

    return check(resources, definitions)


def _compared(before: Any, after: Any) -> Sequence[Any]:
    from protocols.rereading import stale

    return [one.issue for one in stale(before, [after])]


def _release_due(repo: Any) -> None:
    from protocols.publishing import release_due
    from protocols.views.release import checks

    release_due(repo, checks=checks())


FEATURE = Feature(
    name="protocols",
    blueprint=_blueprint,
    operations=_operations,
    guards=dict.fromkeys(lifecycle.PUBLISHED_TYPES, lifecycle.guard),
    grants={
        "ministry-editor": MINISTRY | {"protocol:write"},
        "ministry-approver": MINISTRY | {"protocol:review", "protocol:approve", "protocol:release", "protocol:retire"},
        "physician": READER,
        "nurse": READER,
        "hospital-physician": READER,
    },
    access={
        "protocols.protocols": "protocol:read",
        "protocols.protocol": "protocol:read",
        "protocols.releases": "release:read",
        "protocols.workspace": "release:read",
        "protocols.changes": "release:read",
        "protocols.impact": "release:read",
        "protocols.readers": "release:read",
        "protocols.acknowledge": "protocol:acknowledge",
        "protocols.draft": "protocol:write",
        "protocols.edit": "protocol:write",
        "protocols.parameters": "protocol:write",
        "protocols.upload": "protocol:write",
        "protocols.submit": "protocol:write",
        "protocols.withdraw": "protocol:write",
        "protocols.approve": "protocol:approve",
        "protocols.send_back": "protocol:review",
        "protocols.reopen": "protocol:approve",
        "protocols.release": "protocol:release",
        "protocols.retire": "protocol:retire",
    },
    places=_places,
    commands=_commands,
    content=Path(__file__).parent / "content",
    code_systems=Path(__file__).parent / "code_systems",
    check=_check,
    compared=_compared,
    daily=(_release_due,),
    home={"ministry-editor": "protocols.releases", "ministry-approver": "protocols.releases"},
)
