"""E-mails as anybody may send them: any charset, any size, hostile HTML, machines."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.channels.letter import MOST_FILE, MOST_FILES, read_letter


def a_letter(**headers: str) -> EmailMessage:
    """Return an e-mail of Wang's."""
    mail = EmailMessage()
    rows = {
        "From": "王小姐 <Wang@Sihai.CN>",
        "To": "service@acme.cn",
        "Subject": "发票",
        "Message-ID": "<a1@sihai.cn>",
    }
    for name, value in {**rows, **{key.replace("_", "-"): each for key, each in headers.items()}}.items():
        mail[name] = value
    return mail


def test_an_ordinary_letter_is_read() -> None:
    """Who, what about, what it answers."""
    mail = a_letter(In_Reply_To="<b@x>", References="<r1@x> <b@x>")
    mail.set_content("请开发票。\n谢谢")
    read = read_letter(mail.as_bytes())
    assert (read.sender, read.name, read.subject) == ("wang@sihai.cn", "王小姐", "发票")
    assert (read.text, read.html, read.message_id) == ("请开发票。\n谢谢", "", "a1@sihai.cn")
    assert read.references == ("b@x", "r1@x")
    assert not read.by_machine


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("; charset=gb2312", "gb18030"), ("; charset=GBK", "gb18030"), ("", "gb18030"), ("", "utf-8"),
        ("; charset=klingon", "utf-8"), ("; charset=us-ascii", "gb18030"), ("; charset=big5", "big5"),
    ],
)  # fmt: skip
def test_whatever_charset_is_declared_or_none_it_can_be_read(declared: str, codec: str) -> None:
    """GB18030 under the name of GB2312, no charset at all, one that nobody knows; in subject and name too."""
    text = "您好，請開發票" if codec == "big5" else "您好，请开发票，㐂"
    plain = "请开发票" if codec != "big5" else "請開發票"
    data = (
        b"From: " + "王".encode("gb18030") + b" <w@a.cn>\r\nSubject: " + plain.encode("gb18030")
        + f"\r\nContent-Type: text/plain{declared}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
        + text.encode(codec)
    )  # fmt: skip
    read = read_letter(data)
    assert read.text == text
    assert read.subject == plain
    assert read.name == "王"


def test_html_is_made_safe() -> None:
    """No script, no picture that tells when it is read, no style, no link that is code."""
    mail = a_letter()
    mail.set_content(
        '<html><head><style>p{}</style></head><body onload="x()"><script>alert(1)</script>'
        '<p style="position:fixed" onclick="x()">您好<img src="http://spy.example/1.gif"></p><br>'
        '<a href="javascript:alert(1)">甲</a><a href="https://a.cn">乙</a><iframe src="//x"></iframe>'
        '<form action="/x"><input name="csrf_token"></form><table><tr><td>1</td></tr></table></body></html>',
        subtype="html",
    )
    read = read_letter(mail.as_bytes())
    for bad in (
        "script",
        "alert",
        "onclick",
        "onload",
        "style",
        "img",
        "spy",
        "javascript",
        "iframe",
        "form",
        "input",
    ):
        assert bad not in read.html, bad
    assert '<a href="https://a.cn" rel="noopener noreferrer">乙</a>' in read.html
    assert "<td>1</td>" in read.html
    assert read.text.startswith("您好")


def test_files_are_kept_within_limits_and_the_others_told() -> None:
    """Too many, too large: named with the reason; names that would be paths are none."""
    mail = a_letter()
    mail.set_content("见附件")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../etc/合同.pdf")
    mail.add_attachment(b"x" * (MOST_FILE + 1), maintype="application", subtype="zip", filename="大.zip")
    for nth in range(MOST_FILES):
        mail.add_attachment(b"1", maintype="text", subtype="csv", filename=f"{nth}.csv")
    read = read_letter(mail.as_bytes())
    told = [each.told for each in read.files]
    assert told[0].name == "_.._etc_合同.pdf"
    assert read.files[0].content == b"%PDF"
    assert (told[1].why, read.files[1].content) == ("超过 10 MB", b"")
    assert [each.why for each in told[-2:]] == [f"超过 {MOST_FILES} 个附件"] * 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"}, {"Auto-Submitted": "auto-generated; x"}, {"Precedence": "bulk"},
        {"List-Id": "<l.example>"}, {"X-Auto-Response-Suppress": "OOF"}, {"Return-Path": "<>"},
        {"From": "MAILER-DAEMON@a.cn"}, {"From": "no-reply@a.cn"},
    ],
)  # fmt: skip
def test_machines_and_lists_are_known(headers: dict[str, str]) -> None:
    """They are read, and never answered by the box itself."""
    mail = a_letter()
    for name, value in headers.items():
        del mail[name]
        mail[name] = value
    mail.set_content("x")
    assert read_letter(mail.as_bytes()).by_machine


def test_a_letter_without_an_id_is_known_again() -> None:
    """By its content."""
    data = b"From: w@a.cn\r\nSubject: x\r\n\r\nhi"
    assert read_letter(data).message_id == read_letter(data).message_id
    assert read_letter(data).message_id != read_letter(data + b"!").message_id


@given(st.binary(max_size=3000))
def test_any_octets_are_a_letter(data: bytes) -> None:
    """Nothing that arrives stops the box."""
    for each in (data, b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" + data + b"\r\n--a--"):
        read = read_letter(each)
        assert "<script" not in read.html.lower()


def test_deep_nesting_ends() -> None:
    """A letter of a thousand parts is read to its limit."""
    data = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (nth, nth) for nth in range(90)
    )
    assert read_letter(data + b"Content-Type: text/plain\r\n\r\nhi").sender == ""


NESTED = b"Content-Type: message/rfc822\n\n" * 1200
HEAD = b"From: wang@sihai.cn\nSubject: hello\n"


@pytest.mark.parametrize(
    "hostile",
    [
        HEAD + NESTED + b"hello\n",
        HEAD + b"Content-Type: text/plain; charset*=a%00b'x'utf\n\nhello\n",
        HEAD + b"Content-Type: text/plain; charset=unicode_escape\n\nhello \\ud800\n",
        HEAD + b"Content-Type: text/html; charset=raw_unicode_escape\n\n<b>hello</b> \\ud800\n",
        HEAD + b"Content-Type: text/plain; charset=utf-7\n\nhello +2AA-\n",
    ],
    ids=["nested", "parameter", "escapes", "escapes-in-html", "utf-7"],
)
def test_a_letter_made_to_break_readers_is_told_of(hostile: bytes) -> None:
    """It would be fetched again and again, and nothing behind it: it is read as far as it goes."""
    read = read_letter(hostile)
    assert (read.sender, read.subject) == ("wang@sihai.cn", "hello")
    assert read.text
    "".join((read.text, read.html, read.name, read.message_id)).encode()


def test_a_charset_that_is_a_codec_of_python_is_none() -> None:
    """Decoding punycode takes time by the square of its length."""
    body = "发票" + "y" * 200_000
    read = read_letter(HEAD + b"Content-Type: text/plain; charset=punycode\n\n" + body.encode())
    assert read.text.startswith("发票")
