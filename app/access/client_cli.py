"""Commands for systems that fetch their own tokens: ``flask --app app.factory access client …``."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from app.access import clients
from app.access.actor import automation


@click.group("client")
def client_group() -> None:
    """Systems that fetch their own tokens (SMART Backend Services)."""


@client_group.command("add")
@click.argument("key")
@click.option("--name", required=True, help="The system, as the audit names it.")
@click.option(
    "--scopes", required=True, help="What it may ask for at most, such as 'system/Patient.rs system/Observation.cruds'."
)
@click.option(
    "--jwks", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file with its public keys."
)
@click.option("--jwks-url", help="Where its public keys stand (https).")
@click.option(
    "--per-minute", type=int, default=clients.PER_MINUTE, show_default=True, help="Requests a minute; 0: no limit."
)
@with_appcontext
def add(key: str, name: str, scopes: str, jwks: Path | None, jwks_url: str | None, per_minute: int) -> None:
    """Register a client under its client_id."""
    text = jwks.read_text("utf-8") if jwks else None
    with current_app.extensions["maslak.work"](automation("command line")):
        clients.register(key=key, name=name, scopes=scopes, jwks=text, jwks_url=jwks_url, per_minute=per_minute or None)
    click.echo(f"Client {key} is registered")


@client_group.command("list")
@with_appcontext
def list_() -> None:
    """Print the clients, a line each."""
    for client in clients.listed():
        state = "revoked" if client.revoked else "active"
        click.echo("\t".join((client.key, state, client.name, client.scopes, client.jwks_url or "own keys")))


@client_group.command("revoke")
@click.argument("key")
@with_appcontext
def revoke(key: str) -> None:
    """End a client and its tokens now."""
    with current_app.extensions["maslak.work"](automation("command line")):
        clients.revoke(key)
    click.echo(f"Client {key} is revoked")
