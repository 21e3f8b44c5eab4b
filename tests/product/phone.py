"""An agent's SIP phone: the real baresip, on an address of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Self

import numpy as np
import soundfile

CONFIG = """
sip_listen {host}:5070
net_interface {host}
audio_source aufile,{root}/said.wav
audio_player aufile,{root}/heard.wav
audio_alert aufile,{root}/alert.wav
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module_app account.so
module_app menu.so
"""


class Baresip:
    """Registers one extension and answers every call with a tone."""

    def __init__(
        self, root: Path, host: str, box: str, name: str, secret: str, transport: str = "udp"
    ) -> None:
        """``root`` is a directory to make, ``host`` the phone's address, ``box`` where it registers."""
        root.mkdir()
        seconds = np.arange(8000 * 10) / 8000
        tone = (9000 * np.sin(2 * np.pi * 880 * seconds)).astype(np.int16)
        soundfile.write(root / "said.wav", tone, 8000, subtype="PCM_16")
        (root / "config").write_text(CONFIG.format(root=root, host=host))
        (root / "contacts").write_text("")
        (root / "accounts").write_text(
            f"<sip:{name}@{box};transport={transport}>;auth_pass={secret};answermode=auto;regint=60"
            ";audio_codecs=PCMA\n"
        )
        self._log = root / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["/usr/bin/baresip", "-f", str(root), "-s"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        """Return what it has printed, SIP messages included."""
        return self._log.read_text(errors="replace")

    def hang_up_and_leave(self) -> None:
        """End it: it hangs up and unregisters."""
        self._process.terminate()
        self._process.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)
