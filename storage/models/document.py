"""A persistent object that holds one frozen value."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

import msgspec
from persistent import Persistent

V = TypeVar("V", bound=msgspec.Struct)


class Document(Persistent, Generic[V]):  # type: ignore[misc]  # ZODB's packages are untyped
    """Keeps a frozen value of one type, as JSON.

    JSON rather than a pickled object: the database can be read without the class of the day, a field that was
    added reads as its default, and a value that left its transaction cannot change what is stored. Assigning
    an equal value stores nothing.
    """

    TYPE: ClassVar[type[msgspec.Struct]]

    def __init__(self, value: V) -> None:
        self._json = msgspec.json.encode(value)

    @property
    def value(self) -> V:
        """The value; raises msgspec.ValidationError when an evolution step was forgotten."""
        return msgspec.json.decode(self._json, type=self.TYPE)  # type: ignore[return-value]

    @value.setter
    def value(self, value: V) -> None:
        data = msgspec.json.encode(value)
        if data != self._json:
            self._json = data

    @property
    def raw(self) -> bytes:
        """The JSON as it is stored, for evolution steps."""
        return self._json

    @raw.setter
    def raw(self, data: bytes) -> None:
        self._json = data
