"""The record of one patient in memory, with indexes made when first asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pathways.facts.matching import ValueSets, codes
from pathways.facts.query import Coded, Criterion, Query, coded, read, sort_key

Resource = dict[str, Any]
Index = dict[tuple[str | None, str | None], list[Resource]]
"""(system, code) → resources, in the order received."""
MATCH = {"mode": "match"}
NOTHING: Resource = {"resourceType": "Bundle", "type": "searchset", "total": 0}
"""The answer to every query that finds nothing. Treat it as constant."""
OWNERS = frozenset({"patient", "subject"})
"""Parameters that nearly every query of a record repeats, and nearly every resource meets."""


class Facts:
    """All that is known of a patient at ``now`` (aware). Never changes: ``and_also`` makes another.

    Later resources of the same ``Type/id`` replace earlier ones, so that request data stands over stored data.
    """

    __slots__ = ("_answers", "_by_code", "_by_id", "_by_type", "_others", "_value_sets", "now")

    def __init__(self, resources: Iterable[Resource], now: datetime, value_sets: ValueSets | None = None):
        self.now = now
        self._value_sets = value_sets
        self._by_id: dict[str, dict[str, Resource]] = {}
        self._by_code: dict[str, Index] = {}
        self._answers: dict[tuple[str, ...], Resource] = {}
        self._others: dict[tuple[Any, ...], set[int]] = {}
        by_id = self._by_id
        for index, resource in enumerate(resources):
            kind = resource["resourceType"]
            found = by_id.get(kind)
            if found is None:
                found = by_id[kind] = {}
            found[resource.get("id") or f"#{index}"] = resource
        self._by_type = {kind: list(found.values()) for kind, found in by_id.items()}

    def and_also(self, resources: Iterable[Resource]) -> Facts:
        """Other facts: these, and over them the given resources."""
        mine = [one for some in self._by_type.values() for one in some]
        return Facts([*mine, *resources], self.now, self._value_sets)

    def of_type(self, type: str) -> list[Resource]:
        """All resources of a type, in the order received."""
        return list(self._by_type.get(type, ()))

    def get(self, reference: str) -> Resource | None:
        """The resource of ``Type/id`` (an absolute reference or a version is cut to it); None where unknown."""
        kind, slash, id = reference.partition("/")
        if "/" in id:
            kind, slash, id = "/".join(reference.partition("/_history/")[0].split("/")[-2:]).partition("/")
        return self._by_id.get(kind, {}).get(id) if slash and id[:1] != "#" else None

    def query(self, text: str, values: Sequence[str] = ()) -> Resource:
        """The searchset Bundle that a server would answer, over this record alone. The same query is answered once.

        ``values`` fill the places of a text made with ``place``. Raises Malformed (a value cannot be read) or
        NotSupported (a parameter or modifier that is not evaluated here).
        """
        key = (text, *values)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = self.answer(read(text), values)
        return answer

    def answer(self, query: Query, values: Sequence[str] = ()) -> Resource:
        """The same for a query that has been read, each time anew. Raises as ``query``."""
        candidates, rest = self._by_type.get(query.type), query.criteria
        if candidates:
            found = query.coded or coded(rest, values)
            if found is not None:
                candidates, rest = self._of_codes(query.type, found), found.rest
            for criterion in rest:
                if not candidates:
                    break
                candidates = self._matching(query.type, criterion, values, candidates)
        if not candidates:
            return NOTHING
        if len(candidates) > 1:
            for _, find, kind, descending in reversed(query.sort):
                keys = [sort_key(kind, find(one), descending) for one in candidates]
                order = sorted(range(len(keys)), key=keys.__getitem__, reverse=descending)
                candidates = [candidates[at] for at in order]
        shown = candidates if query.count is None else candidates[: query.count]
        entries = [{"resource": one, "search": MATCH} for one in shown]
        if query.include:
            entries += [{"resource": one, "search": {"mode": "include"}} for one in self._included(query, shown)]
        bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(candidates)}
        return bundle | {"entry": entries} if entries else bundle

    def _of_codes(self, type: str, asked: Coded) -> list[Resource]:
        """The resources with one of some codes, in the order received."""
        index = self._by_code.get(type)
        if index is None:
            index = self._by_code[type] = self._indexed(type, asked.criterion)
        if len(asked.pairs) == 1:
            return index.get(asked.pairs[0], [])
        lists = [one for pair in asked.pairs if (one := index.get(pair))]
        if len(lists) < 2:
            return lists[0] if lists else []
        found = {id(one) for some in lists for one in some}
        return [one for one in self._by_type[type] if id(one) in found]

    def _matching(
        self, type: str, criterion: Criterion, values: Sequence[str], candidates: list[Resource]
    ) -> list[Resource]:
        """The candidates that meet a criterion. Whose they are is worked out once for all resources of a type."""
        asked, element = criterion.codes, criterion.element
        if asked is not None and element is not None:
            try:
                return [one for one in candidates if one.get(element) in asked]
            except TypeError:  # a status that is a list or an object: no code
                pass
        if criterion.name not in OWNERS or criterion.modifier:
            filled = criterion.filled(values)
            test, find = filled.test(self.now, self._value_sets), filled.read
            return [one for one in candidates if test(find(one))]
        key = (type, criterion.name, criterion.texts, *values)
        others = self._others.get(key)
        if others is None:
            others = self._others[key] = self._not_theirs(criterion.filled(values), self._by_type[type])
        return [one for one in candidates if id(one) not in others] if others else candidates

    def _not_theirs(self, criterion: Criterion, resources: list[Resource]) -> set[int]:
        """Which resources are of somebody else. Nearly all name the same person in the same words as the first one."""
        test, find, element = criterion.test(self.now, self._value_sets), criterion.read, criterion.element
        if element is None:
            return {id(one) for one in resources if not test(find(one))}
        usual = resources[0].get(element)
        found = {id(one) for one in resources if one.get(element) != usual and not test(find(one))}
        if not test(find(resources[0])):
            found.update(id(one) for one in resources if one.get(element) == usual)
        return found

    def _indexed(self, type: str, criterion: Criterion) -> Index:
        """The resources of a type by their ``code``."""
        index: Index = defaultdict(list)
        find, element = criterion.read, criterion.element
        for resource in self._by_type.get(type, ()):
            value = resource.get(element) if element is not None else None
            if value.__class__ is dict and "coding" in value and len(value["coding"]) == 1:
                one = value["coding"][0]
                index[one.get("system"), one.get("code")].append(resource)
            elif value is not None or element is None:
                for pair in {pair: None for found in find(resource) for pair in codes(found)}:
                    index[pair].append(resource)
        return index

    def _included(self, query: Query, matches: list[Resource]) -> list[Resource]:
        found: dict[str, Resource] = {}
        for find in query.include:
            for resource in matches:
                for value in find(resource):
                    reference = value.get("reference", "") if isinstance(value, dict) else str(value)
                    if (target := self.get(reference)) is not None:
                        found.setdefault(reference, target)
        return list(found.values())
