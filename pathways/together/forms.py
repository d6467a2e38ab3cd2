"""One form of several Questionnaires: what two of them ask is asked once, and answered in both.

``merged`` puts the questions of later forms behind those of the first, or into the group that both have; a question
that measures the same thing (same codes, type and answers) is left out there. What has to be answered comes first,
remarks come last. Lists of which several answers may be ticked become one list. ``split`` turns the answer into one
QuestionnaireResponse for each form, the shared answers in each, so that every stored response stands by itself.
Extraction runs once, on the merged form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.fhir.resource import Resource, canonical, extension
from pathways.questionnaire import sdc
from pathways.questionnaire.context import ValueSets

URL = "urn:maslak:together"


@dataclass(frozen=True)
class Together:
    """``form``: the merged Questionnaire; ``places``: for each source (in order) its linkId -> linkId in the form."""

    form: Resource
    sources: tuple[Resource, ...]
    places: tuple[Mapping[str, str], ...]

    def value_sets(self, lookup: ValueSets) -> ValueSets:
        """The lookup of the merged form."""
        return listed_together(lookup)

    def asking(self, link_id: str) -> list[int]:
        """The numbers of the sources that ask the question with this linkId of the form."""
        return [number for number, names in enumerate(self.places) if link_id in names.values()]


def listed_together(lookup: ValueSets) -> ValueSets:
    """The lookup of any merged form: a list made of several, which its address names, holds every code of each once,
    in their order.
    """

    def listed(url: str) -> Sequence[tuple[str, str, str]]:
        if not url.startswith(f"{URL}:"):
            return lookup(url)
        found: dict[tuple[str, str], tuple[str, str, str]] = {}
        for part in url.removeprefix(f"{URL}:").split("+"):
            for one in lookup(part):
                found.setdefault(one[:2], one)
        return list(found.values())

    return listed


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
        added: dict[str, list[Resource]] = {}
        kept = _kept(source.get("item", ()), names, new, added)
        items = [*_with(items, added), *kept]
        places.append(names)
    items.sort(key=_rank)
    form = {
        key: value for key, value in first.items() if key not in ("id", "meta", "item", "extension", "version", "url")
    }
    form |= {
        "url": f"{URL}:{'+'.join(str(one.get('url')) for one in questionnaires)}",
        "version": "+".join(str(one.get("version", "")) for one in questionnaires),
        "extension": _extensions(questionnaires),
        "item": _joined(items, _shared(questionnaires, places)),
    }
    return Together(form, tuple(questionnaires), tuple(places))


def split(together: Together, response: Resource, value_sets: ValueSets) -> list[Resource]:
    """One QuestionnaireResponse for each source, in its own linkIds and order, unanswered items left out.

    An answer that a source does not know is left out of its response; where none is left of a list that has an answer
    for *none of these*, that answer is given.
    """
    if len(together.sources) == 1:
        return [response]
    found = []
    for source, names in zip(together.sources, together.places, strict=True):
        items = _answered(source.get("item", ()), names, _by_link(response.get("item", ())), value_sets)
        about = {key: value for key, value in response.items() if key not in ("item", "questionnaire")}
        found.append(about | {"questionnaire": canonical(source)} | ({"item": items} if items else {}))
    return found


def identity(item: Mapping[str, Any], inside: str = "") -> str:
    """What a question measures: its codes within those of the groups around it, type and possible answers."""
    codes = sorted(f"{code.get('system')}|{code.get('code')}" for code in item.get("code", ()))
    answers = item.get("answerValueSet") or json.dumps(item.get("answerOption", ()), sort_keys=True, default=str)
    if codes and item.get("repeats") and "answerValueSet" in item:
        answers = "ticked"
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


def _kept(
    items: Iterable[Resource], names: Mapping[str, str], new: set[str], added: dict[str, list[Resource]]
) -> list[Resource]:
    """The items that the merged form does not have yet, in its names; ``added`` collects what goes below others."""
    kept = []
    for item in items:
        below = _kept(item.get("item", ()), names, new, added)
        if item["linkId"] not in new:
            added.setdefault(names[item["linkId"]], []).extend(one for one in below if one["type"] != "display")
        elif item["type"] != "group" or any(one["type"] != "display" for one in below):
            own = _renamed({key: value for key, value in item.items() if key != "item"}, names)
            own["linkId"] = names[item["linkId"]]
            kept.append(own | ({"item": below} if below else {}))
    return kept


def _with(items: Iterable[Resource], added: Mapping[str, list[Resource]]) -> list[Resource]:
    """The items, with what later forms add below them."""
    made = []
    for item in items:
        below = [*_with(item.get("item", ()), added), *added.get(item["linkId"], ())]
        made.append(item | {"item": below} if below else item)
    return made


def _rank(item: Resource) -> int:
    """What has to be answered first, remarks last; each in the order of the forms."""
    if item["type"] == "text" and not item.get("code"):
        return 2
    return 0 if any(one.get("required") for one in _walk([item])) else 1


def _shared(sources: Sequence[Resource], places: Sequence[Mapping[str, str]]) -> dict[str, list[Resource]]:
    """linkId of the form -> the questions that it stands for."""
    found: dict[str, list[Resource]] = {}
    for source, names in zip(sources, places, strict=True):
        for item in _walk(source.get("item", ())):
            found.setdefault(names[item["linkId"]], []).append(item)
    return found


def _joined(items: Iterable[Resource], shared: Mapping[str, list[Resource]]) -> list[Resource]:
    """The items, asked as strictly as the strictest of the questions they stand for, with the answers of all."""
    made = []
    for item in items:
        sources = shared[item["linkId"]]
        more: Resource = {"required": True} if any(one.get("required") for one in sources) else {}
        lists = list(dict.fromkeys(one["answerValueSet"] for one in sources if "answerValueSet" in one))
        if len(lists) > 1:
            more["answerValueSet"] = f"{URL}:{'+'.join(lists)}"
        if "item" in item:
            more["item"] = _joined(item["item"], shared)
        made.append(item | more)
    return made


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


Given = Mapping[str, list[Resource]]


def _by_link(items: Iterable[Resource]) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for item in _walk(items):
        found.setdefault(item["linkId"], []).append(item)
    return found


def _answered(
    items: Iterable[Resource], names: Mapping[str, str], given: Given, value_sets: ValueSets
) -> list[Resource]:
    found = []
    for item in items:
        here = given.get(names[item["linkId"]], [])
        below = item.get("item", ())
        if item["type"] == "group" and item.get("repeats"):
            for one in here:
                if children := _answered(below, names, _by_link(one.get("item", ())), value_sets):
                    found.append({"linkId": item["linkId"], "item": children})
            continue
        children = _answered(below, names, given, value_sets)
        if item["type"] == "group":
            if children:
                found.append({"linkId": item["linkId"], "item": children})
        elif here and (answers := _own_answers(item, here[0].get("answer", ()), value_sets)):
            first = answers[0] | ({"item": children} if children else {})
            found.append({"linkId": item["linkId"], "answer": [first, *answers[1:]]})
    return found


def _own_answers(item: Resource, answers: Iterable[Resource], value_sets: ValueSets) -> list[Resource]:
    plain = [{key: value for key, value in one.items() if key != "item"} for one in answers]
    if not plain or "answerValueSet" not in item:
        return plain
    known = {(system, code) for system, code, _ in value_sets(item["answerValueSet"])}
    own = [one for one in plain if not known or _pair(one) in known]
    none = extension(item, sdc.EXCLUSIVE_ANSWER)
    return own or ([{"valueCoding": none}] if none else [])


def _pair(answer: Resource) -> tuple[str | None, str | None]:
    coding = answer.get("valueCoding", {})
    return coding.get("system"), coding.get("code")


def _links(questionnaire: Resource) -> list[str]:
    return [item["linkId"] for item in _walk(questionnaire.get("item", ()))]


def _walk(items: Iterable[Resource]) -> Iterable[Resource]:
    for item in items:
        yield item
        yield from _walk(item.get("item", ()))
        for answer in item.get("answer", ()):
            yield from _walk(answer.get("item", ()))
