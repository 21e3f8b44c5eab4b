"""What can be wrong with prompts of tenants and prompt packs, and what to do, in English and Chinese."""

# ruff: noqa: E501 - a table of messages is read and translated row by row
from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, tuple[str, str]]] = {
    "no-tenant": ("there is no tenant {name!r}; `box400 export` shows them", "没有租户 {name!r}；可用 `box400 export` 查看"),
    "name": (
        "{name!r} is no name: letters and digits of any script, dot, dash and underscore, up to 40, beginning with a letter or digit",
        "{name!r} 不是合法名称：汉字、字母、数字、点、横线、下划线，最多 40 个，以汉字、字母或数字开头",
    ),
    "identifier": (
        "{name!r} may hold English letters, digits, dot, dash and underscore only, up to 40, beginning with a letter or digit",
        "{name!r} 只能用英文字母、数字、点、横线、下划线，最多 40 个，以字母或数字开头",
    ),
    "no-prompt": ("tenant {tenant} has no prompt {name!r}; `box400 prompts list {tenant}` shows them", "租户 {tenant} 没有提示音 {name!r}；可用 `box400 prompts list {tenant}` 查看"),
    "no-version": ("prompt {name!r} has no version {version}; `box400 prompts versions` shows them", "提示音 {name!r} 没有版本 {version}；可用 `box400 prompts versions` 查看"),
    "nothing-waits": ("nothing of prompt {name!r} waits for review; name a version", "提示音 {name!r} 没有待审版本；请指定版本"),
    "several-wait": ("versions {versions} of prompt {name!r} wait for review; name one", "提示音 {name!r} 有多个待审版本：{versions}；请指定其一"),
    "reason": ("say why it is rejected", "请写明驳回原因"),
    "in-force": ("version {version} of prompt {name!r} is in force; approve or roll back to another one first", "提示音 {name!r} 的版本 {version} 正在使用；请先启用其他版本"),
    "none-before": ("prompt {name!r} has no approved version before the one in force", "提示音 {name!r} 在当前版本之前没有已通过的版本"),
    "not-approved": ("version {version} of prompt {name!r} is not approved; review it first", "提示音 {name!r} 的版本 {version} 未通过审核；请先审核"),
    "in-use": ("prompt {name!r} is still used by {users}; change them first", "提示音 {name!r} 仍被 {users} 使用；请先修改它们"),
    "quota": (
        "over the tenant's quota: {mebibytes} of {most_mebibytes} MiB, {minutes} of {most_minutes} minutes; remove old versions, or raise prompt_mebibytes or prompt_minutes of the tenant",
        "超出租户配额：{mebibytes}/{most_mebibytes} MiB，{minutes}/{most_minutes} 分钟；请删除旧版本，或调高租户的 prompt_mebibytes、prompt_minutes",
    ),
    "too-many": ("the tenant has had {most} prompts, which is the most; upload under a name it had", "租户用过的提示音名称已达上限 {most} 个；请沿用已有名称"),
    "too-many-versions": ("prompt {name!r} has {most} versions, which is the most; remove some", "提示音 {name!r} 已有 {most} 个版本，达到上限；请先删除一些"),
    # packs
    "pack-name": ("{name!r} is the shipped voice; choose another name", "{name!r} 是自带语音；请换一个名称"),
    "no-pack": ("there is no prompt pack {name!r}; there are: {known}", "没有语音包 {name!r}；现有：{known}"),
    "pack-in-use": ("prompt pack {name!r} is still used by {users}; choose another there first", "语音包 {name!r} 仍被 {users} 使用；请先在那里更换"),
}  # fmt: skip


class PromptFault(Exception):
    """A wish about prompts that cannot be fulfilled; ``en`` and ``zh`` say why and what to do."""

    def __init__(self, code: str, **facts: object) -> None:
        en, zh = (text.format(**facts) for text in MESSAGES[code])
        super().__init__(en)
        self.code = code
        self.en = en
        self.zh = zh
