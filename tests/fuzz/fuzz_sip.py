"""Fuzz parsing, checking, header values and SDP with atheris.

``python -m tests.fuzz.fuzz_sip -max_total_time=600 -max_len=4096 WORK tests/fuzz/corpus`` keeps what it finds
in the folder WORK; a crash leaves a ``crash-*`` file: make it a seed of the corpus with the repair.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["b2bua"]):
    from tests.fuzz.exercise import exercise


def main() -> None:
    """Run until told to stop."""
    atheris.Setup(sys.argv, exercise)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
