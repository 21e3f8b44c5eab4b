"""Run baresip, a real SIP phone of Debian's, as an agent's extension."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path

import numpy as np
import soundfile

from tests.product.waiting import wait_until

CONFIG = """\
sip_listen              127.0.0.1:{port}
call_max_calls          4
audio_source            aufile,{directory}/says.wav
ausrc_srate             8000
auplay_srate            8000
ausrc_channels          1
auplay_channels         1
audio_buffer            20-160
rtp_ports               {rtp}
net_interface           127.0.0.1
snd_path                {directory}
module_path             {modules}
module                  g711.so
module                  aufile.so
module                  sndfile.so
{srtp}
module_tmp              account.so
module_app              menu.so
module                  ctrl_tcp.so
ctrl_tcp_listen         127.0.0.1:{control}
"""


def _free_port(kind: int = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return min(port, 65000)


class Baresip:
    """A phone that registers and answers by itself; it says a tone and keeps what it hears."""

    def __init__(
        self, directory: Path, registrar: tuple[str, int], name: str, secret: str, *,
        hertz: int = 880, transport: str = "udp", options: str = "", answers: str = "auto",
    ) -> None:  # fmt: skip
        """Start it; ``options`` are further account parameters such as ``;mediaenc=srtp``.

        ``answers`` is ``auto``, or ``manual``: by ``does("accept")``.
        """
        directory.mkdir(parents=True)
        self._directory = directory
        modules = next(Path("/usr/lib").glob("**/baresip/modules"))
        srtp = "module                  srtp.so" if "srtp" in options else ""
        # baresip binds its RTP to every address, so on loopback it always sends from 127.0.0.1.
        port = _free_port()
        self._control = _free_port(socket.SOCK_STREAM)
        config = CONFIG.format(
            control=self._control,
            port=port,
            rtp=f"{port + 2}-{port + 60}",
            directory=directory,
            modules=modules,
            srtp=srtp,
        )
        (directory / "config").write_text(config)
        account = f"<sip:{name}@{registrar[0]}:{registrar[1]};transport={transport}>"
        parameters = f";auth_user={name};auth_pass={secret};regint=60;answermode={answers}{options}"
        (directory / "accounts").write_text(account + parameters + "\n")
        (directory / "contacts").write_text("")
        wave = 0.25 * np.sin(np.arange(60 * 8000) * 2 * np.pi * hertz / 8000)
        soundfile.write(directory / "says.wav", wave, 8000, subtype="PCM_16")
        self._log = directory / "screen.log"
        command = ["baresip", "-f", str(directory)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=directory
            )

    def registered(self) -> None:
        """Wait until it is registered."""
        wait_until(lambda: "200 OK" in self.story(), "baresip is registered", explain=self.story)

    def does(self, command: str, parameters: str = "") -> None:
        """Let its user do something: ``hold``, ``transfer``, ``sndcode`` ..."""
        order = json.dumps({"command": command, "params": parameters})
        with socket.create_connection(("127.0.0.1", self._control), 10) as control:
            control.sendall(f"{len(order)}:{order},".encode())
            answer = b""
            while b'"response":true' not in answer:  # events may come before
                answer += control.recv(65536).replace(b" ", b"")
        assert b'"ok":true' in answer, answer

    def story(self) -> str:
        """Return what it has said."""
        return self._log.read_text(errors="replace")

    def heard(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return what it has heard, 8 kHz; to be asked after the call."""
        files = sorted(self._directory.glob("dump-*-dec.wav"))
        assert files, f"baresip kept no sound\n{self.story()}"
        samples, rate = soundfile.read(files[-1], dtype="float64")
        assert rate == 8000
        return samples

    def stop(self) -> None:
        """End it; it unregisters first."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
