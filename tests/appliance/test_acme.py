"""The certificate of the pages comes from an ACME server, is renewed in time, and never goes missing."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.appliance.acme_stage import NAME, Stage, staged
from tests.unit.storage.running import eventually


def issuer(pem: str) -> str:
    """Return who signed it."""
    held = x509.load_pem_x509_certificate(pem.encode()).issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(held[0].value)


def names(pem: str) -> list[str]:
    """Return the names that it holds for."""
    held = x509.load_pem_x509_certificate(pem.encode()).extensions
    return held.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)


def renew(stage: Stage) -> str:
    """Do what the timer does; return what nginx shows afterwards."""
    before = stage.served()
    done = stage.run(stage.maker, "renew")
    assert done.returncode == 0, done.stdout + done.stderr
    eventually(lambda: stage.served() not in ("", before))
    return stage.served()


def test_the_certificate_is_issued_renewed_and_kept(tmp_path: Path) -> None:
    """Through nginx's port 80; until it is issued, and while the server fails, the last one serves."""
    with staged(tmp_path) as stage:
        done = stage.run(stage.maker)  # as at the start of the box, before there is any network
        assert done.returncode == 0, done.stderr
        done = stage.run("nginx", "-c", tmp_path / "nginx.conf")
        assert done.returncode == 0, done.stderr
        assert issuer(stage.served()).startswith("box400 authority of ")

        server = stage.begin_acme()
        first = renew(stage)
        assert (issuer(first)[:6], names(first)) == ("Pebble", [NAME])
        assert (stage.certificates / "server.key").stat().st_mode & 0o777 == 0o600
        second = renew(stage)
        assert names(second) == [NAME]

        server.terminate()
        server.wait(10)
        refused = stage.run(stage.maker, "renew")
        assert refused.returncode != 0
        assert stage.served() == second
        stage.begin_acme()  # it has lost the account: said, and what serves stays
        refused = stage.run(stage.maker, "renew")
        assert refused.returncode != 0, refused.stdout
        assert stage.served() == second
