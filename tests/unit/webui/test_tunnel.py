"""支持隧道: off until the administrator opens it, for as long as he says."""

from __future__ import annotations

from typing import Any

from storage.machine.wish import CloseTunnel, MakeTunnelKey, OpenTunnel, Outcome, forget, tell, wished
from tests.unit.webui.site import Browser, Site

PAGE = "/operator/tunnel"
WANTED = {"host": "help.example.com", "user": "box", "port": "22", "remote_port": "20022", "minutes": "60"}


def post(browser: Browser, what: str, **fields: Any) -> Any:
    """Send a form."""
    return browser.post(f"{PAGE}/{what}", {"csrf_token": browser.token(PAGE), **fields}, status="*")


def test_made_opened_and_closed(site: Site) -> None:
    """Key first; root's service does the rest; each step is noted."""
    browser = site.browser("anna")
    assert "no appliance" in browser.get(PAGE).text
    assert post(browser, "key").status_int == 422
    beside = site.data.root.parent
    for name in ("appliance", "tunnel"):
        (beside / name).mkdir()
    assert post(browser, "open", **WANTED).status_int == 422
    assert post(browser, "key").status_int == 303
    assert wished(site.data) == MakeTunnelKey()
    forget(site.data)
    (beside / "tunnel/key.pub").write_text("ssh-ed25519 AAAA box400\n")
    assert "ssh-ed25519 AAAA box400" in browser.get(PAGE).text
    wrong = post(browser, "open", **{**WANTED, "minutes": "9999"})
    assert wrong.status_int == 422
    assert wrong.html.find(id="host")["value"] == "help.example.com"
    assert post(browser, "open", **WANTED).status_int == 303
    assert wished(site.data) == OpenTunnel("help.example.com", "box", 22, 20022, 60)
    forget(site.data)
    (beside / "tunnel/tunnel.env").write_text("")
    assert "box@help.example.com" in browser.get(PAGE).text
    assert post(browser, "close").status_int == 303
    assert wished(site.data) == CloseTunnel()
    forget(site.data)
    tell(site.data, Outcome(1.0, "tunnel-open"))
    (beside / "tunnel/tunnel.env").unlink()
    (beside / "tunnel/said").write_text("Warning: added\nbox@help.example.com: Permission denied <b>.\n")
    assert (
        'ended before its time: <span class="text-break">box@help.example.com: Permission denied &lt;b&gt;'
        in (browser.get(PAGE).text)
    )
    tell(site.data, Outcome(1.0, "tunnel-close"))
    assert "Permission denied" not in browser.get(PAGE).text
    assert {"tunnel-key", "tunnel-opened", "tunnel-closed"} <= set(site.actions())
    forget(site.data)
    tell(site.data, Outcome(1.0, "tunnel-open", "systemctl: no route"))
    site.moved = 3700
    shown = browser.get(PAGE).text
    assert "systemctl: no route" in shown
    assert "Closed" in shown


def test_only_the_administrator_may(site: Site) -> None:
    """Nobody else sees it."""
    assert site.browser("sun").get(PAGE, status="*").status_int == 403
