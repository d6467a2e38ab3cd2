"""Commands for accounts, establishments, tokens and systems: ``flask --app app.factory access …``."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from app.access import accounts, csv_rows, facilities, passwords, staff, staff_import, tokens
from app.access.actor import automation
from app.access.client_cli import client_group
from app.access.grants import ROLES
from app.errors import MaslakError

# The unit of work stands above this room; the shell hands it over when the application is made.
WORK = "maslak.work"


def _work() -> Any:
    return current_app.extensions[WORK](automation("command line"))


class _Told(click.Group):
    """A group whose commands tell a domain error in one line a problem and leave with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MaslakError as error:
            texts = dict.fromkeys(
                [*(f"{issue.expression}: {issue}" if issue.expression else str(issue) for issue in error.issues)]
            )
            raise click.ClickException("; ".join(texts)) from error


@click.group("access", cls=_Told)
def access_cli() -> None:
    """Who may come in: accounts, establishments, tokens."""


@access_cli.command("token")
@click.option("--scopes", required=True, help="SMART v2 scopes, such as 'system/*.cruds'.")
@click.option("--minutes", default=60, show_default=True, type=click.IntRange(1))
@click.option("--label", default="command line", show_default=True, help="What it is for.")
@click.option("--account", "username", help="Act as this person instead of as a system.")
@with_appcontext
def token(scopes: str, minutes: int, label: str, username: str | None) -> None:
    """Print a new bearer token for /fhir; only its hash is kept."""
    with _work():
        account = _account(username) if username else None
        text, _ = tokens.issue(
            label=label, scopes=scopes, lifetime=timedelta(minutes=minutes), account_id=account.id if account else None
        )
    click.echo(text)


@access_cli.command("revoke")
@click.argument("token_id", type=int)
@with_appcontext
def revoke(token_id: int) -> None:
    """End a token now."""
    with _work():
        row = tokens.revoke(token_id)
        click.echo(f"Token {row.id} ({row.label}) is revoked")


@access_cli.group("account", cls=_Told)
def account_group() -> None:
    """People who sign in."""


@account_group.command("create")
@click.argument("username")
@click.option("--name", required=True)
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES))
@click.option("--establishment", help="Its facility number, or Organization/id.")
@click.option("--email")
@click.option("--language", default="fr", show_default=True, type=click.Choice(["fr", "ar"]))
@click.option("--name-ar", default="", help="The name in Arabic letters.")
@click.option("--inpe", default="", help="Professional number, for those who treat patients.")
@with_appcontext
def account_create(
    username: str, name: str, roles: tuple[str, ...], establishment: str | None, inpe: str, name_ar: str, **more: Any
) -> None:
    """Make an account and print its temporary password."""
    password = passwords.temporary_password()
    with _work() as repo:
        place = _place(repo, establishment) if establishment else None
        who: dict[str, Any] = {"name": name, "name_ar": name_ar, "roles": roles, "organization": place}
        made = accounts.create(username=username, password=password, temporary=True, **who, **more)
        made.practitioner = staff.practitioner(repo, inpe=inpe, **who)
    click.echo(f"{username}\t{password}")


@account_group.command("list")
@click.argument("words", nargs=-1)
@with_appcontext
def account_list(words: tuple[str, ...]) -> None:
    """Print accounts, a line each."""
    after = ""
    while found := accounts.listed(after=after, words=" ".join(words), count=200):
        for account in found:
            state = "" if account.active else "\tinactive"
            cells = (account.username, account.name, " ".join(account.role_names), account.organization or "")
            click.echo("\t".join(cells) + state)
        after = found[-1].username


@account_group.command("reset")
@click.argument("username")
@with_appcontext
def account_reset(username: str) -> None:
    """Give an account a temporary password and print it; every session of the account ends."""
    password = passwords.temporary_password()
    with _work():
        passwords.set_password(_account(username), password, temporary=True)
    click.echo(f"{username}\t{password}")


_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_DRY = click.option("--dry-run", is_flag=True, help="Say what would be made, changed and refused, and do nothing.")
_YES = click.option("--yes", is_flag=True, help="Do not ask before it is done.")


@account_group.command("import")
@_FILE
@_DRY
@_YES
@with_appcontext
def account_import(file: Path, dry_run: bool, yes: bool) -> None:
    """Make and change accounts from a CSV file; says what will happen first, then prints the temporary passwords."""
    _import(file, staff_import, dry_run=dry_run, yes=yes)


@access_cli.group("facilities", cls=_Told)
def facilities_group() -> None:
    """The tree of establishments."""


@facilities_group.command("import")
@_FILE
@_DRY
@_YES
@with_appcontext
def facilities_import(file: Path, dry_run: bool, yes: bool) -> None:
    """Make and change establishments from a CSV file; says what will happen first, and what is refused and why."""
    _import(file, facilities, dry_run=dry_run, yes=yes)


access_cli.add_command(client_group)


def _import(file: Path, room: Any, *, dry_run: bool, yes: bool) -> None:
    """Rehearse, say what would happen; then, unless somebody says no, do it. Leaves with 1 where lines are refused."""
    rows = csv_rows.read(file.read_bytes(), room.COLUMNS, room.MORE_COLUMNS)
    report = csv_rows.rehearsed(_work, room.import_rows, rows)
    for changed in report.changed:
        click.echo(str(changed), err=True)
    for refused in report.refused:
        click.echo(str(refused), err=True)
    asks = not yes and sys.stdin.isatty()
    if dry_run or (asks and report.acts):
        _count(report, "to make, {} to change, {} as they are, {} refused")
    if report.acts and not dry_run and (not asks or click.confirm("Go on?", err=True)):
        with _work() as repo:
            report = room.import_rows(repo, rows)
        for username, password in report.passwords:
            click.echo(f"{username}\t{password}")
        _count(report, "made, {} changed, {} as they were, {} refused")
    elif not dry_run:
        click.echo("Nothing is changed", err=True)
    if report.refused:
        sys.exit(1)


def _count(report: csv_rows.Report, words: str) -> None:
    rest = words.format(len(report.changed), len(report.unchanged), report.lines_refused)
    click.echo(f"{len(report.created)} {rest}", err=True)


def _account(username: str) -> Any:
    account = accounts.by_name(username)
    if account is None:
        raise click.ClickException(f"there is no account {username}")
    return account


def _place(repo: Any, text: str) -> str:
    found = (
        repo.find(text)
        if text.startswith("Organization/")
        else repo.first(f"Organization?identifier={facilities.NUMBER}|{text}")
    )
    if found is None:
        raise click.ClickException(f"there is no establishment {text}")
    return f"Organization/{found['id']}"
