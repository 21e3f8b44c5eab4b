"""What a mobile number and an e-mail address that people are reached at look like. Pure."""

from __future__ import annotations

import re
from typing import Final

MOBILE: Final = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
"""A mobile number of the mainland (手机号)."""
EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}", re.ASCII
)
"""What browsers take for an e-mail address (HTML), with a domain of two names at least."""
