"""What the last words of restic and ssh come to, for people."""

from __future__ import annotations

from typing import Final

from storage.evolution import SchemaMismatch
from storage.offsite.restic import OffsiteError

_NOTHING: Final = ("There is no backup at this address.", "该地址没有备份。")
_KEYS: Final = ("The storage refuses these keys.", "对象存储拒绝了该密钥。")
_UNKNOWN: Final = (
    "The server is not found: check its name and the network.",
    "找不到服务器，请检查地址和网络。",
)
_SILENT: Final = ("The server does not answer.", "服务器没有响应，请检查地址和网络。")
_MEANINGS: Final = (
    ("wrong password", ("This is not the password of the backup.", "备份加密密码不正确。")),
    ("Host key verification failed", ("The server has another host key.", "服务器主机密钥与填写的不一致。")),
    ("Permission denied (", ("The server does not take this box's key: add it there.",
                             "服务器不接受本机公钥，请先将本机公钥添加到服务器。")),
    ("Is there a repository at", _NOTHING), ("unable to open config file", _NOTHING),
    ("repository does not exist", _NOTHING),
    ("Access Denied", _KEYS), ("Access Key Id", _KEYS), ("signature we calculated", _KEYS),
    ("Could not resolve hostname", _UNKNOWN), ("no such host", _UNKNOWN),
    ("onnection refused", _SILENT), ("timed out", _SILENT),
    ("holds no backup", ("No backup has been made there yet.", "该位置还没有任何备份。")),
    ("use its version", ("The backup is by a newer version: upgrade this box first.",
                         "该备份来自更新的版本，请先升级本机再恢复。")),
)  # fmt: skip


class NoRoom(OffsiteError):
    """The backup does not fit."""

    def __init__(self, needed: int, free: int) -> None:
        super().__init__(f"Too little space: {needed / 1e9:.1f} GB are needed, {free / 1e9:.1f} GB are free.")
        self.zh = f"磁盘空间不足：需要 {needed / 1e9:.1f} GB，可用 {free / 1e9:.1f} GB。"


def told(error: Exception) -> tuple[str, str]:
    """Return what went wrong, in English and Chinese; as it was said where we know no better."""
    if isinstance(error, NoRoom):
        return str(error), error.zh
    said = "use its version" if isinstance(error, SchemaMismatch) else str(error)
    return next((meaning for words, meaning in _MEANINGS if words in said), (said, said))
