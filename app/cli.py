"""The commands of the platform; each feature adds its own."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import content
from app.access.cli import access_cli
from app.config import ROOT
from app.db import db
from app.errors import MaslakError
from app.feature import Feature
from app.jobs.worker import run_daily, run_pending
from app.store.reindex import store_cli


def init_app(flask: Flask, features: Sequence[Feature]) -> None:
    """Add the commands to ``flask --app app.factory``."""
    for command in (access_cli, store_cli, content_cli, jobs_cli, start):
        flask.cli.add_command(command)


@click.group("content")
def content_cli() -> None:
    """National content: protocols, pathways and what they are made of."""


@content_cli.command("load")
@click.option("--replace", is_flag=True, help="Overwrite what stands in the store with other words (authors at work).")
@with_appcontext
def content_load(replace: bool) -> None:
    """Load what is new."""
    load_content(replace)


def load_content(replace: bool = False) -> None:
    """Load with progress, and say what was left alone."""
    started = perf_counter()
    shown = Progress("Loading the national content")
    done = content.load(current_app.extensions["features"], replace=replace, progress=shown)
    shown.end()
    if done.new:
        click.echo(f"Content: {len(done.new)} resources loaded in {perf_counter() - started:.1f} s")
    for reference in done.different:
        click.echo(f"Content: {reference} is released with other words and stays as it is: give the file a new version")


@content_cli.command("check")
@with_appcontext
def content_check() -> None:
    """Validate every content file, and hold it against what stands in the store; exit 1 when something is wrong."""
    from app.store.migrated import pending

    features = current_app.extensions["features"]
    found = content.check(features, {} if pending() else content.stored(features))
    for path, issue in found:
        click.echo(f"{path.parent.name}/{path.name}: {issue.expression or ''}: {issue}")
    click.echo(f"{len(found)} problems" if found else "Content: nothing to complain of")
    if any(issue.severity in ("error", "fatal") for _, issue in found):
        sys.exit(1)


@click.group("jobs")
def jobs_cli() -> None:
    """Work that is done after the answer: e-mail, notices."""


@jobs_cli.command("run")
@click.option("--once", is_flag=True, help="Do what is waiting and stop.")
@click.option("--parent", type=int, help="Stop when this process is gone.")
@with_appcontext
def jobs_run(once: bool, parent: int | None) -> None:
    """Do the work that is waiting in the outbox, and what is done once a day."""
    done = run_pending(current_app.extensions["features"], forever=not once, parent=parent)
    click.echo(f"Jobs: {done} done")


@click.command("start")
@click.option("--demo", is_flag=True, help="Load a demo region of simulated patients when there is none yet.")
@with_appcontext
def start(demo: bool) -> None:
    """Bring the database up to date, load the content, and serve."""
    from app import serving  # late: no other command needs granian

    require_free(*_address())
    serving.apart(partial(prepare, demo))
    serve()


def _address() -> tuple[str, int]:
    """Where it listens: HOST and PORT, 127.0.0.1 and 8000 by default."""
    return os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))


def require_free(host: str, port: int) -> None:
    """Raises ClickException where somebody listens already: granian would share the port and answer every other
    request.
    """
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return  # an address that cannot be had at all is told by the server
            raise click.ClickException(
                f"Port {port} is taken: is Maslak running already? PORT={port + 1} make run serves on another."
            ) from error


def prepare(demo: bool) -> None:
    """Migrations, content and, where asked for, the demo region: each does nothing where it is done already."""
    prepare_database()
    try:
        load_content()
        if demo:
            load_demo()
    except MaslakError as error:
        raise click.ClickException(error.message) from error


def prepare_database() -> None:
    """Run the migrations that are missing."""
    from flask_migrate import upgrade

    from app.store.migrated import pending

    if pending():
        click.echo("Preparing the database…")
        upgrade(directory=str(ROOT / "migrations"))


def load_demo() -> None:
    """Let the features bring their demo region (each does nothing where it already stands)."""
    for name in ("demo",):
        group: Any = current_app.cli.commands.get(name)
        if group:
            click.get_current_context().invoke(group.commands["load"])


def serve() -> None:
    """Be the server (granian). What is imported already is not imported again."""
    from app import serving

    host, port = _address()
    production = current_app.config["PRODUCTION"]
    # Requests are work for the processor: threads of one process only wait for each other (docs/benchmarks.md).
    workers = os.environ.get("WORKERS") or ((os.cpu_count() or 1) + 1 if production else 1)
    threads = os.environ.get("THREADS") or (1 if production else 4)
    features = current_app.extensions["features"]
    jobs = partial(run_pending, features, forever=True, parent=os.getpid(), daily=_daily)
    working = os.environ.get("WORKER", "1") != "0"  # the jobs run beside the server and end with it
    if working and not serving.forks():
        words = ["-W", "ignore::DeprecationWarning", "-m", "flask", "--app", "app.factory", "jobs", "run"]
        subprocess.Popen([sys.executable, *words, "--parent", str(os.getpid())], stdout=subprocess.DEVNULL)
    click.echo(f"\nMaslak is at http://{host}:{port}   (Ctrl-C stops it)")
    made: Any = current_app
    serving.serve(
        made._get_current_object(),
        target="app.server:application",
        host=host,
        port=port,
        workers=int(workers),
        threads=int(threads),
        beside=jobs if working else None,
    )


def _daily(features: Iterable[Feature]) -> None:
    """The day's work holds 150 MB while it lasts, and Python would keep them."""
    from app import serving

    db.session.remove()
    db.engine.dispose()
    serving.in_passing(partial(run_daily, features))


class Progress:
    """A line that counts, shown only where somebody looks and only after a second."""

    def __init__(self, label: str):
        self.label = label
        self.started = perf_counter()
        self.shown = False

    def __call__(self, done: int, total: int) -> None:
        if perf_counter() - self.started > 1 and sys.stderr.isatty():
            self.shown = True
            click.echo(f"\r{self.label}: {done}/{total}", nl=False, err=True)

    def end(self) -> None:
        if self.shown:
            click.echo("", err=True)
