"""What is wrong with a flow: at which node, what, and what to do, in English and Chinese."""

# ruff: noqa: E501 - a table of messages is read and translated row by row
from __future__ import annotations

from typing import Final

import msgspec

MESSAGES: Final[dict[str, tuple[str, str]]] = {
    # reading
    "not-json": ("is no JSON: {why}; check commas, quotes and brackets", "不是合法的 JSON：{why}；请检查逗号、引号和括号"),
    "too-large": ("has {bytes} bytes; {most} is the most: divide it into several flows", "有 {bytes} 字节，最多 {most}；请拆成几个导航"),
    "twice": ("{key!r} stands here twice; keep one of them", "{key!r} 重复出现；请只保留一处"),
    "no-key": ("{key!r} is no key: 0-9, * or #", "{key!r} 不是按键：应为 0-9、* 或 #"),
    "shape": ("{why}", "格式有误：{why}"),
    "schedule": ("{en}", "{zh}"),
    "control": ("{value!r} has control characters; remove them", "{value!r} 含有控制字符；请删除"),
    # the graph
    "no-start": ("there is no node {value!r} to start at; name one of the nodes in `start`", "起始节点 {value!r} 不存在；请在 start 中填写已有的节点"),
    "no-node": ("leads by {field} to {value!r}, which is not there; add that node or lead elsewhere", "{field} 指向的节点 {value!r} 不存在；请添加该节点或改指向"),
    "unreachable": ("nothing leads here; lead to it from a node or delete it", "没有任何节点通向这里；请从某个节点连过来，或删除它"),
    "loop": ("callers who press nothing go round for ever: {way}; lead one of these nodes out", "不按键的主叫会无限循环：{way}；请让其中一个节点有出口"),
    "no-way-out": ("no key leads out of here: nobody is reached and the call is never hung up; add a way to a `go` or `hang-up` node", "从这里无论怎样按键都没有出口：既接不到人也不挂机；请连到 go（转接）或 hang-up（挂机）节点"),
    "no-keys": ("is a menu without keys; add keys, or use a play node", "菜单没有任何按键；请添加按键，或改用播放节点"),
    "too-deep": ("lies {depth} menus deep, {most} is the most; callers get lost: bring it nearer to the start", "位于第 {depth} 层菜单，最多 {most} 层；主叫会迷失：请移近起始节点"),
    "too-many": ("has {count} nodes, {most} is the most: divide it into several flows", "有 {count} 个节点，最多 {most} 个；请拆成几个导航"),
    # nodes
    "no-prompt": ("names the prompt {value!r} in {field}, which is not there or not approved; upload it and have it approved, or name another", "{field} 中的提示音 {value!r} 不存在或未通过审核；请上传并通过审核，或改用其他提示音"),
    "nothing-to-hear": ("has no prompt: the caller hears nothing and does not know what to key; name one in prompts", "没有提示音：主叫听不到任何提示；请在 prompts 中填写"),
    "no-destination": ("sends calls to {value!r}, which is not there; add it or send them elsewhere", "去向 {value!r} 不存在；请先添加，或改为其他去向"),
    "itself": ("sends calls back to this same flow; lead to its first node instead", "去向是本导航自身；请直接连到起始节点"),
    "key-and-extension": ("key {value!r} is an extension too, so the key always wins or never; use another key", "按键 {value!r} 同时也是分机号，无法区分；请换一个按键"),
    "no-extensions": ("lets callers dial extensions, but the tenant has no extension or job number of digits; add one, or set extensions to false", "允许拨分机，但该企业没有数字分机或工号；请先添加，或关闭 extensions"),
    "shares": ("its shares sum to {sum} %, not 100", "各分支比例之和为 {sum}%，应为 100%"),
    "least-most": ("wants at least {least} digits but at most {most}", "最少 {least} 位却最多 {most} 位"),
    "never-right": ("{value!r} can never be keyed here: it breaks the length or the rule; correct `allowed`", "{value!r} 不符合位数或校验规则，永远无法输入；请修改 allowed"),
    "no-variable": ("uses the variable {value!r}, which no node sets; set it before, or correct the name", "使用了没有任何节点赋值的变量 {value!r}；请先赋值，或改正名称"),
    "built-in": ("sets {value!r}, which the box itself sets; choose another name", "变量 {value!r} 由系统赋值；请换一个名称"),
    "no-cases": ("has no cases, so it always leads to its default; add cases or delete the node", "没有任何分支条件，总是走默认分支；请添加条件或删除该节点"),
    "empty-case": ("case {value} names no place; name area codes, provinces, regions or prefixes", "第 {value} 个条件没有填写地区；请填写区号、省份、大区或号码前缀"),
    "url": ("{value!r} is no address of a web server: write https://HOST/PATH, without user or fragment", "{value!r} 不是网址：请写 https://主机/路径，不带用户名和 #"),
    "field-needed": ("has cases but no field of the answer to compare; name it in `field`", "有分支条件但没有填写要比较的字段；请填写 field"),
}  # fmt: skip


class FlowProblem(msgspec.Struct, frozen=True):
    """One thing that must be put right."""

    node: str
    """Id of the node; empty: the flow as a whole."""
    code: str
    facts: dict[str, str | int] = {}

    def text(self, language: str = "en") -> str:
        """Return what is wrong and what to do, without the node. ``language``: ``en`` or ``zh``."""
        template = MESSAGES[self.code][language == "zh"]
        return template.format(**{name: _shown(value) for name, value in self.facts.items()})

    def line(self, language: str = "en") -> str:
        """Return the same with the node before it."""
        what = "节点" if language == "zh" else "node"
        return f"{what} {_shown(self.node)}: {self.text(language)}" if self.node else self.text(language)


class FlowError(ValueError):
    """A document that cannot be read."""

    def __init__(self, problems: tuple[FlowProblem, ...]) -> None:
        super().__init__("; ".join(problem.line() for problem in problems))
        self.problems = problems


def _shown(value: str | int) -> str | int:
    """Cut what somebody typed, and leave nothing in it that moves the cursor."""
    if isinstance(value, int):
        return value
    clean = "".join(char if char.isprintable() else "?" for char in value)
    return clean if len(clean) <= 300 else clean[:300] + "..."
