"""A place in the tree of resources."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request


class Node:
    """A place in the tree."""

    __parent__: Any = None
    __name__: str = ""

    def __init__(self, request: Request, parent: Any = None, name: str = "") -> None:
        self.request = request
        self.__parent__ = parent
        self.__name__ = name
