"""Makes the application: settings, platform, then the features that the settings list."""

from __future__ import annotations

import app.collector  # first of all, so that the imports below are not collected over and over

# isort: split
import importlib
from collections.abc import Mapping
from typing import Any

import click
from flask import Flask

import app.access
import app.cli
import app.i18n
import app.rest
import app.store
import app.web
from app.config import SettingMissing, from_environment
from app.db import db
from app.db import init_app as init_database
from app.feature import Feature


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """The WSGI application.

    ``settings`` are laid over those of the environment (tests name their database there). Raises SettingMissing when
    a production server has no SECRET_KEY.
    """
    flask = Flask("app", static_folder=None, template_folder=None)
    flask.config.from_mapping(_environment())
    flask.config.from_mapping(settings or {})
    features = load_features(flask.config["FEATURES"])
    flask.extensions["features"] = features

    init_database(flask)
    app.i18n.init_app(flask)
    app.access.init_app(flask, features)
    app.web.init_app(flask, features)
    flask.register_blueprint(app.rest.blueprint(features), url_prefix="/fhir")
    for feature in features:
        add_feature(flask, feature)
    app.cli.init_app(flask, features)
    return flask


def _environment() -> dict[str, Any]:
    """The settings; on the command line what is missing is told in one line."""
    try:
        return from_environment()
    except SettingMissing as error:
        if click.get_current_context(silent=True) is None:
            raise
        raise click.ClickException(error.message) from error


def load_features(names: tuple[str, ...]) -> tuple[Feature, ...]:
    """The FEATURE value of each named package, from its ``feature`` module."""
    return tuple(importlib.import_module(f"{name}.feature").FEATURE for name in names)


def add_feature(flask: Flask, feature: Feature) -> None:
    """Let a feature's pages, guards and commands in."""
    if feature.blueprint:
        flask.register_blueprint(feature.blueprint())
    for resource_type, guard in feature.guards.items():
        app.store.register_guard(flask, resource_type, guard)
    for command in feature.commands():
        flask.cli.add_command(command)


__all__ = ["create_app", "db"]
