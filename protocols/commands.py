"""Commands of publishing."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.access.actor import automation
from app.fhir.resource import canonical
from app.store import work
from protocols import publishing

RELEASER = automation("release-due")

protocols_cli = AppGroup("protocols", help="Publishing of protocols and pathways.")


@protocols_cli.command("release-due")
def release_due() -> None:
    """Put into force what was approved and planned for today or earlier. Meant for every morning."""
    from protocols.views.release import checks

    with work(RELEASER) as repo:
        released = publishing.release_due(repo, checks=checks())
    for library in released:
        click.echo(canonical(library))
    click.echo(f"{len(released)} released")


COMMANDS = (protocols_cli,)
