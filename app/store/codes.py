"""Numbers for what index rows repeat a million times: resource types, element paths, code systems.

None of them is kept in a table that could drift from the code: types are counted over the fixed list of R4, paths and
systems are hashes of their text, so every process and every database agrees without asking.
"""

from __future__ import annotations

from functools import cache, lru_cache
from hashlib import blake2b
from zlib import crc32

from app.fhir.definitions import resource_types

NO_SYSTEM = 0
OTHER_REFERENCE = 0
"""The path of references that no search parameter names; they count for referential integrity."""


@cache
def type_codes() -> dict[str, int]:
    """Resource type -> small number from 1, over the sorted names of R4 4.0.1, a list that is closed."""
    return {name: number for number, name in enumerate(sorted(resource_types()), 1)}


@cache
def type_names() -> dict[int, str]:
    """The way back from ``type_codes``."""
    return {number: name for name, number in type_codes().items()}


@cache
def path_code(expression: str) -> int:
    """A signed 32-bit number of an element path such as ``Observation.code``; a test proves that no two are alike."""
    number = crc32(expression.encode())
    return number - 2**32 if number >= 2**31 else number


@lru_cache(4096)
def system_code(uri: str | None) -> int:
    """A signed 64-bit hash of a code system's or naming system's URI; ``NO_SYSTEM`` where there is none."""
    return hash64(uri) if uri else NO_SYSTEM


def hash64(text: str) -> int:
    """A signed 64-bit number of a text, the same in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True) or 1
