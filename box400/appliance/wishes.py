"""``python -m box400.appliance.wishes --data DIR``: carry out, as root, what the pages wish of the machine.

Started by ``appliance-wish.path`` when a wish is there. Each wish is first a plan of files and commands,
checked again, then carried out; the first thing that fails is told and ends it.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from domain.refusal import NotPossible
from storage.data_directory import DataDirectory, write_atomically
from storage.machine.wish import (
    CloseTunnel,
    MakeTunnelKey,
    OpenTunnel,
    Outcome,
    RestartBox,
    SetCertificate,
    SetClock,
    SetNetwork,
    Wish,
    forget,
    tell,
    wished,
)

SECONDS: Final = 60.0
TUNNEL: Final = "appliance-tunnel.service"
CERTIFICATE_MAKER: Final = "/usr/local/lib/box400/certificate"


class Place(NamedTuple):
    """A file of the plan; its content None: it goes."""

    path: Path
    content: bytes | None
    mode: int = 0o644


class Plan(NamedTuple):
    """What a wish comes to."""

    files: tuple[Place, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()


def plan_of(wish: Wish, data: DataDirectory) -> Plan:
    """Return what to do; raises NotPossible for a certificate that is none."""
    beside = data.root.parent
    if isinstance(wish, SetClock):
        when = (("date", "--set", f"@{wish.at:.0f}"), ("hwclock", "--systohc")) if wish.at else ()
        return Plan((), (("timedatectl", "set-timezone", wish.zone), *when))
    if isinstance(wish, SetNetwork):
        name = (("hostnamectl", "set-hostname", wish.name),) if wish.name else ()
        file = Place(beside / "network" / "10-box400.network", _network(wish))
        renewal = ("systemctl", "restart", "--no-block", "appliance-certificate.service")
        return Plan((file,), (*name, ("networkctl", "reload"), renewal))
    if isinstance(wish, SetCertificate):
        return _certificate(wish, beside / "certificates")
    if isinstance(wish, MakeTunnelKey):
        key = beside / "tunnel" / "key"
        make = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "box400 support tunnel", "-f", str(key))
        return Plan((), () if key.exists() else (make,))
    if isinstance(wish, RestartBox):
        return Plan((), (("systemctl", "restart", "--no-block", "box400.target"),))
    settings = beside / "tunnel" / "tunnel.env"
    if isinstance(wish, OpenTunnel):
        return Plan((Place(settings, _tunnel(wish), 0o600),), (("systemctl", "restart", TUNNEL),))
    assert isinstance(wish, CloseTunnel)
    return Plan((Place(settings, None),), (("systemctl", "stop", TUNNEL),))


def network_file(address: object, gateway: object | None, servers: list[object]) -> str:
    """Return the file of systemd-networkd for a fixed address."""
    lines = ["[Match]", "Type=ether", "", "[Network]", f"Address={address}"]
    if gateway is not None:
        lines.append(f"Gateway={gateway}")
    return "\n".join([*lines, *(f"DNS={server}" for server in servers), ""])


def _network(wish: SetNetwork) -> bytes | None:
    if not wish.address:
        return None
    gateway = ipaddress.ip_address(wish.gateway) if wish.gateway else None
    return network_file(wish.address, gateway, [wish.name_server] if wish.name_server else []).encode()


def _certificate(wish: SetCertificate, folder: Path) -> Plan:
    mark, reload = folder / "uploaded", ("systemctl", "try-reload-or-restart", "nginx.service")
    if not wish.chain:
        names = Place(folder / "server.names", None)
        return Plan((Place(mark, None), names), ((CERTIFICATE_MAKER,), reload))
    check_certificate(wish.chain, wish.key)
    return Plan(
        (
            Place(folder / "server.key", wish.key.encode(), 0o600),
            Place(folder / "server.crt", wish.chain.encode()), Place(mark, b""),
        ),
        (reload,),
    )  # fmt: skip


def check_certificate(chain: str, key: str) -> None:
    """Raise NotPossible unless key and certificate are a pair that still holds."""
    try:
        certificate = x509.load_pem_x509_certificates(chain.encode())[0]
        private = load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError, IndexError) as error:
        raise NotPossible(
            "These are no certificate and key in PEM.", "不是 PEM 格式的证书和私钥（私钥不能有口令）。"
        ) from error
    public = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if certificate.public_key().public_bytes(*public) != private.public_key().public_bytes(*public):
        raise NotPossible("The key does not belong to the certificate.", "私钥与证书不匹配。")
    if certificate.not_valid_after_utc.timestamp() < time.time():
        raise NotPossible("The certificate has ended.", "证书已过期。")


def _tunnel(wish: OpenTunnel) -> bytes:
    lines = {
        "TUNNEL_HOST": wish.host, "TUNNEL_USER": wish.user, "TUNNEL_PORT": wish.port,
        "TUNNEL_REMOTE_PORT": wish.remote_port, "TUNNEL_SECONDS": wish.minutes * 60,
    }  # fmt: skip
    return "".join(f"{name}={value}\n" for name, value in lines.items()).encode()


def carry_out(plan: Plan) -> str:
    """Do what a plan says; return why not, in the machine's words, empty when it is done."""
    try:
        for file in plan.files:
            if file.content is None:
                file.path.unlink(missing_ok=True)
            else:
                write_atomically(file.path, file.content)
                file.path.chmod(file.mode)
        for command in plan.commands:
            done = subprocess.run(  # noqa: S603 - of a plan
                command, capture_output=True, text=True, timeout=SECONDS, check=False, errors="replace"
            )
            if done.returncode:
                return f"{command[0]}: {(done.stderr or done.stdout).strip()[-300:] or done.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)[:300]
    return ""


def serve(data: DataDirectory) -> Outcome | None:
    """Carry out the wish that is there and tell what became of it."""
    kind = "unknown"
    try:
        wish = wished(data)
        if wish is None:
            return None
        kind = str(type(wish).__struct_config__.tag)
        why_not = carry_out(plan_of(wish, data))
    except NotPossible as error:
        why_not = str(error)
    finally:
        forget(data)
    outcome = Outcome(time.time(), kind, why_not)
    tell(data, outcome)
    return outcome


def main() -> int:
    """Exit status: 0 done, also when there was nothing to do; 1 not done."""
    parser = argparse.ArgumentParser(prog="box400.appliance.wishes", description="Carry out what is wished.")
    parser.add_argument("--data", required=True, metavar="DIR", help="data directory of the box")
    os.umask(0o077)  # a key is nobody else's before its mode is set either
    outcome = serve(DataDirectory(parser.parse_args().data))
    if outcome is None:
        return 0
    print(f"{outcome.kind}: {outcome.why_not or 'done'}", file=sys.stderr)
    return int(bool(outcome.why_not))


if __name__ == "__main__":
    sys.exit(main())
