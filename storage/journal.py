"""The append-only journal: its events and its file format."""

from __future__ import annotations

from storage.events import Event

__all__ = ["Event"]
