"""The JSON Schema of flow documents: ``python -m domain.flow.schema`` prints docs/flow-schema.json."""

from __future__ import annotations

import msgspec

from domain.flow.document import FlowDocument


def document_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a flow document, as published."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "box400 flow document",
        **msgspec.json.schema(FlowDocument),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=1).decode() + "\n"


if __name__ == "__main__":
    print(document_schema(), end="")
