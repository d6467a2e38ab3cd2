"""Identifiers: time-ordered UUIDs (version 7, RFC 9562 §5.7), so that new rows stand beside each other in an index."""

from __future__ import annotations

import os
import time

_VARIANT = {digit: "89ab"[number % 4] for number, digit in enumerate("0123456789abcdef")}


def new_id() -> str:
    """A fresh UUIDv7 as text, 36 characters, lower case."""
    time_part = f"{time.time_ns() // 1_000_000:012x}"
    chance = os.urandom(10).hex()
    return f"{time_part[:8]}-{time_part[8:12]}-7{chance[:3]}-{_VARIANT[chance[3]]}{chance[4:7]}-{chance[7:19]}"
