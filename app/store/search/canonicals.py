"""Canonical references as steps from resource to resource (https://hl7.org/fhir/R4/references.html#canonical).

``url|version`` leads to that business version, ``url`` alone to the version in force: the latest active one. The other
way round, a definition is reached by who names its very version, and by who names its url alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from app.store.codes import type_codes
from app.store.driver import Driver
from app.store.lookups import business_version
from app.store.parameters import parameters_of, searchable_types
from app.store.search.conditions import on_paths
from app.store.tables import LIVE


@cache
def _definition_paths(code: str, type: str | None = None) -> tuple[int, ...]:
    """The paths of ``url``, ``version`` or ``status`` in every type that has a url, or in one."""
    tables = [parameters_of(one) for one in ([type] if type else searchable_types())]
    return tuple(path for table in tables if "url" in table and code in table for path in table[code].codes())


def forward(driver: Driver, keys: Iterable[int], paths: Sequence[int], target: str | None) -> list[int]:
    """The head keys of the definitions that resources name under these paths; ``target`` limits their type."""
    listed = driver.listed(keys)
    named = driver.rows(
        f"select distinct i.value, i.version from index_uri i where {driver.among('i.key')} and {on_paths(paths)}",
        (listed,),
    )
    urls = _definition_paths("url", target)
    if not named or not urls:
        return []
    token = "select max(t.code) from index_token t where t.key = i.key and t.path in"
    rows = driver.rows(
        f"select i.value, i.key, ({token} ({_list('version', target)})), ({token} ({_list('status', target)})) "
        f"from index_uri i join head h on h.key = i.key and h.state = {LIVE} "
        f"where {on_paths(urls)} and {driver.among('i.value', 'text')}"
        + (f" and h.type = {type_codes()[target]}" if target else ""),
        (driver.listed(sorted({url for url, _ in named})),),
    )
    found: set[int] = set()
    for url, version in named:
        versions = [(key, held or "", status) for value, key, held, status in rows if value == url]
        if version:
            found |= {key for key, held, _ in versions if held == version}
        elif active := [
            (business_version({"version": held}), key) for key, held, status in versions if status == "active"
        ]:
            found.add(max(active)[1])
    return sorted(found)


def backward(driver: Driver, keys: Iterable[int], paths: Sequence[int], most: int) -> list[int]:
    """The head keys of what names these definitions under the paths, ``most`` at most."""
    version = f"select t.code from index_token t where t.key = u.key and t.path in ({_list('version')})"
    found = driver.rows(
        f"select distinct i.key from index_uri u join index_uri i on i.value = u.value and {on_paths(paths)} "
        f"where {driver.among('u.key')} and u.path in ({_list('url')}) "
        f"and (i.version = '' or i.version in ({version})) limit {most}",
        (driver.listed(keys),),
    )
    return [row[0] for row in found]


def chained(paths: Sequence[int], target: str, inner: str) -> str:
    """SQL for a row ``i`` of ``index_uri`` that names, under the paths, a definition among ``inner`` (head keys)."""
    version = f"select t.code from index_token t where t.key = u.key and t.path in ({_list('version', target)})"
    return (
        f"{on_paths(paths)} and exists (select 1 from index_uri u where u.value = i.value "
        f"and u.path in ({_list('url', target)}) and u.key in ({inner}) "
        f"and (i.version = '' or i.version in ({version})))"
    )


def named_by(paths: Sequence[int], inner: str) -> str:
    """SQL that holds for a definition (``@key``) that resources among ``inner`` (keys) name under the paths."""
    version = f"select t.code from index_token t where t.key = u.key and t.path in ({_list('version')})"
    return (
        f"@key in (select u.key from index_uri i join index_uri u on u.value = i.value and u.path in ({_list('url')}) "
        f"where {on_paths(paths)} and i.key in ({inner}) and (i.version = '' or i.version in ({version})))"
    )


def has_url(type: str) -> bool:
    """Whether resources of a type are named by canonicals."""
    return "url" in parameters_of(type)


def _list(code: str, type: str | None = None) -> str:
    return ", ".join(map(str, _definition_paths(code, type))) or "null"
