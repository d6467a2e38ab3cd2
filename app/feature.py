"""A feature as the platform sees it: one plain value that each feature hands over by the name ``FEATURE``.

The platform never imports a feature by name; ``app.factory`` loads those that the settings list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation: shown to those who hold ``grant``. ``label`` is an English msgid (lazy)."""

    endpoint: str
    label: Any
    grant: str
    order: int = 50
    badge: Callable[[Any], int] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One FHIR operation: ``run(repo, request) -> resource``; ``request`` is an ``app.rest`` OperationRequest.

    ``code`` without the ``$``; ``types`` the resource types it stands on (empty: system level); ``instance`` and
    ``type_level`` say where it can be called; ``grant`` who may; ``affects_state`` whether GET is refused.
    """

    code: str
    run: Callable[[Any, Any], Mapping[str, Any]]
    grant: str
    types: tuple[str, ...] = ()
    instance: bool = True
    type_level: bool = True
    system_level: bool = False
    affects_state: bool = False
    definition: str | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """What a feature brings."""

    name: str
    blueprint: Callable[[], Any] | None = None
    """Makes the Flask blueprint (late, so that a pure import of the feature loads no Flask)."""
    operations: Callable[[], Sequence[Operation]] = tuple
    guards: Mapping[str, Callable[[Any, Any, Any], None]] = field(default_factory=dict)
    """Resource type -> ``guard(repo, before, after)``: raises when the change is not a granted Move."""
    grants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Role -> grants that the feature adds to it."""
    access: Mapping[str, str] = field(default_factory=dict)
    """Endpoint -> the grant it asks for (the access table; every route stands in one)."""
    places: Callable[[], Sequence[Place]] = tuple
    commands: Callable[[], Sequence[Any]] = tuple
    """Click commands or groups."""
    content: Path | None = None
    """The folder whose ``<disease>/*.json`` are loaded by ``content load``."""
    code_systems: Path | None = None
    """The folder of CodeSystems of others: the codes of which the content makes use, and supplements to them."""
    check: Callable[[Sequence[Mapping[str, Any]], Callable[[str], Any]], Sequence[Any]] | None = None
    """``check(resources, definitions) -> issues``: what ``content check`` and a release refuse, beyond FHIR itself."""
    compared: Callable[[Mapping[str, Any], Mapping[str, Any]], Sequence[Any]] | None = None
    """``compared(before, after) -> issues``: what ``content check`` says of a file against the words it replaces."""
    jobs: Mapping[str, Callable[[Any, Mapping[str, Any]], Mapping[str, Any] | None]] = field(default_factory=dict)
    """Outbox topic -> ``handle(repo, payload)``; what it gives back is the payload with which the job goes on."""
    daily: Sequence[Callable[[Any], None]] = ()
    """``act(repo)``: done by the worker once a day, each in a transaction of its own."""
    home: Mapping[str, str] = field(default_factory=dict)
    """Role -> endpoint to which that role is led after sign-in."""
