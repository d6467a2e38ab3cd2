"""search, by GET, by POST _search and within a compartment: https://hl7.org/fhir/R4/http.html#search"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from urllib.parse import quote

from app.errors import Issue, Malformed, NotFound
from app.fhir.compartment import holds_its_owner, parameters_for, types_in
from app.fhir.outcome import outcome
from app.fhir.repository import Repository
from app.rest.asked import Answer, Asked, Parameters, encoded
from app.rest.bundles import next_link, resume, searchset
from app.rest.permission import seen
from app.rest.reach import reached
from app.rest.summary import wanted
from app.store.parameters import parameters_of

DEFAULT_COUNT = 50
MAX_COUNT = 1000
_PRESENTATION = ("_format", "_pretty", "_summary", "_elements", "_page")


def search(repo: Repository, asked: Asked) -> Answer:
    """``GET Type?…``: one page of what matches, stored bytes as they are.

    A parameter that is not known is refused (400) with ``Prefer: handling=strict``, else named in an OperationOutcome
    entry, never dropped in silence. ``_summary=count`` and ``_count=0`` give the total alone.
    """
    path = f"/{asked.type}" if asked.type else ""
    asked, cursor = resume(asked, path)
    part = wanted(asked)
    count = count_of(asked)
    if (part and part.mode == "count") or count == 0:
        return _counted(repo, asked, path)
    reached(asked)
    query = _query(asked, asked.without(*_PRESENTATION, "_count"), count, cursor)
    page = repo.page(query, strict=asked.prefer.strict)
    page = SimpleNamespace(
        matches=page.matches,
        included=seen(repo, page.included),
        total=page.total,
        next=page.next,
        issues=[*page.issues, *_cut(asked)],
    )
    links = {"self": _self_link(asked, path, page.issues)} | next_link(asked, path, page.next)
    return Answer(200, searchset(page, asked, links, part, _notes(page.issues)))


def search_all_types(repo: Repository, asked: Asked) -> Answer:
    """``GET ?_type=A,B&…``: one search over several types. Raises Malformed (400) without ``_type``."""
    if asked.first("_type") is None and asked.first("_page") is None:
        raise Malformed("A search over all types needs _type=Patient,Observation,… (or name the type in the address).")
    return search(repo, asked)


def search_compartment(repo: Repository, asked: Asked) -> Answer:
    """``GET Patient/1/Observation?…``: those of the type that belong to the compartment (``*``: of all types)."""
    compartment = f"{asked.within}/{asked.id}"
    if asked.type == "*":
        repo.raw(str(asked.within), str(asked.id))
        types = () if asked.first("_type") else (("_type", ",".join(types_in(str(asked.within)))),)
        within = (*types, ("_compartment", compartment), *asked.parameters)
        return search(repo, asked.at(parameters=within, type=None, id=None))
    named = parameters_for(str(asked.within), str(asked.type))
    owner = asked.type == asked.within and holds_its_owner(str(asked.within))
    if not named and not owner:
        raise NotFound(f"{asked.type} is not in the {asked.within} compartment: nothing is under {compartment}.")
    repo.raw(str(asked.within), str(asked.id))
    parameter = named[0] if len(named) == 1 and not owner else "_compartment"
    return search(repo, asked.at(parameters=((parameter, compartment), *asked.parameters), id=None))


def count_of(asked: Asked) -> int:
    """``_count``, at most MAX_COUNT. Raises Malformed (400) on what is not a whole number."""
    text = asked.first("_count")
    if text is None or text == "":
        return DEFAULT_COUNT
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Malformed(f"_count={text}: write a whole number from 0 to {MAX_COUNT}.", expression="http._count")
    if int(text) > MAX_COUNT and asked.prefer.strict:
        raise Malformed(over(text), expression="http._count")
    return min(int(text), MAX_COUNT)


def over(count: str) -> str:
    """What is said of a page that would be too long: refused when strict, cut with a warning otherwise."""
    return f"_count={count}: a page has {MAX_COUNT} at most; follow the next link for more."


def _cut(asked: Asked) -> list[Issue]:
    text = asked.first("_count") or "0"
    return [Issue(over(text), "too-costly", severity="warning")] if int(text) > MAX_COUNT else []


def _relative(asked: Asked, pair: tuple[str, str]) -> tuple[str, str]:
    """A reference that names this server's own address is searched as ``Type/id`` as well."""
    name, value = pair
    own = f"{asked.base}/"
    parameter = parameters_of(asked.type).get(name.split(":")[0]) if asked.type and own in value else None
    if parameter is None or parameter.kind != "reference":
        return pair
    both = (f"{one},{one.removeprefix(own)}" if one.startswith(own) else one for one in value.split(","))
    return name, ",".join(both)


def _query(asked: Asked, parameters: Parameters, count: int, cursor: str | None = None) -> str:
    named = any(asked.base in value for _, value in parameters)
    meant = tuple(_relative(asked, pair) for pair in parameters) if named else parameters
    return f"{asked.type or ''}?{encoded((*meant, *paging(count, cursor, asked.within_scopes)))}"


def paging(count: int, cursor: str | None, within: Sequence[str]) -> Parameters:
    """The parameters of the store by which a page is asked for; ``within``: queries of which a match must meet one."""
    limiting = (("_any", ",".join(quote(one, safe="") for one in within)),) if within else ()
    return *limiting, ("_count", str(count)), *((("_cursor", cursor),) if cursor else ())


def _counted(repo: Repository, asked: Asked, path: str) -> Answer:
    reached(asked)
    left_out = (*_PRESENTATION, "_count", "_sort", "_include", "_revinclude", "_total")
    page = repo.page(_query(asked, (*asked.without(*left_out), ("_total", "accurate")), 0), strict=asked.prefer.strict)
    none = SimpleNamespace(matches=(), included=(), total=page.total)
    return Answer(
        200, searchset(none, asked, {"self": _self_link(asked, path, page.issues)}, None, _notes(page.issues))
    )


def _self_link(asked: Asked, path: str, issues: Sequence[Issue]) -> str:
    """The parameters that were used: those that were ignored do not stand in it."""
    ignored = {issue.expression.removeprefix("http.") for issue in issues if issue.expression}
    ignored |= {"_format", "_pretty"}
    used = tuple([pair for pair in asked.parameters if pair[0] not in ignored])
    return f"{asked.base}{path}" + (f"?{encoded(used)}" if used else "")


def _notes(issues: Sequence[Issue]) -> dict[str, object] | None:
    return outcome(issues) if issues else None
