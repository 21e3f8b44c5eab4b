"""What a command said is told in a line."""

from __future__ import annotations

import sys

import pytest

from box400.upgrade.machine import MachineFailed, last_words, run

SAID = """\
TASK [base : Set the host name] ************************************************
ok: [localhost]

TASK [base : Install what the box needs] ***************************************
fatal: [localhost]: FAILED! =>
    changed: false
    msg: No package matching 'chrony' is available

PLAY RECAP *********************************************************************
localhost : ok=9 changed=0 unreachable=0 failed=1
"""


def test_the_task_that_failed_and_why() -> None:
    """Of Ansible's pages."""
    said = last_words(SAID)
    assert said.startswith("TASK [base : Install what the box needs] | fatal: [localhost]: FAILED! =>")
    assert "msg: No package matching 'chrony' is available" in said


def test_a_command_that_fails() -> None:
    """Its name, its status, the end of what it said; one that is not there is told, too."""
    with pytest.raises(MachineFailed, match=r"\(3\): no room") as failure:
        run(sys.executable, "-c", "import sys; print('no room'); sys.exit(3)")
    assert "执行失败（3）：no room" in failure.value.zh
    with pytest.raises(MachineFailed, match="is not there"):
        run("/nonexistent/command")
    with pytest.raises(MachineFailed, match="did not end"):
        run(sys.executable, "-c", "import time; time.sleep(60)", within=0.2)
