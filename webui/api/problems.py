"""What went wrong, as RFC 9457 has it: ``application/problem+json``."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pyramid.response import Response

TITLES: Final[dict[int, tuple[str, str]]] = {
    400: ("请求体不是有效的 JSON", "The body is no JSON"),
    401: ("需要有效的 API 密钥", "A good API key is needed"),
    403: ("该密钥无此权限", "The key may not do this"),
    404: ("不存在", "There is no such thing"),
    405: ("不支持该方法", "No such method here"),
    409: ("当前状态下无法执行", "Not possible as things are"),
    413: ("请求体过大", "The body is too large"),
    415: ("请求体应为 application/json", "The body must be application/json"),
    422: ("请求内容不符合规则", "Something in the request breaks a rule"),
    429: ("请求过于频繁", "Too many requests"),
    500: ("服务器内部错误", "The box failed"),
    503: ("服务暂不可用", "The process that knows does not answer"),
}


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong in a request."""

    pointer: str
    """Where: a path such as ``numbers.4001003721.bound[1].number``, a parameter, a node of a menu."""
    detail: str


class ApiProblem(Exception):
    """The request is not carried out; nothing was changed."""

    def __init__(
        self,
        status: int,
        zh: str = "",
        en: str = "",
        errors: tuple[Fault, ...] = (),
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(f"{status} {en}")
        self.status = status
        self.zh = zh
        self.en = en
        self.errors = errors
        self.headers = headers


def answer(problem: ApiProblem, language: str) -> Response:
    """Return the answer, in the reader's language."""
    zh, en = TITLES[problem.status]
    detail = problem.zh if language == "zh" else problem.en
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": zh if language == "zh" else en,
        "status": problem.status,
    }
    if detail:
        body["detail"] = detail
    if problem.errors:
        body["errors"] = problem.errors
    response = Response(
        msgspec.json.encode(body), status=problem.status, content_type="application/problem+json"
    )
    response.headers.extend(problem.headers)
    return response
