"""The verdicts recorded as known, one data file; only a full run proposes to change it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from reports import schema


def load() -> dict[str, dict[str, str]]:
    """Known ``outcome`` and ``verdict`` by statement id (``id@variant`` on another variant than its own)."""
    found: dict[str, dict[str, str]] = json.loads(files("verify").joinpath("known_verdicts.json").read_text())
    return found


def proposal(record: schema.Record) -> str | None:
    """The file as this run would have it, or ``None``.

    Only complete runs of the full profile on the default arrays propose.
    """
    if record.profile != "full" or not record.complete or record.memories is not None:
        return None
    if (record.backend, record.dtype, record.draws) != ("numpy", "float64", "host"):
        return None
    table = load()
    for s in record.statements:
        if s.paper != "user":
            table[s.id] = {"outcome": s.outcome, "verdict": s.verdict}
    return dump(table)


def dump(table: dict[str, Any]) -> str:
    """The file's text: one statement a line, sorted."""
    lines = [f"  {json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in sorted(table.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"
