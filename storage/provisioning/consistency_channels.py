"""What must fit together in mailboxes and SMS lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from storage.provisioning.problems import Problem
from storage.provisioning.reading import Wishes
from storage.provisioning.state import Configuration

_400: Final = re.compile("400[0-9]{7}", re.ASCII)
_OF_SMS: Final = "4001"
_KEYS: Final = {"mailboxes": "address", "sms_lines": "number"}


def check_channels(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    """Return what does not fit because of what the file wishes."""
    for kind, field in _KEYS.items():
        for wish in wishes.parts[kind]:
            part = after.parts[kind].get((wish.tenant, wish.key))
            if part is None or wish.absent:
                continue
            value = getattr(part, field)
            if not value:
                yield wish.problem("empty", field)
            if part.queue and (wish.tenant, part.queue) not in after.parts["queues"]:
                yield wish.problem("no-queue", "queue", value=part.queue, tenant=wish.tenant)
            for (tenant, name), other in after.parts[kind].items():
                if (tenant, name) != (wish.tenant, wish.key) and getattr(
                    other, field
                ).lower() == value.lower():
                    yield wish.problem("channel-taken", field, value=value, tenant=tenant)
            if kind == "sms_lines" and _400.fullmatch(value):
                owner = after.numbers.get(value)
                if not value.startswith(_OF_SMS) or owner is None or owner[0] != wish.tenant:
                    yield wish.problem("sms-400", field, value=value)
