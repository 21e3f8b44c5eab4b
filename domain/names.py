"""How things may be called: the one rule of names that people give, and of identifiers that machines need.

People name groups, queues, voice menus, voicemail boxes, prompts, robots, webhooks, mailboxes and SMS lines,
in any script: 销售部. Identifiers are ASCII, for they become SIP users, are typed on telephones, or stand in
settings of machines: tenants, logins, extensions, job numbers, trunks, listeners, gateways, tariffs, voices
(prompt packs), nodes of a voice menu.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MOST_CHARACTERS: Final = 40
MOST_OCTETS: Final = 120
"""Of a name in UTF-8: forty Chinese characters."""
IDENTIFIER: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MOST_CHARACTERS - 1}}}", re.ASCII)

_MARKS: Final = "._-"
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Letters and accents that nobody sees (fillers, variation selectors): two names would look like one."""


def as_named(text: str) -> str:
    """Return a name as it is kept, in the one form in which it is found again.

    Spaces around it go, full-width signs of an input method become plain ones, and letters are
    composed (NFKC). Whether it is a name then, :func:`is_name` tells.
    """
    return unicodedata.normalize("NFKC", text).strip(" ")


def is_name(text: str) -> bool:
    """Tell whether something may be called so: letters and digits of any script, after the first also dots,
    dashes, underscores and accents; nothing unseen; as :func:`as_named` returns it."""
    return (
        0 < len(text) <= MOST_CHARACTERS
        and _begins(text[0])
        and all(_begins(char) or _follows(char) for char in text)
        and len(text.encode()) <= MOST_OCTETS
        and _UNSEEN.search(text) is None
        and as_named(text) == text
    )


def _begins(char: str) -> bool:
    kind = unicodedata.category(char)
    return kind.startswith("L") or kind == "Nd"


def _follows(char: str) -> bool:
    return char in _MARKS or unicodedata.category(char) in ("Mn", "Mc")
