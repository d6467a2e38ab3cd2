"""The commands that following adds."""

from __future__ import annotations

COMMANDS: tuple[object, ...] = ()
