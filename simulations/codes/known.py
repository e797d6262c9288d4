"""Largest cosines of good spherical codes: a table from the literature, and one of what was reached here."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Known:
    """One row of ``known.csv``.

    Attributes:
        n, N: dimension and number of points.
        max_cosine: the largest cosine of the best code on record.
        tolerance: to how much the number is known.
        kind: "optimal" (proved), "record" (best published), "feasible" (a code exists, nobody claims more),
            "kissing" (an arrangement with cosine 1/2 exists).
        source: where the number comes from.
    """

    n: int
    N: int
    max_cosine: float
    tolerance: float
    kind: str
    source: str


@cache
def known() -> dict[tuple[int, int], Known]:
    """Return the table by (n, N)."""
    text = (files("simulations.codes") / "known.csv").read_text(encoding="utf-8")
    rows = [
        Known(int(r["n"]), int(r["N"]), float(r["max_cosine"]), float(r["tolerance"]), r["kind"], r["source"])
        for r in csv.DictReader(text.splitlines())
    ]
    return {(row.n, row.N): row for row in rows}


@dataclass(frozen=True)
class Reached:
    """One row of ``reached.csv``: the largest cosine of a code that was built or found by a recorded command.

    Attributes:
        n, N: dimension and number of points.
        max_cosine: its largest cosine.
        how: "search", or the name of the construction.
        date, command: when, and by which command.
    """

    n: int
    N: int
    max_cosine: float
    how: str
    date: str
    command: str


@cache
def reached() -> dict[tuple[int, int], Reached]:
    """Return the recorded rows by (n, N); ``benchmarks/codes.py table --record`` writes them."""
    text = (files("simulations.codes") / "reached.csv").read_text(encoding="utf-8")
    rows = [
        Reached(int(r["n"]), int(r["N"]), float(r["max_cosine"]), r["how"], r["date"], r["command"])
        for r in csv.DictReader(text.splitlines())
    ]
    return {(row.n, row.N): row for row in rows}
