"""The verdict table for a terminal, and the same as plain text where there is no terminal."""

from __future__ import annotations

import sys
from typing import IO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports import words
from reports.schema import Record, Statement

COLUMNS = ("statement", "verdict", "informative", "tightness", "provenance", "note")
ID_WIDTH = 44
_STYLE = {"pass": "green", "fail": "bold red", "none": "yellow"}


def show(record: Record, stream: IO[str] | None = None) -> None:
    """Write the table and the summary to `stream` (standard output): styled on a terminal, else plain."""
    target = sys.stdout if stream is None else stream
    console = Console(file=target, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        encoding = getattr(target, "encoding", None) or "utf-8"
        target.write(plain(record).encode(encoding, "replace").decode(encoding))
        return
    console.print(_table(record))
    console.print(Text("\n".join(summary(record))))


def plain(record: Record) -> str:
    """Aligned columns without colours; ids and verdicts are never cut, so the text can be searched.

    An id wider than `ID_WIDTH` pushes its own row to the right and no other.
    """
    rows = [COLUMNS, *(_row(item) for item in record.statements)]
    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    widths[0] = min(widths[0], ID_WIDTH)
    lines = [
        "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, "", *summary(record)]) + "\n"


def summary(record: Record) -> list[str]:
    """The closing lines: counts, differences from the known verdicts, provenance, slowest five, wall time."""
    lines = [words.summary(record)]
    lines += [
        f"  {words.GLYPH[outcome]} {verdict}: {n}" for outcome, verdict, n in words.verdict_counts(record)
    ]
    differing = words.differing(record)
    if differing:
        lines.append(f"{len(differing)} differ from the known verdict:")
        lines += [
            f"  {words.line(item.id)}: {item.verdict}, known {item.known.verdict}"
            for item in differing
            if item.known
        ]
    elif any(item.known for item in record.statements):
        lines.append("No verdict differs from the known one.")
    unread = sum(_not_read(item) for item in record.statements)
    if unread:
        lines.append(
            f"{unread} marked 'not read in the paper': the verdict is on the formula as written here."
        )
    slowest = record.timing.slowest[:5]
    if slowest:
        lines.append(
            "Slowest: " + ", ".join(f"{words.line(s.id)} {words.seconds(s.seconds)}" for s in slowest)
        )
    lines.append(f"Wall time: {words.seconds(record.timing.wall_seconds)}")
    incomplete = words.incomplete_notice(record)
    return [*lines, incomplete] if incomplete else lines


def note(item: Statement) -> str:
    """The one thing to know beside the verdict: a difference, a cause, a missed control, the provenance."""
    notes = []
    agrees = words.agrees_with_known(item)
    if agrees is False and item.known:
        notes.append(f"DIFFERS from known: {item.known.verdict}")
    elif agrees and item.outcome == "fail":
        notes.append("as known")
    if _not_read(item):
        notes.append("not read in the paper")
    missed = [control.name for control in item.controls if not control.caught]
    if missed:
        notes.append(f"control missed: {missed[0]}")
    elif item.outcome != "pass":
        notes.append(words.shorten(item.reason, 70))
    return words.line("; ".join(notes))


def _not_read(item: Statement) -> bool:
    return item.provenance.strip().lower().startswith(("recalled", "secondary"))


def _row(item: Statement) -> tuple[str, ...]:
    return (
        words.line(item.id),
        f"{words.GLYPH[item.outcome]} {words.verdict_label(item.outcome, item.verdict)}",
        words.share(item.informativeness),
        words.ratio(item.tightness),
        words.shorten(item.provenance, 24),
        note(item),
    )


def _table(record: Record) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name in ("verdict", "informative", "tightness"))
    for item in record.statements:
        cells = [Text(cell) for cell in _row(item)]
        cells[1].stylize(_STYLE[item.outcome])
        table.add_row(*cells)
    return table
