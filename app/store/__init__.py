"""The only code that queries resources: ``work()``, the Repository it hands out, search, history, indexing, audit.

ARCHITECTURE says how things flow; ``docs/adr/0001-storage.md`` why the tables are as they are, and what was measured.
"""

from __future__ import annotations

from app.store import connecting, tables
from app.store.guards import register_guard
from app.store.search.valuesets import register_expander
from app.store.stored import Page, RawPage, Stored
from app.store.work import work

__all__ = ["Page", "RawPage", "Stored", "connecting", "register_expander", "register_guard", "tables", "work"]
