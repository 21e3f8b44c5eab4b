"""A rule for the leading digits of numbers."""

from __future__ import annotations

import msgspec


class PrefixRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Replace a leading ``match`` by ``replace``; the first rule that matches is applied, once."""

    match: str
    replace: str = ""
