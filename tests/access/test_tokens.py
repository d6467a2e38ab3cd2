"""Bearer tokens: shown once, stored hashed, with an end."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.access import accounts, authentication, tokens
from app.access.actor import SYSTEM
from app.access.tables import ApiToken
from app.db import db
from app.errors import Invalid, Unauthorized
from app.store import work


@pytest.fixture
def a_token(people: Flask):
    def issue(scopes: str = "system/*.cruds", minutes: int = 60, **more) -> str:
        with work(SYSTEM):
            return tokens.issue(label="EHR", scopes=scopes, lifetime=timedelta(minutes=minutes), **more)[0]

    return issue


def test_only_the_hash_is_stored(a_token) -> None:
    text = a_token()
    row = db.session.scalars(select(ApiToken)).one()
    assert text not in (row.digest, row.label, row.scopes)
    assert row.digest == tokens.digest(text)


def test_a_token_acts_as_a_system_without_limit_of_establishment(a_token) -> None:
    actor = authentication.token_actor(a_token("system/Patient.rs"))
    assert actor.organizations is None
    assert actor.scopes == {"system/Patient.rs"}
    assert actor.may("fhir:read") and not actor.may("fhir:write")


def test_a_token_of_a_person_keeps_to_the_person(a_token, people: Flask) -> None:
    with work(SYSTEM):
        nurse = accounts.create(username="nurse", name="N", roles=["nurse"], organization="Organization/a").id
    actor = authentication.token_actor(a_token("system/*.cruds", account_id=nurse))
    assert actor.organizations == {"Organization/a"}
    assert actor.may("fhir:write") and not actor.may("account:manage")


def test_an_unknown_token_is_refused(people: Flask) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify("mslk_made-up")


def test_a_token_ends(a_token) -> None:
    text = a_token(minutes=5)
    tokens.verify(text)
    with clock.frozen(clock.now() + timedelta(minutes=6)), pytest.raises(Unauthorized):
        tokens.verify(text)


def test_a_revoked_token_is_refused_at_once(a_token) -> None:
    text = a_token()
    number = tokens.verify(text).id
    with work(SYSTEM):
        tokens.revoke(number)
    with pytest.raises(Unauthorized):
        tokens.verify(text)


@pytest.mark.parametrize("scopes", ["", "everything", "system/*", "system/*.", "system/*.x", "system/*.dr"])
def test_scopes_that_cannot_be_read_are_refused(scopes: str) -> None:
    with pytest.raises(Invalid):
        tokens.checked_scopes(scopes)


def test_the_command_prints_a_token_that_works(people: Flask) -> None:
    from app.access.cli import access_cli

    people.cli.add_command(access_cli)
    done = people.test_cli_runner().invoke(args=["access", "token", "--scopes", "system/*.rs", "--minutes", "5"])
    assert done.exit_code == 0
    assert tokens.verify(done.output.strip()).scopes == ("system/*.rs",)
    done = people.test_cli_runner().invoke(args=["access", "token", "--scopes", "all"])
    assert done.exit_code == 1 and "not a scope" in done.output
