"""The only reader and writer of FHIR translations (https://hl7.org/fhir/R4/extension-translation.html).

A text element (string or markdown) holds the primary language; the others stand in the ``translation`` extension of its
``_element``. Reading falls back from the language asked for to its base, then to French, then to the primary value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

Resource = dict[str, Any]

URL = "http://hl7.org/fhir/StructureDefinition/translation"
LAST_RESORT = "fr"
"""The language in which all content of the Ministry exists."""

_STEP = re.compile(r"(?P<name>[A-Za-z]+)(?:\[(?P<index>\d+)\])?")


@lru_cache(64)
def preferences(language: str) -> tuple[str, ...]:
    """Languages to try, best first: ``ar-MA`` → ``("ar-MA", "ar", "fr")``; an underscore (``ar_MA``) is understood."""
    tag = language.replace("_", "-")
    return tuple(dict.fromkeys((tag, tag.split("-")[0], LAST_RESORT)))


def text(
    owner: Mapping[str, Any] | None, field: str, lang: str, fallback: str | None = None, *, primary: str | None = None
) -> str | None:
    """The text of ``owner[field]`` in the best language there is; ``fallback`` where there is no text at all.

    ``primary`` is the language of the plain value (the resource's ``language``): it counts as a translation into that
    language; where a field repeats, the first text answers.
    """
    if not owner:
        return fallback
    value, beside = owner.get(field), owner.get(f"_{field}")
    if isinstance(value, list) or isinstance(beside, list):
        pairs = _pairs(value, beside)
        value, beside = next(pairs, (None, None))
    found = _best(value, beside, lang, primary)
    return fallback if found is None else found


def texts(owner: Mapping[str, Any] | None, field: str, lang: str, *, primary: str | None = None) -> list[str]:
    """All texts of a repeated field in the best language of each."""
    if not owner:
        return []
    found = (_best(value, beside, lang, primary) for value, beside in _pairs(owner.get(field), owner.get(f"_{field}")))
    return [one for one in found if one is not None]


def translations(owner: Mapping[str, Any] | None, field: str, index: int | None = None) -> dict[str, str]:
    """Language → text of the translations of a field (of one item where it repeats), the primary value left out."""
    beside = (owner or {}).get(f"_{field}")
    if isinstance(beside, list):
        beside = beside[index or 0] if (index or 0) < len(beside) else None
    return _table(beside)


def translated(owner: Mapping[str, Any], field: str, wording: Mapping[str, str], index: int | None = None) -> Resource:
    """Another owner whose field has these translations too: ``translated(action, "title", {"ar": "..."})``.

    Languages not named are kept, one given an empty text is taken away. ``index`` chooses the item of a repeated field.
    Where there is no primary value yet, the first of the wording becomes it and is a translation as well.
    """
    made = dict(owner)
    if index is not None or isinstance(owner.get(field), list):
        made.pop(f"_{field}", None)
        return made | _translated_item(owner, field, wording, index or 0)
    if field not in made and (first := next((word for word in wording.values() if word), None)):
        made[field] = first
    present = made.pop(f"_{field}", None)
    beside = _with_table(present, {**_table(present), **wording} if present else wording)
    if beside:
        made[f"_{field}"] = beside
    return made


def element(wording: Mapping[str, str]) -> Resource:
    """The ``_element`` that holds these translations: language → text."""
    entries = [_entry(language, word) for language, word in wording.items() if word]
    return {"extension": entries} if entries else {}


def _translated_item(owner: Mapping[str, Any], field: str, wording: Mapping[str, str], index: int) -> Resource:
    values = list(owner.get(field, ()))
    beside = list(owner.get(f"_{field}", ()))
    size = max(len(values), len(beside), index + 1)
    values += [None] * (size - len(values))
    beside += [None] * (size - len(beside))
    if values[index] is None:
        values[index] = next((word for word in wording.values() if word), None)
    beside[index] = _with_table(beside[index], {**_table(beside[index]), **wording}) or None
    return {field: values} | ({f"_{field}": beside} if any(beside) else {})


def localize(resource: Any, lang: str) -> Any:
    """Another resource whose translated texts read in ``lang``; the translation extensions are taken away."""
    primary = resource.get("language") if isinstance(resource, dict) else None
    return _localized(resource, lang, primary)


def _localized(value: Any, lang: str, primary: str | None) -> Any:
    if isinstance(value, list):
        return [_localized(item, lang, primary) for item in value]
    if not isinstance(value, dict):
        return value
    made: Resource = {}
    for key, item in value.items():
        if key[0] == "_" and _carries(item):
            _localize_field(made, value, key[1:], lang, primary)
        elif f"_{key}" not in value or key not in made:
            made[key] = _localized(item, lang, primary)
    return made


def _localize_field(made: Resource, owner: Mapping[str, Any], field: str, lang: str, primary: str | None) -> None:
    value, beside = owner.get(field), owner[f"_{field}"]
    if not isinstance(beside, list):
        if (best := _best(value, beside, lang, primary)) is not None:
            made[field] = best
        if kept := _with_table(beside, {}):
            made[f"_{field}"] = kept
        return
    pairs = list(_pairs(value, beside, keep=True))
    made[field] = [_best(one, other, lang, primary) for one, other in pairs]
    kept_list = [_with_table(other, {}) or None for _, other in pairs]
    if any(kept_list):
        made[f"_{field}"] = kept_list


def missing(resource: Mapping[str, Any], languages: Iterable[str], paths: Iterable[str]) -> list[str]:
    """FHIRPath-like places of texts that lack a language: ``PlanDefinition.action[0].title [ar]``.

    ``paths`` are element paths without indexes: ``action.title``, ``item.item.text``, or ``*.title`` for every title at
    any depth. A text counts as written in the resource's own ``language``.
    """
    root, primary = resource.get("resourceType", ""), resource.get("language")
    wanted = tuple(languages)
    lacking = []
    for path in paths:
        for place, value, beside in _places(resource, path.split("."), root):
            table = _table(beside)
            for language in wanted:
                if _text_in(language, value, table, primary) is None:
                    lacking.append(f"{place} [{language}]")
    return list(dict.fromkeys(lacking))


def _places(value: Any, steps: list[str], place: str) -> Iterator[tuple[str, Any, Any]]:
    """(place, primary text, its ``_element``) of every text at a path."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, steps, f"{place}[{index}]")
        return
    if not isinstance(value, dict):
        return
    name, rest = steps[0], steps[1:]
    if name == "*":
        yield from _places(value, rest, place)
        for key, item in value.items():
            if key[0] != "_" and isinstance(item, (dict, list)):
                yield from _places(item, steps, f"{place}.{key}")
    elif rest:
        yield from _places(value.get(name), rest, f"{place}.{name}")
    else:
        plain, beside = value.get(name), value.get(f"_{name}")
        if isinstance(plain, list) or isinstance(beside, list):
            for index, (one, other) in enumerate(_pairs(plain, beside, keep=True)):
                yield f"{place}.{name}[{index}]", one, other
        elif isinstance(plain, str) or _carries(beside):
            yield f"{place}.{name}", plain, beside


def _pairs(value: Any, beside: Any, *, keep: bool = False) -> Iterator[tuple[Any, Any]]:
    """Value and ``_element`` of each item; the shorter list is filled with None. ``keep``: empty pairs too."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    others = beside if isinstance(beside, list) else [] if beside is None else [beside]
    for index in range(max(len(values), len(others))):
        pair = (values[index] if index < len(values) else None, others[index] if index < len(others) else None)
        if keep or pair != (None, None):
            yield pair


def _best(value: Any, beside: Any, lang: str, primary: str | None) -> Any:
    table = _table(beside)
    for language in preferences(lang):
        if (found := _text_in(language, value, table, primary)) is not None:
            return found
    return value if value is not None else next(iter(table.values()), None)


def _text_in(language: str, value: Any, table: Mapping[str, str], primary: str | None) -> str | None:
    """The text in a language, or in a regional form of it."""
    if language in table:
        return table[language]
    if value is not None and primary is not None and (primary == language or primary.split("-")[0] == language):
        return str(value)
    return next((word for tag, word in table.items() if tag.split("-")[0] == language), None)


def _carries(beside: Any) -> bool:
    """Whether an ``_element`` (or a list of them) holds a translation."""
    if isinstance(beside, list):
        return any(_carries(one) for one in beside)
    return isinstance(beside, dict) and any(e.get("url") == URL for e in beside.get("extension", ()))


def _table(beside: Any) -> dict[str, str]:
    """Language → text of an ``_element``."""
    table: dict[str, str] = {}
    for entry in (beside or {}).get("extension", ()):
        if entry.get("url") == URL:
            parts = {part.get("url"): part for part in entry.get("extension", ())}
            language = parts.get("lang", {}).get("valueCode")
            content = parts.get("content", {})
            word = content.get("valueString", content.get("valueMarkdown"))
            if language and word:
                table.setdefault(language, word)
    return table


def _with_table(beside: Any, table: Mapping[str, str]) -> Resource:
    """Another ``_element`` with exactly these translations; other extensions stay."""
    told = element(table)
    if not beside:
        return told
    others = [entry for entry in beside.get("extension", ()) if entry.get("url") != URL]
    entries = others + told.get("extension", [])
    rest = {key: item for key, item in beside.items() if key != "extension"}
    return rest | ({"extension": entries} if entries else {})


def _entry(language: str, word: str) -> Resource:
    content = {"url": "content", "valueString": word}
    return {"url": URL, "extension": [{"url": "lang", "valueCode": language}, content]}
