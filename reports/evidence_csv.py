"""All evidence as one CSV table: a row per evidence item, with the id of its statement.

Numbers are written so that reading them back gives the same float; null is an empty cell. A text cell that a
spreadsheet would run as a formula (it starts with = + - @) gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io

from reports.schema import Record
from reports.words import visible

COLUMNS = ("statement", "part", "point", "quantity", "value", "lo", "hi", "trials", "note")


def render(record: Record) -> str:
    """The table with a header row; lines end in a newline alone."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in record.statements:
        for row in item.evidence:
            texts = map(_text, (item.id, row.part, row.point, row.quantity))
            numbers = map(_number, (row.value, row.lo, row.hi, row.trials))
            writer.writerow([*texts, *numbers, _text(row.note)])
    return out.getvalue()


def _text(source: str) -> str:
    shown = visible(source, keep="")
    return "'" + shown if shown.startswith(("=", "+", "-", "@")) else shown


def _number(value: float | int | None) -> str:
    return "" if value is None else repr(value)
