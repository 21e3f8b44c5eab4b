"""The header rows of a message: looked up without regard to case or compact form, and changed."""

from __future__ import annotations

from b2bua.sip.names import KEYS, header_key
from b2bua.sip.text import refuse_controls, split_values


class HeaderRows:
    """Header rows in their order.

    ``headers`` holds (name as received, value unfolded and stripped). Read it as you like, change it
    through the methods only. Content-Length is not in it: it always follows from the body.
    """

    __slots__ = ("_index", "headers")

    headers: list[tuple[str, str]]
    _index: dict[str, list[str]] | None

    @property
    def index(self) -> dict[str, list[str]]:
        """Raw values by key (lower case, compact forms expanded); for reading only."""
        index = self._index
        if index is None:
            index = self._index = {}
            for name, value in self.headers:
                index.setdefault(key_of(name), []).append(value)
        return index

    def get(self, name: str) -> str | None:
        """Return the first row of this name, or None."""
        rows = (self._index or self.index).get(KEYS.get(name) or key_of(name))
        return rows[0] if rows else None

    def get_all(self, name: str) -> list[str]:
        """Return all rows of this name, as received (commas not split)."""
        return list(self.index.get(KEYS.get(name) or key_of(name), ()))

    def values(self, name: str) -> list[str]:
        """Return all values of a list header: rows split at their commas, empty elements left out."""
        rows = self.index.get(KEYS.get(name) or key_of(name))
        if not rows:
            return []
        return [value for row in rows for value in split_values(row) if value]

    def tokens(self, name: str) -> tuple[str, ...]:
        """Return option tags (Require, Supported ...) in lower case."""
        return tuple([value.lower() for value in self.values(name)])

    def has(self, name: str) -> bool:
        """Tell whether there is a row of this name."""
        return (KEYS.get(name) or key_of(name)) in (self._index or self.index)

    def add(self, name: str, value: str) -> None:
        """Append a row. Raises ValueError for CR, LF or NUL, as all of these do."""
        refuse_controls(name + value)
        self.headers.append((name, value))
        self._changed()

    def prepend(self, name: str, value: str) -> None:
        """Put a row before all others (Via, Record-Route)."""
        refuse_controls(name + value)
        self.headers.insert(0, (name, value))
        self._changed()

    def set(self, name: str, value: str) -> None:
        """Put one row in the place of all rows of this name, or at the end."""
        refuse_controls(name + value)
        key = key_of(name)
        rows: list[tuple[str, str]] = []
        done = False
        for row in self.headers:
            if key_of(row[0]) != key:
                rows.append(row)
            elif not done:
                rows.append((name, value))
                done = True
        if not done:
            rows.append((name, value))
        self.headers = rows
        self._changed()

    def remove(self, name: str) -> None:
        """Remove all rows of this name."""
        key = key_of(name)
        self.headers = [row for row in self.headers if key_of(row[0]) != key]
        self._changed()

    def _changed(self) -> None:
        self._index = None


def key_of(name: str) -> str:
    """Return the key of a header name; raises ValueError where it is no token (our own bug)."""
    key = header_key(name)
    if key is None:
        raise ValueError(f"no header name: {name!r}")
    return key
