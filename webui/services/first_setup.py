"""The first questions of a new box, for the wizard in the browser and ``box400 setup`` on the console.

A box is new until its mark is in the data directory. Whoever knows the one-time code that the console shows
may answer in the browser; the code goes with the mark.
"""

from __future__ import annotations

import hmac
import os
import secrets
from typing import Any, Final

from domain.refusal import NotPossible
from storage.data_directory import DataDirectory, write_as_guest
from storage.models import Root
from storage.models.web import AuditEntry, Role
from webui.services import accounts
from webui.services.box import BoxServices
from webui.services.opening import Opened, Opening, open_tenant
from webui.services.operators import NAME
from webui.services.passwords import too_weak
from webui.services.provisioning import Done, wish

MARK: Final = "set-up"
CODE: Final = "setup-code"
TENANT: Final = "first"
TRUNK: Final = "carrier"
_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def is_new(data: DataDirectory) -> bool:
    """Tell whether nobody has finished setting the box up."""
    return not (data.root / MARK).exists()


def code_of(data: DataDirectory) -> str:
    """Return the one-time code of a new box, made when it is first asked for; read by its console.

    As root it is given to the account that owns the data. Raises NotPossible once the box is set up.
    """
    if not is_new(data):
        raise NotPossible("This box is set up.", "本机已完成初始化。")
    path = data.root / CODE
    if not path.exists():
        made = "".join(secrets.choice(_LETTERS) for _ in range(8))
        held = data.root.stat()
        owner = (held.st_uid, held.st_gid) if os.geteuid() == 0 else None
        write_as_guest(path, f"{made[:4]}-{made[4:]}".encode(), 0o640, owner)
    return path.read_text(encoding="ascii").strip()


def is_open(data: DataDirectory) -> bool:
    """Tell whether the wizard may be used: a new box whose console has shown its code."""
    return is_new(data) and (data.root / CODE).exists()


def is_right(data: DataDirectory, given: str) -> bool:
    """Tell whether somebody knows the code; signs and small letters do not matter."""
    typed = "".join(each for each in given.upper() if each.isalnum())
    return is_open(data) and hmac.compare_digest(typed.encode(), code_of(data).replace("-", "").encode())


def finish(data: DataDirectory) -> None:
    """Mark the box as set up; its code is good no more."""
    write_as_guest(data.root / MARK, b"", 0o644)
    (data.root / CODE).unlink(missing_ok=True)


def add_administrator(services: BoxServices, name: str, password: str, entry: AuditEntry) -> None:
    """Make the administrator with a password of his own choice; raises NotPossible, StoreDown.

    One of this name is made anew: whoever knows the code may correct himself.
    """
    if NAME.fullmatch(name) is None:
        raise NotPossible(
            "A name has 2 to 31 small letters, digits, dots and underscores, and begins with a letter.",
            "用户名应为 2 到 31 个小写字母、数字、点或下划线，以字母开头。",
        )
    if too_weak(password, (name,)):
        raise NotPossible(
            "The password is too weak: 8 characters or more, not the name.",
            "密码太弱：至少 8 个字符，不能包含用户名。",
        )
    account = accounts.new_account(password, services.now(), role=Role.ADMIN, first=False)

    def work(root: Root) -> None:
        root.web.set_account(f"operator:{name}", account)
        root.web.sign_out(f"operator:{name}")
        root.web.note(entry)

    services.change(work, "administrator")


def target_of(source: str, target: str) -> str:
    """Return where calls leave to: what was typed, else where they arrive from, if that is one machine."""
    return target or (f"{source}:5060" if source and "/" not in source else "")


def trunk_document(source: str, target: str, number: str) -> dict[str, Any]:
    """Return the first trunk as a provisioning file writes it."""
    trunk = {"sources": [source], "target": target_of(source, target)} | (
        {"trunk_number": number} if number else {}
    )
    return {"trunks": {TRUNK: trunk}}


def tenant_document(name: str, number: str, bound: str) -> dict[str, Any]:
    """Return the first tenant as a provisioning file writes it."""
    return {"tenants": {TENANT: {"name": name, "numbers": {number: {"bound": [bound]}}}}}


def put_trunk(services: BoxServices, source: str, target: str, number: str, entry: AuditEntry) -> Done:
    """Make the first trunk, or change it; raises Refused, StoreDown."""
    return wish(services, lambda root: trunk_document(source, target, number), entry)


def put_tenant(services: BoxServices, name: str, number: str, bound: str, entry: AuditEntry) -> Opened:
    """Open the first tenant; raises Stale when it is there, Refused, NotPossible, StoreDown."""
    return open_tenant(services, Opening(TENANT, name, number, bound), entry)
