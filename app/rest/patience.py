"""What another transaction stood in the way of is done once more: the store's patience, as this door knows it."""

from __future__ import annotations

from app.store.patience import TIMES, patiently

__all__ = ["TIMES", "patiently"]
