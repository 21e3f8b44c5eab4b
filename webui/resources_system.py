"""The part of the resource tree about 系统 and what keeps it going; see ``webui/resources.py``."""

from __future__ import annotations

from webui.node import Node


class OperatorDesk(Node):
    """``/operator/operators``: an entry for each operator."""

    def __getitem__(self, name: str) -> OperatorFile:
        if not self.request.services.read(lambda root: f"operator:{name}" in root.web.accounts):
            raise KeyError(name)
        return OperatorFile(self.request, self, name)


class OperatorFile(Node):
    """``/operator/operators/NAME``."""

    @property
    def name(self) -> str:
        """Return by which he signs in."""
        return self.__name__
