"""What the pages load when they start: memory that an idle box spends for good."""

from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
import webui.__main__
from webui.application import make_pages
make_pages()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_what_computes_and_draws_is_loaded_when_it_is_wanted() -> None:
    """Sound, charts of Excel, pictures and the SIP process's engine are not needed to show a page."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOADED], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "pyramid" in loaded
    assert loaded & {"numpy", "xlsxwriter", "openpyxl", "fpdf", "PIL", "soundfile", "twisted"} == set()
