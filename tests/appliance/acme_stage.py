"""A machine of namespaces: nginx and the maker of certificates, and an ACME server (Pebble of Debian)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.appliance.roles import render
from tests.unit.storage.running import eventually

NAME = "box.example.com"
DIRECTORY = "https://127.0.0.1:14000/dir"
VALID_DAYS = 20
"""Less than the 30 at which a certificate is renewed: so each renewal is due."""
ASK = """
import hashlib, socket, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
with socket.create_connection(("127.0.0.1", 443), 5) as plain:
    with context.wrap_socket(plain, server_hostname=sys.argv[1]) as ours:
        print(ssl.DER_cert_to_PEM_cert(ours.getpeercert(True)))
"""


class Stage:
    """Runs commands in the machine; what they write stays below ``place``."""

    def __init__(self, place: Path, first: int) -> None:
        self.certificates = place / "data" / "certificates"
        self.maker = place / "certificate"
        self._place = place
        self._first = first
        self._servers: list[subprocess.Popen[bytes]] = []

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*_inside(self._first), "--pid", *command],
            env=self._environment(), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def begin(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a server; it ends with the machine."""
        with (self._place / f"{Path(command[0]).name}.log").open("ab") as log:
            server = subprocess.Popen(
                [*_inside(self._first), *command],
                env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._servers.append(server)
        return server

    def end(self) -> None:
        """End the servers."""
        for server in self._servers:
            server.kill()
            server.wait()

    def served(self) -> str:
        """Return the certificate that nginx shows, as PEM; empty: none."""
        return self.run(sys.executable, "-c", ASK, NAME).stdout.strip()

    def begin_acme(self) -> subprocess.Popen[bytes]:
        """Start the ACME server, which has forgotten whatever it knew."""
        server = self.begin("pebble", "-config", self._place / "pebble.json", "-dnsserver", "127.0.0.1:8053")
        eventually(lambda: self.run("curl", "-sf", DIRECTORY).returncode == 0)
        return server

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self._place / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
            "HOME": str(self._place), "CURL_CA_BUNDLE": str(self._place / "acme.crt"),
            "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0",
        }  # fmt: skip


def _inside(first: int) -> Sequence[str]:
    return ("nsenter", f"--target={first}", "--user", "--mount", "--net", "--preserve-credentials")


@contextmanager
def staged(place: Path) -> Iterator[Stage]:
    """Make the machine as the roles write it for ACME, nginx running; all of it goes at the end."""
    written = render(
        place, certificates_source="acme", certificates_acme_directory=DIRECTORY, box400_hostname=NAME,
        certificates_acme_contact="ops@example.com", box400_data=str(place / "data"),
    )  # fmt: skip
    _files(place, written)
    started = subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--kill-child",
         "/bin/sh", str(place / "stage.sh")], cwd=place,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert started.stdout is not None
        assert started.stdout.readline() == b"ready\n"
        children = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
        stage = Stage(place, int(children[0]))
        stage.begin("pebble-challtestsrv", "-defaultIPv6", "", "-defaultIPv4", "127.0.0.1", "-http01", "",
                    "-https01", "", "-tlsalpn01", "", "-dns01", "127.0.0.1:8053")  # fmt: skip
        try:
            yield stage
        finally:
            stage.end()
    finally:
        started.kill()
        started.communicate()


def _files(place: Path, written: dict[str, str]) -> None:
    for name in ("data/certificates", "conf.d", "bin"):
        (place / name).mkdir(parents=True)
    # In a namespace of one account nginx cannot become another; that of Debian 12 does not know "http2 on".
    nginx = written["/etc/nginx/nginx.conf"].replace("user www-data;", "user root;").replace("http2 on;", "")
    (place / "nginx.conf").write_text(nginx)
    (place / "conf.d/box400.sh").write_text(written["/etc/dehydrated/conf.d/box400.sh"])
    (place / "certificate").write_text(written["/usr/local/lib/box400/certificate"])
    (place / "certificate").chmod(0o755)
    # What systemd would do when it is told to reload nginx.
    (place / "bin/systemctl").write_text(f"#!/bin/sh\nexec nginx -c {place}/nginx.conf -s reload\n")
    (place / "bin/systemctl").chmod(0o755)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=acme", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
         str(place / "acme.key"), "-out", str(place / "acme.crt")], check=True, capture_output=True,
    )  # fmt: skip
    pebble = {
        "listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
        "certificate": str(place / "acme.crt"), "privateKey": str(place / "acme.key"), "httpPort": 80,
        "tlsPort": 443, "certificateValidityPeriod": VALID_DAYS * 86400,
    }  # fmt: skip
    (place / "pebble.json").write_text(json.dumps({"pebble": pebble}))
    (place / "stage.sh").write_text(
        "set -e\n"
        "ip link set lo up\n"
        "mount -t proc proc /proc\n"
        "for each in /run /var/log /var/lib; do mount -t tmpfs tmpfs $each; done\n"
        "mkdir /var/log/nginx /var/lib/nginx /var/lib/box400-acme\n"
        f"mount --bind {place}/conf.d /etc/dehydrated/conf.d\n"
        "echo ready\n"
        "exec sleep infinity\n"
    )
