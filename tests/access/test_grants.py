"""What roles and scopes carry."""

import pytest

from app.access.grants import ROLES, merged, of_roles, of_scopes
from app.feature import Feature

TABLE = merged([Feature("protocols", grants={"ministry-approver": frozenset({"protocol:release"})})])


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reads_protocols(role: str) -> None:
    assert "protocol:read" in TABLE[role]


@pytest.mark.parametrize("role", ["ministry-editor", "ministry-approver", "administrator"])
def test_the_ministry_and_the_administrator_see_no_patients(role: str) -> None:
    assert not {"patient:read", "patient:write", "worklist:read", "emergency:open"} & TABLE[role]


@pytest.mark.parametrize("role", ["facility-manager", "regional-delegate"])
def test_those_who_oversee_read_and_do_not_write(role: str) -> None:
    assert "patient:read" in TABLE[role] and "patient:write" not in TABLE[role]


def test_a_feature_adds_its_grants_to_a_role_only() -> None:
    assert "protocol:release" in TABLE["ministry-approver"]
    assert "protocol:release" not in TABLE["ministry-editor"]


def test_an_unknown_role_grants_nothing() -> None:
    assert of_roles({"king"}, TABLE) == frozenset()


def test_scopes_carry_reading_and_writing_but_no_move_that_needs_a_person() -> None:
    reading, writing = of_scopes(["system/Observation.rs?code=1|2.c"]), of_scopes(["system/*.cruds"])
    assert "fhir:read" in reading and "fhir:write" not in reading
    assert {"fhir:read", "fhir:write", "patient:read"} <= writing
    assert not {grant for grant in writing if grant.startswith("protocol:")} - {"protocol:read"}
    assert "account:manage" not in writing
