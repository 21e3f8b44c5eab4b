"""What pages wish of the machine is checked twice, and carried out as root."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from box400.appliance.wishes import Place, Plan, carry_out, plan_of, serve
from domain.refusal import NotPossible
from storage.data_directory import DataDirectory
from storage.machine.wish import (
    FILE,
    RESULT,
    CloseTunnel,
    MakeTunnelKey,
    OpenTunnel,
    Outcome,
    RestartBox,
    SetCertificate,
    SetClock,
    SetNetwork,
    Wish,
    outcome_of,
    tell,
    wish_for,
    wished,
)
from webui.services.first_setup import code_of, finish


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    """A box's data directory beside the folders of its machine."""
    data = DataDirectory(tmp_path / "box400")
    data.root.mkdir()
    for name in ("network", "certificates", "tunnel"):
        (tmp_path / name).mkdir()
    return data


def pair(days: int = 30) -> tuple[str, str]:
    """Return a certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "box")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(90))
        .not_valid_after(now + datetime.timedelta(days)).sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM).decode(), private.decode()


def test_a_fixed_address_is_a_file_and_dhcp_is_none(data: DataDirectory) -> None:
    """The name is set as well, and the certificate follows."""
    plan = plan_of(SetNetwork("box-1", "192.168.1.10/24", "192.168.1.1", "223.5.5.5"), data)
    (file,) = plan.files
    assert file.path == data.root.parent / "network/10-box400.network"
    assert file.content is not None
    assert b"Address=192.168.1.10/24\nGateway=192.168.1.1\nDNS=223.5.5.5\n" in file.content
    assert plan.commands[0] == ("hostnamectl", "set-hostname", "box-1")
    assert plan_of(SetNetwork(), data).files[0].content is None


def test_the_clock(data: DataDirectory) -> None:
    """The time only where it is wished."""
    assert plan_of(SetClock(), data).commands == (("timedatectl", "set-timezone", "Asia/Shanghai"),)
    assert ("date", "--set", "@1795000000") in plan_of(SetClock("Asia/Shanghai", 1795000000.4), data).commands


def test_a_certificate_must_fit_its_key_and_hold(data: DataDirectory) -> None:
    """Else the pages would be gone."""
    chain, key = pair()
    places = {each.path.name: each for each in plan_of(SetCertificate(chain, key), data).files}
    assert places["server.key"].mode == 0o600
    assert places["uploaded"].content == b""
    for wrong in ((chain, pair()[1]), pair(days=-1), ("x", "y")):
        with pytest.raises(NotPossible):
            plan_of(SetCertificate(*wrong), data)
    assert plan_of(SetCertificate(), data).commands[0] == ("/usr/local/lib/box400/certificate",)


def test_the_tunnel_is_settings_and_a_unit(data: DataDirectory) -> None:
    """Its settings are plain words; the key is made once."""
    plan = plan_of(OpenTunnel("help.example.com", "box", 2222, 20022, 60), data)
    (file,) = plan.files
    assert file.content is not None
    assert file.content.decode().splitlines() == [
        "TUNNEL_HOST=help.example.com", "TUNNEL_USER=box", "TUNNEL_PORT=2222", "TUNNEL_REMOTE_PORT=20022",
        "TUNNEL_SECONDS=3600",
    ]  # fmt: skip
    restart = ("systemctl", "restart", "--no-block", "box400.target")
    assert plan_of(RestartBox(), data) == Plan((), (restart,))
    assert plan_of(CloseTunnel(), data).commands == (("systemctl", "stop", "appliance-tunnel.service"),)
    assert plan_of(MakeTunnelKey(), data).commands
    (data.root.parent / "tunnel/key").touch()
    assert plan_of(MakeTunnelKey(), data).commands == ()


@pytest.mark.parametrize("wish", [
    SetClock("../../etc/passwd"), SetClock("Asia/Shanghai", 5.0), SetNetwork("a b"),
    SetNetwork("", "192.168.1.10"), SetNetwork("", "192.168.1.10/24", "x\nDNS=evil"),
    SetNetwork("", "fe80::1%x\n[Route]\nGateway=10.0.0.1/64"), SetNetwork("", "", "fe80::1%\nDNS=10.0.0.1"),
    SetCertificate("x", ""), OpenTunnel("-oProxyCommand=x", "box"),
    OpenTunnel("host", "box; rm"), OpenTunnel("host", "box", 0), OpenTunnel("host", "box", 22, 70000),
    OpenTunnel("host", "box", 22, 0, 0),
])  # fmt: skip
def test_what_must_not_be_done_is_refused_before_it_is_asked(data: DataDirectory, wish: Wish) -> None:
    """With words; nothing is written."""
    with pytest.raises(NotPossible):
        wish_for(data, wish)
    assert wished(data) is None


def test_root_believes_nothing(data: DataDirectory) -> None:
    """What somebody wrote past the check is refused as well: nonsense, an option as host, a link."""
    for content in (b"nonsense", b'{"type":"tunnel-open","host":"-oX","user":"a"}', b'{"type":"shell"}'):
        (data.root / FILE).write_bytes(content)
        outcome = serve(data)
        assert outcome is not None
        assert outcome.why_not
        assert not (data.root / FILE).exists()
    (data.root / FILE).symlink_to("/etc/hostname")
    outcome = serve(data)
    assert outcome is not None
    assert "cannot be read" in outcome.why_not
    assert os.path.exists("/etc/hostname")
    assert serve(data) is None


def test_what_became_of_it_is_told(data: DataDirectory, tmp_path: Path) -> None:
    """The first command that fails ends it, in the machine's words."""
    done = Plan((Place(tmp_path / "a", b"1", 0o600), Place(tmp_path / "gone", None)), (("true",),))
    assert carry_out(done) == ""
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    failing = Plan((), (("sh", "-c", "echo no bus >&2; exit 1"), ("touch", str(tmp_path / "never"))))
    assert carry_out(failing) == "sh: no bus"
    assert not (tmp_path / "never").exists()
    wish_for(data, CloseTunnel())
    assert serve(data) == outcome_of(data)


def test_root_follows_no_link_that_the_account_of_the_data_put(
    data: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where its answer is written, nor when its mode is set: what the link names stays as it is."""
    secret = tmp_path / "shadow"
    secret.write_text("root:x")
    secret.chmod(0o600)
    (data.root / f".{RESULT}.{os.getpid()}.new").symlink_to(secret)
    replace = Path.replace

    def replaced(half: Path, target: Path) -> Path:
        found = replace(half, target)
        target.unlink()
        target.symlink_to(secret)  # at once, by somebody who waited for it
        return found

    monkeypatch.setattr(Path, "replace", replaced)
    tell(data, Outcome(1.0, "clock"))
    code_of(data)
    finish(data)
    assert secret.read_text() == "root:x"
    assert secret.stat().st_mode & 0o777 == 0o600


def test_a_wish_that_is_no_file_is_none(data: DataDirectory) -> None:
    """Root reads no directory and waits for no pipe."""
    os.mkfifo(data.root / FILE)
    outcome = serve(data)
    assert outcome is not None
    assert outcome.why_not
    assert not (data.root / FILE).exists()
