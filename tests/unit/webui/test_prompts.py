"""语音与彩铃 in the browser: uploaded by the tenant, heard once the operator approved it."""

from __future__ import annotations

import io
import wave
from typing import Any

import pytest

from storage.models import PromptState, TenantPrompt
from tests.unit.webui.site import HOSTILE, Browser, Site

PAGE = "/t/alpha/prompts"


def sound(seconds: float = 0.5, value: int = 3000) -> bytes:
    """Return a WAV file that decodes."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        frame = value.to_bytes(2, "little", signed=True) + (-value).to_bytes(2, "little", signed=True)
        file.writeframes(frame * int(4000 * seconds))
    return target.getvalue()


def upload(browser: Browser, name: str, content: bytes, file: str = "hello.wav") -> Any:
    """Fill in the form and send it."""
    fields = {"csrf_token": browser.token(PAGE), "name": name}
    return browser.post(f"{PAGE}/upload", fields, upload_files=[("audio", file, content)], status="*")


def prompt(site: Site, name: str = "welcome") -> TenantPrompt:
    """Return alpha's prompt as it is now."""
    found: TenantPrompt = site.read(lambda root: root.tenants["alpha"].own_prompts()[name])
    return found


def review(
    browser: Browser, verdict: str, reason: str = "", version: str = "1", tenant: str = "alpha"
) -> Any:
    """Say what the operator thinks of an upload."""
    fields = {
        "csrf_token": browser.token("/operator/prompts"), "tenant": tenant, "name": "welcome",
        "version": version, "verdict": verdict, "reason": reason,
    }  # fmt: skip
    return browser.post("/operator/prompts/review", fields, status="*")


def test_from_upload_to_being_heard(site: Site) -> None:
    """It waits, the operator listens and approves, then it is in force; a second one can be taken back."""
    tenant, operator = site.browser("4001003721"), site.browser("sun")
    assert upload(tenant, "welcome", sound()).status_int == 303
    assert (prompt(site).in_force, prompt(site).versions[0].state) == (0, PromptState.PENDING)
    assert "waits for review" in tenant.get(PAGE)
    waiting = operator.get("/operator/prompts")
    heard = operator.get(waiting.html.select("audio")[0]["src"])
    assert (heard.content_type, heard.body[:4]) == ("audio/wav", b"RIFF")
    assert review(operator, "approve").status_int == 303
    assert prompt(site).in_force == 1
    assert "Nothing waits" in operator.get("/operator/prompts")
    upload(tenant, "welcome", sound(value=9000))
    review(operator, "approve", version="2")
    assert prompt(site).in_force == 2
    fields = {"csrf_token": tenant.token(PAGE), "version": "1"}
    tenant.post(f"{PAGE}/welcome/rollback", fields, status=303)
    assert prompt(site).in_force == 1
    assert tenant.get(f"{PAGE}/welcome/audio?version=2").body[:4] == b"RIFF"
    assert site.actions()[0] == "prompt-rolled-back"


def test_a_refusal_needs_a_reason_that_the_tenant_sees(site: Site) -> None:
    """And what was refused is never heard."""
    tenant, operator = site.browser("4001003721"), site.browser("anna")
    upload(tenant, "welcome", sound())
    answer = review(operator, "refuse")
    assert answer.status_int == 422
    assert answer.html.select(".invalid-feedback")
    review(operator, "refuse", "names another company")
    page = tenant.get(PAGE)
    assert "Refused: names another company" in page
    assert prompt(site).in_force == 0


def test_what_an_operator_uploads_for_the_tenant_is_heard_at_once(site: Site) -> None:
    """He would approve it anyway."""
    browser = site.browser("anna")
    token = {"X-CSRF-Token": browser.token("/operator")}
    site.allow("alpha")
    browser.post("/operator/tenants/alpha/sign-in-as", headers=token, status=303)
    upload(browser, "welcome", sound())
    assert prompt(site).in_force == 1
    assert prompt(site).versions[0].uploaded_by == "operator:anna as tenant:alpha"


@pytest.mark.parametrize(
    ("name", "content", "file", "words"),
    [
        ("welcome", b"MZ\x90\x00" * 400, "hello.wav", "no known audio format"),
        ("welcome", sound()[:60], "hello.wav", "audio"),
        ("welcome", b"", "hello.wav", "audio"),
        ("欢迎 词", sound(), "hello.wav", "is no name"),
        (HOSTILE, sound(), "hello.wav", "is no name"),
        ("welcome", b"nothing", f"../../{HOSTILE}.wav", "no known audio format"),
    ],
    ids=["renamed exe", "cut off", "empty", "name", "hostile name", "hostile file name"],
)
def test_what_is_no_prompt_is_refused(site: Site, name: str, content: bytes, file: str, words: str) -> None:
    """Beside the field, with the remedy."""
    answer = upload(site.browser("4001003721"), name, content, file)
    assert answer.status_int == 422
    assert words in answer.html.select(".invalid-feedback")[0].text
    assert "<script>alert" not in answer.text
    assert site.read(lambda root: root.tenants["alpha"].own_prompts()) == {}


def test_a_lying_header_does_not_count(site: Site) -> None:
    """A WAV that claims hours holds half a second, and is refused as such."""
    content = bytearray(sound(0.01))
    content[40:44] = (0x7FFFFF00).to_bytes(4, "little")
    answer = upload(site.browser("4001003721"), "welcome", bytes(content))
    assert answer.status_int == 422
    assert "claims" in answer.html.select(".invalid-feedback")[0].text


def test_nothing_was_chosen(site: Site) -> None:
    """The page says so."""
    browser = site.browser("4001003721")
    answer = browser.post(f"{PAGE}/upload", {"csrf_token": browser.token(PAGE), "name": "x"}, status=422)
    assert "Choose a file" in answer


def test_other_tenants_prompts_are_not_there(site: Site) -> None:
    """Not to hear, not to take away; nor is a number that makes no sense."""
    upload(site.browser("4001003721"), "welcome", sound())
    foreign = site.browser("4001003731")
    assert foreign.get(f"{PAGE}/welcome/audio?version=1", status="*").status_int == 404
    assert foreign.get("/t/beta/prompts/welcome/audio?version=1", status="*").status_int == 404
    own = site.browser("4001003721")
    for version in ("2", "x", "", "١", "9" * 30):
        assert own.get(f"{PAGE}/welcome/audio", {"version": version}, status="*").status_int == 404
    for tenant, version in (("nobody", "1"), ("alpha", "7")):
        assert review(site.browser("anna"), "approve", version=version, tenant=tenant).status_int == 303
    assert prompt(site).in_force == 0


def test_a_prompt_in_use_is_not_removed(site: Site) -> None:
    """The page names who uses it; one that nothing uses goes."""
    browser = site.browser("4001003721")
    upload(browser, "welcome", sound())
    page = "/t/alpha/routing/4001003721"
    fields = {"csrf_token": browser.token(page), "seen": _seen(browser), "welcome": "prompt:welcome"}
    browser.post(f"{page}/part?name=sounds", fields, status=303)
    token = {"X-CSRF-Token": browser.token(PAGE)}
    assert "number 4001003721" in browser.post(f"{PAGE}/welcome/remove", headers=token).follow()
    upload(browser, "other", sound(value=500))
    browser.post(f"{PAGE}/other/remove", headers=token)
    assert list(site.read(lambda root: root.tenants["alpha"].own_prompts())) == ["welcome"]


def _seen(browser: Browser) -> str:
    page = browser.get("/t/alpha/routing/4001003721/part?name=sounds")
    return str(page.html.find("input", {"name": "seen"})["value"])


def test_only_the_page_that_records_may_use_the_microphone(site: Site) -> None:
    """Every other page forbids it."""
    browser = site.browser("4001003721")
    assert "microphone=(self)" in browser.get(PAGE).headers["Permissions-Policy"]
    assert "microphone=()" in browser.get("/t/alpha").headers["Permissions-Policy"]


def test_the_operator_uploads_from_the_tenants_file(site: Site) -> None:
    """代为录制: without the tenant's leave to see his pages, and without review; finance may not."""
    operator, page = site.browser("sun"), "/operator/tenants/alpha/prompts"
    operator.get("/operator/tenants/alpha").click(href="tenants/alpha/prompts")
    fields = {"csrf_token": operator.token(page), "name": "welcome"}
    refused = operator.post(
        page, {**fields, "name": "no good"}, upload_files=[("audio", "a.wav", sound())], status=422
    )
    assert refused.html.find(id="name")["value"] == "no good"
    operator.post(page, fields, upload_files=[("audio", "a.wav", sound())], status=303)
    assert (prompt(site).in_force, prompt(site).versions[0].uploaded_by) == (1, "operator:sun")
    assert "heard now" in operator.get(page)
    site.browser("fang").get(page, status=403)
