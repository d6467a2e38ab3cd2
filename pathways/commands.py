"""The commands that following adds: the demo region."""

from __future__ import annotations

import sys
from time import perf_counter

import click
from flask.cli import with_appcontext

from app.errors import MaslakError
from pathways.simulator import load, region


@click.group("demo")
def demo_cli() -> None:
    """A demo region: real places, invented people, simulated care."""


@demo_cli.command("load")
@click.option("--patients", default=300, show_default=True, type=click.IntRange(1, 10_000_000))
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same people on the same day.")
@with_appcontext
def demo_load(patients: int, seed: int) -> None:
    """Make the establishments, the staff and the simulated patients, and print the sign-ins."""
    started = perf_counter()
    try:
        load.refuse_production()
        before = load.state()
        if before is not None and before.complete:
            click.echo(f"Demo: {before.patients} patients of {before.day} are there already")
        else:
            click.echo(f"Demo: simulating two years of care of {(before or patients) and patients} patients…")
            at = load.load(patients, seed, _progress)
            click.echo(f"Demo: {at.patients} patients loaded in {perf_counter() - started:.1f} s")
    except MaslakError as error:
        raise click.ClickException(error.message) from error
    print_sign_ins()


@demo_cli.command("sign-ins")
@with_appcontext
def demo_sign_ins() -> None:
    """Print the sign-ins of the demo region again."""
    if load.state() is None:
        raise click.ClickException("there is no demo region here: load it with 'demo load'")
    print_sign_ins()


def print_sign_ins() -> None:
    """One account of every role, with the password that all of them share."""
    click.echo(f"\nSign in with the password {region.PASSWORD} as")
    for one in region.sign_ins():
        click.echo(f"  {one.username:<15} {one.role:<19} {one.language}  {one.name}, {one.establishment}")


def _progress(done: int, total: int) -> None:
    """A line that counts; on a terminal it is written over."""
    text = f"Demo: {done}/{total} patients"
    if sys.stderr.isatty():
        click.echo(f"\r{text}", nl=done >= total, err=True)
    elif done % max(100, total // 1000 * 25) == 0:
        click.echo(text, err=True)


COMMANDS = (demo_cli,)
