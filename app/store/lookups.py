"""Reads that use cases need by the hundred: a definition by its canonical, the newest Observation of many patients."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from app.errors import NotFound
from app.fhir.json import loads
from app.fhir.resource import Resource, parse_canonical
from app.store.codes import system_code, type_codes, type_names
from app.store.parameters import parameters_of, searchable_types
from app.store.parsed import Known
from app.store.search.token import pair
from app.store.tables import LIVE
from app.store.unit import Unit


@cache
def _url_paths() -> tuple[int, ...]:
    """The paths of ``url`` in every type that has one."""
    return tuple(
        code
        for type in searchable_types()
        for code in (parameters_of(type)["url"].codes() if "url" in parameters_of(type) else ())
    )


def canonical(unit: Unit, reference: str) -> Resource:
    """The definition of ``url|version``; of ``url`` alone, the latest active business version. Raises NotFound."""
    unit.flush()
    wanted = parse_canonical(reference)
    paths = ", ".join(map(str, _url_paths()))
    rows = unit.driver.rows(
        "select h.seq, h.updated from index_uri i join head h on h.key = i.key "
        f"where i.value = ? and i.path in ({paths}) and h.state = {LIVE}",
        (wanted.url,),
    )
    found = _definitions(unit, [(seq, updated) for seq, updated in rows])
    if wanted.version:
        exact = [one for one in found if one.get("version") == wanted.version]
    else:
        exact = sorted((one for one in found if one.get("status") == "active"), key=business_version)
    if not exact:
        raise NotFound(f"There is no {reference}" + ("." if wanted.version else " in force."))
    return exact[-1]


def _definitions(unit: Unit, versions: list[Known]) -> list[Resource]:
    """The resources of stored versions; of what has been parsed before, no body is read."""
    parsed = unit.known.parsed
    found = {one: resource for one in versions if (resource := parsed.get(one)) is not None}
    wanted = {seq: (seq, updated) for seq, updated in versions if (seq, updated) not in found}
    if wanted:
        sql = f"select v.seq, v.body from version v where {unit.driver.among('v.seq')}"
        for seq, body in unit.driver.rows(sql, (unit.driver.listed(wanted),)):
            found[wanted[seq]] = parsed.read(wanted[seq], bytes(body), remember=not unit.changed)
    return [found[one] for one in versions]


def standing(unit: Unit, references: Iterable[str]) -> set[str]:
    """Those of the references (``Type/id``) that are there and not deleted, in one query.

    On PostgreSQL they are held until the commit, as a foreign key would hold them: whoever deletes one waits, and then
    sees what refers to it. Changing one meanwhile is free.
    """
    unit.flush()
    codes = type_codes()
    wanted = set(references)
    types = {reference.partition("/")[0] for reference in wanted} & codes.keys()
    if not types:
        return set()
    ids = sorted({reference.partition("/")[2] for reference in wanted})
    hold = " order by h.key for key share" if unit.driver.name == "postgresql" else ""
    rows = unit.driver.rows(
        f"select h.type, h.id, h.state from head h where h.type in ({', '.join(str(codes[t]) for t in sorted(types))}) "
        f"and {unit.driver.among('h.id', 'text')}{hold}",
        (unit.driver.listed(ids),),
    )
    names = type_names()
    return {f"{names[type]}/{id}" for type, id, state in rows if state == LIVE} & wanted


def business_version(resource: Mapping[str, Any]) -> tuple[Any, ...]:
    """A key that sorts ``version`` as semantic versions; a pre-release comes before its release (https://semver.org
    §11).
    """
    text = str(resource.get("version", ""))
    core, _, pre = text.partition("-")
    numbers = tuple(int(part) if part.isdecimal() else 0 for part in core.split("."))
    parts = tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in re.split(r"\.", pre)) if pre else ()
    return numbers, not pre, parts


def latest(unit: Unit, type: str, patient_ids: Iterable[str], code: str) -> dict[str, Resource]:
    """Patient id -> its newest resource with this ``system|code``, by the primary date. Those out of scope are left
    out.
    """
    return {patient: found[0] for patient, found in recent(unit, type, patient_ids, code, 1).items()}


def recent(unit: Unit, type: str, patient_ids: Iterable[str], code: str, count: int) -> dict[str, list[Resource]]:
    """Patient id -> its newest resources with this ``system|code``, newest first, ``count`` at most; one query."""
    unit.flush()
    names = list(dict.fromkeys(patient_ids))
    keys = unit.heads.find(f"Patient/{id}" for id in names)
    hidden = unit.scope.hidden(keys.values())
    by_key = {key: reference.removeprefix("Patient/") for reference, key in keys.items() if key not in hidden}
    if not by_key:
        return {}
    system, value = pair(code)
    path = parameters_of(type)["code"].codes()[0]
    ranked = (
        f"from index_token t where t.path = {path} and t.code = ? and t.system = ? "
        f"and t.patient = p.value order by t.at desc, t.key desc limit {int(count)}"
    )
    driver, one = unit.driver, (value, system_code(system))
    if driver.name == "postgresql":  # by the patients' own rows, whatever the planner thinks of a list of any length
        sql = (
            f"select h.patient, h.id, h.key, v.body, r.at from {driver.table_of('p')} "
            f"cross join lateral (select t.key, t.at {ranked}) r "
            "join head h on h.key = r.key join version v on v.seq = h.seq order by r.at desc, h.key desc"
        )
        rows = driver.rows(sql, (driver.listed(by_key), *one))
    else:  # SQLite has no lateral, and keeps the order of a cross join: patients first
        sql = (
            f"select h.patient, h.id, h.key, v.body, t.at from {driver.table_of('p')} "
            f"cross join head h on h.key in (select t.key {ranked}) cross join version v on v.seq = h.seq "
            f"cross join index_token t on t.key = h.key and /*+*/t.path = {path} and t.code = ? and t.system = ? "
            "order by t.at desc, h.key desc"
        )
        rows = driver.rows(sql, (driver.listed(by_key), *one, *one))
    found: dict[str, list[Resource]] = {}
    for patient, id, key, body in {row[2]: row[:4] for row in rows}.values():
        unit.ledger.note("R", patient, f"{type}/{id}", key)
        found.setdefault(by_key[patient], []).append(loads(bytes(body)))
    return found
