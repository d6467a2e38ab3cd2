"""Names of people as they are looked for: by any word, in either script, in the spellings that Morocco writes.

``keys`` is what a name leaves in the index (search parameter ``name-key``), ``sought`` what is looked up for a word
that was typed. They belong together: when either changes, the rows that stand are made anew by ``store reindex``.

- marks, hamza on its seats, ة/ه, ى/ي, Persian and Maghrebi letters, case and accents: ``app.fhir.normalise``;
- the article: ``البناني`` and ``بناني``, ``El Fassi``, ``Elfassi`` and ``Fassi`` find each other;
- particles, glued or apart: ``Ben Ali`` and ``Benali``, ``عبد الله`` and ``عبدالله``;
- Latin spellings of one sound: ``Bennani``/``Benani``, ``Ouazzani``/``Wazzani``, ``Youssef``/``Youcef`` (``sounded``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile

from app.fhir.normalise import normalised

ARTICLES = frozenset({"ال", "el", "al", "l"})
PARTICLES = ARTICLES | {
    *("ben", "bent", "bint", "ibn", "bou", "abou", "abu", "abd", "ait", "oulad", "ould", "oum"),
    *("بن", "بنت", "ابن", "بو", "ابو", "عبد", "ايت", "اولاد", "ولد", "ام"),
}
GLUED = ("abd", "ait", "ben", "bou", "عبد", "بن", "ايت", "بو")
_SOUNDS = (
    ("sh", "ch"), ("dj", "j"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("qu", "k"), ("q", "k"),
    ("ce", "se"), ("ci", "si"), ("cy", "si"), ("ou", "o"), ("w", "o"), ("u", "o"),
    ("ai", "i"), ("ay", "i"), ("y", "i"), ("e", "i"),
)  # fmt: skip
_HARD_C = re.compile("c(?!h)")
_TWICE = re.compile(r"(.)\1+")


def keys(text: str) -> list[str]:
    """The keys of a name, each once: its words and what else they may be typed as."""
    typed = normalised(text).split()
    found = [*typed, *_joined(typed)]
    for word in tuple(found):
        found += [rest for rest in (bare(word), _without_particle(word)) if rest != word]
    return list(dict.fromkeys([*found, *(sounded(word) for word in found if word.isascii())]))


def sought(word: str) -> tuple[list[str], list[str]]:
    """(beginnings of keys, whole keys) of which one must be there for a word that was typed, or the beginning of one.

    A Latin article that is glued is only taken off for a whole key: ``Elham`` does not look for ``Hamid``.
    """
    typed = "".join(normalised(word).split())
    if not typed.isascii():
        return list(dict.fromkeys([typed, bare(typed, 2)])), []
    rest = bare(typed)
    whole = [] if rest == typed else [rest, sounded(rest)]
    return list(dict.fromkeys([typed, sounded(typed)])), list(dict.fromkeys(whole))


def bare(word: str, least: int = 3) -> str:
    """A normalised word without its article, where at least so many letters are left."""
    if word[:2] in ("ال", "el", "al") and len(word) - 2 >= least:
        return word[2:]
    return word


@lru_cache(20_000)
def sounded(word: str) -> str:
    """A normalised Latin word as French and English spellings of one Arabic name have it in common.

    Letter by letter, so that the beginning of a name gives the beginning of its key; silent ``e`` and ``h`` at the end
    are left out.
    """
    if len(word) > 3 and (word[-1] == "e" or (word[-1] == "h" and word[-2] not in "ckgsdpt")):
        word = word[:-1]
    for written, sound in _SOUNDS:
        word = word.replace(written, sound)
    return _TWICE.sub(r"\1", _HARD_C.sub("k", word))


def _joined(typed: list[str]) -> list[str]:
    """Particles with the name that follows, as one word: ``ben el arbi`` gives ``benelarbi`` and ``elarbi``."""
    found = []
    for place, word in enumerate(typed):
        run = list(takewhile(PARTICLES.__contains__, typed[place:]))
        if word in PARTICLES and place + len(run) < len(typed):
            found.append("".join([*run, typed[place + len(run)]]))
    return found


def _without_particle(word: str) -> str:
    first = next((one for one in GLUED if word.startswith(one)), "")
    return bare(word[len(first) :]) if first and len(word) - len(first) >= 3 else word
