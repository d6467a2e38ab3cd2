"""One form of several Questionnaires: what two of them ask is asked once, and answered in both.

``merged`` puts the questions of later forms behind those of the first; a question that measures the same thing (same
codes, type and answers) is left out there. ``split`` turns the answer into one QuestionnaireResponse for each form, the
shared answers in each, so that every stored response stands by itself. Extraction runs once, on the merged form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.fhir.resource import Resource, canonical

URL = "urn:maslak:together"


@dataclass(frozen=True)
class Together:
    """``form``: the merged Questionnaire; ``places``: for each source (in order) its linkId -> linkId in the form."""

    form: Resource
    sources: tuple[Resource, ...]
    places: tuple[Mapping[str, str], ...]


def merged(questionnaires: Sequence[Resource]) -> Together:
    """The form of one or more Questionnaires; a single one is its own form."""
    first = questionnaires[0]
    if len(questionnaires) == 1:
        return Together(first, (first,), ({link: link for link in _links(first)},))
    asked: dict[str, str] = {}
    items: list[Resource] = []
    places = []
    for number, source in enumerate(questionnaires):
        names, new = _placed(source, number, asked)
        items += _kept(source.get("item", ()), names, new)
        places.append(names)
    form = {
        key: value for key, value in first.items() if key not in ("id", "meta", "item", "extension", "version", "url")
    }
    form |= {
        "url": f"{URL}:{'+'.join(canonical(one) for one in questionnaires)}",
        "version": "+".join(str(one.get("version", "")) for one in questionnaires),
        "extension": _extensions(questionnaires),
        "item": items,
    }
    return Together(form, tuple(questionnaires), tuple(places))


def split(together: Together, response: Resource) -> list[Resource]:
    """One QuestionnaireResponse for each source, in its own linkIds and order, unanswered items left out."""
    if len(together.sources) == 1:
        return [response]
    answers = {item["linkId"]: item for item in _walk(response.get("item", ()))}
    found = []
    for source, names in zip(together.sources, together.places, strict=True):
        items = _answered(source.get("item", ()), names, answers)
        about = {key: value for key, value in response.items() if key not in ("item", "questionnaire")}
        found.append(about | {"questionnaire": canonical(source)} | ({"item": items} if items else {}))
    return found


def identity(item: Mapping[str, Any], inside: str = "") -> str:
    """What a question measures: its codes within those of the groups around it, type and possible answers."""
    codes = sorted(f"{code.get('system')}|{code.get('code')}" for code in item.get("code", ()))
    answers = item.get("answerValueSet") or json.dumps(item.get("answerOption", ()), sort_keys=True, default=str)
    if not codes:
        return f"{inside}/{item['linkId']}:{item['type']}:{item.get('text', '')}:{answers}"
    return f"{inside}/{','.join(codes)}:{item['type']}:{answers}"


def _placed(source: Resource, number: int, asked: dict[str, str]) -> tuple[dict[str, str], set[str]]:
    """(linkId -> linkId in the merged form, linkIds that are new there); ``asked`` (identity -> linkId) grows."""
    names: dict[str, str] = {}
    new: set[str] = set()
    taken = set(asked.values())

    def visit(items: Iterable[Resource], inside: str) -> None:
        for item in items:
            here, link = identity(item, inside), item["linkId"]
            if here not in asked:
                asked[here] = link if link not in taken else f"p{number + 1}-{link}"
                new.add(link)
            names[link] = asked[here]
            visit(item.get("item", ()), here if item["type"] == "group" and item.get("code") else inside)

    visit(source.get("item", ()), "")
    return names, new


def _kept(items: Iterable[Resource], names: Mapping[str, str], new: set[str]) -> list[Resource]:
    """The items that the merged form does not have yet, in its names; what stands below a shared one moves up."""
    kept = []
    for item in items:
        below = _kept(item.get("item", ()), names, new)
        if item["linkId"] not in new:
            kept += [one for one in below if one["type"] != "display"]
        elif item["type"] != "group" or any(one["type"] != "display" for one in below):
            own = _renamed({key: value for key, value in item.items() if key != "item"}, names)
            own["linkId"] = names[item["linkId"]]
            kept.append(own | ({"item": below} if below else {}))
    return kept


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """References to linkIds (enableWhen, expressions that quote them) in the form's names."""
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    if isinstance(value, dict):
        made = {key: _renamed(one, names) for key, one in value.items()}
        if "question" in made and "operator" in made:
            made["question"] = names.get(made["question"], made["question"])
        return made
    if isinstance(value, str) and "'" in value:
        for old, new in names.items():
            if old != new:
                value = value.replace(f"'{old}'", f"'{new}'")
    return value


def _extensions(questionnaires: Sequence[Resource]) -> list[Resource]:
    found: list[Resource] = []
    for source in questionnaires:
        found += [one for one in source.get("extension", ()) if one not in found]
    return found


def _answered(items: Iterable[Resource], names: Mapping[str, str], answers: Mapping[str, Resource]) -> list[Resource]:
    found = []
    for item in items:
        children = _answered(item.get("item", ()), names, answers)
        given = answers.get(names[item["linkId"]], {})
        if item["type"] == "group":
            if children:
                found.append({"linkId": item["linkId"], "item": children})
        elif given.get("answer"):
            found.append({"linkId": item["linkId"], "answer": given["answer"]})
    return found


def _links(questionnaire: Resource) -> list[str]:
    return [item["linkId"] for item in _walk(questionnaire.get("item", ()))]


def _walk(items: Iterable[Resource]) -> Iterable[Resource]:
    for item in items:
        yield item
        yield from _walk(item.get("item", ()))
        for answer in item.get("answer", ()):
            yield from _walk(answer.get("item", ()))
