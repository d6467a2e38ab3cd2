"""What a resource leaves in the indexes: all parameters of its type in one walk over its JSON.

The paths of a type are laid together in a tree, keyed by JSON key, so that each element is visited once however many
parameters ask for it; parameters that share a path share its rows (``patient`` and ``subject``, ``code`` and
``combo-code``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from app.fhir.fhirpath import Program, compile
from app.store.codes import path_code
from app.store.parameters import Parameter, contained_parameters, parameters_of
from app.store.paths import Step, paths
from app.store.search.fulltext import index_text
from app.store.values import Emitter, Rows, emitter


@dataclass(slots=True)
class _Node:
    """A place in the tree. ``counted``: the elements of this list bind the parts of a composite together."""

    children: dict[str, list[_Branch]] = field(default_factory=dict)
    emits: list[tuple[int, Emitter]] = field(default_factory=list)
    counted: bool = False


@dataclass(slots=True)
class _Branch:
    step: Step
    node: _Node = field(default_factory=_Node)


def extract(resource: dict[str, Any], contained: bool = False) -> Rows:
    """The index rows of a resource that has passed validation; those of a ``contained`` one stand apart."""
    rows = Rows()
    type = resource["resourceType"]
    _walk(_tree(type, contained), resource, rows, 0)
    if "text" in resource:
        index_text(resource, rows)
    for code, kind, program in _programs(type, contained):
        for fhir_type, value in program.nodes(resource):
            made = emitter(kind, fhir_type.removeprefix("System.").replace("Boolean", "boolean"))
            if made:
                made[1](rows, code, 0, value)
    return rows


def _walk(node: _Node, value: dict[str, Any], rows: Rows, part: int) -> None:
    children = node.children
    for key, found in value.items():
        branches = children.get(key)
        if branches is None:
            continue
        for branch in branches:
            _enter(branch, found, rows, part)


def _enter(branch: _Branch, found: Any, rows: Rows, part: int) -> None:
    step, node = branch.step, branch.node
    if not isinstance(found, list):
        found = (found,)
    elif step.at is not None:
        found = found[step.at : step.at + 1]
    for position, one in enumerate(found):
        if one is None or (step.only and not _kept(one, step.only)):
            continue
        here = position + 1 if node.counted else part
        for path, emit in node.emits:
            emit(rows, path, here, one)
        if node.children and isinstance(one, dict):
            _walk(node, one, rows, here)


def _kept(value: dict[str, Any], only: tuple[str, str]) -> bool:
    key, wanted = only
    if key == "extension":
        return any(extension.get("url") == wanted for extension in value.get("extension", ()))
    return bool(value.get(key) == wanted)


@cache
def _programs(resource_type: str, contained: bool = False) -> list[tuple[int, str, Program]]:
    """What no path can say, for the FHIRPath engine: of R4, ``Patient?deceased`` alone."""
    return [
        (path_code(path.expression + parameter.apart), parameter.kind, compile(path.expression))
        for parameter in (contained_parameters if contained else parameters_of)(resource_type).values()
        for path in parameter.paths
        if path.ways is None
    ]


@cache
def _tree(resource_type: str, contained: bool = False) -> _Node:
    root = _Node()
    for parameter in (contained_parameters if contained else parameters_of)(resource_type).values():
        _plant(root, parameter)
        for base, parts in parameter.components:
            for part in parts:
                _plant(root, part)
            if base != resource_type:
                for path in paths(base):
                    for way in path.ways or ():
                        _grown(root, way).counted = True
    return root


def _plant(root: _Node, parameter: Parameter) -> None:
    for path in parameter.paths:
        code = path_code(path.expression + parameter.index + parameter.apart)
        for way in path.ways or ():
            made = emitter(parameter.kind, way[-1].type, parameter.index) if way else None
            if made and (code, made[1]) not in (node := _grown(root, way)).emits:
                node.emits.append((code, made[1]))


def _grown(root: _Node, way: tuple[Step, ...]) -> _Node:
    node = root
    for step in way:
        branches = node.children.setdefault(step.key, [])
        branch = next((b for b in branches if (b.step.only, b.step.at) == (step.only, step.at)), None)
        if branch is None:
            branch = _Branch(step)
            branches.append(branch)
        node = branch.node
    return node


@cache
def counted_paths(resource_type: str) -> frozenset[int]:
    """The paths below lists that bind composites: one resource may have several equal rows under them."""
    bases = {base for p in parameters_of(resource_type).values() for base, _ in p.components if base != resource_type}
    return frozenset(
        path_code(path.expression + p.index)
        for p in parameters_of(resource_type).values()
        for path in p.paths
        if any(path.expression.startswith(f"{base}.") for base in bases)
    )
