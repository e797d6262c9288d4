"""Minima of the log-sum-ReLU energy for memories on a regular grid (Hoover et al. 2025, Proposition 3)."""

from __future__ import annotations

import itertools
from fractions import Fraction
from functools import cache

import numpy as np
from sympy import Eq, Ge, Le, Symbol

from bounds.exact import Real
from verify.arena import Points
from verify.controls import replaced
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import quantity

BLOCK = 1 << 13


@cache
def grid_minima(dim: int, n: int, rho: Fraction) -> tuple[tuple[int, ...], ...]:
    """Self-consistent sets of the grid {0..n-1}^dim as sorted positions, by trial of all subsets in integers.

    Raises ValueError for more than 16 memories.
    """
    points = np.array(list(itertools.product(range(n), repeat=dim)))
    count, p, q = len(points), rho.numerator, rho.denominator
    if count > 16:
        raise ValueError(f"n^dim: expected at most 16 memories to enumerate, found {count}")
    found: list[tuple[int, ...]] = []
    for start in range(1, 2**count, BLOCK):
        codes = np.arange(start, min(start + BLOCK, 2**count))
        chosen = (codes[:, None] >> np.arange(count)) & 1
        sizes, sums = np.sum(chosen, axis=1), chosen @ points
        # |xi - c| < rho with c = sums/sizes, multiplied by sizes and q.
        away = np.sum((sizes[:, None, None] * points - sums[:, None, :]) ** 2, axis=-1)
        seen = away * q * q < (sizes * p)[:, None] ** 2
        found += [
            tuple(int(k) for k in np.flatnonzero(row)) for row in chosen[np.all(seen == (chosen > 0), axis=1)]
        ]
    return tuple(found)


def _sets(b: Instances) -> tuple[int, int, tuple[tuple[int, ...], ...]]:
    dim, n, rho = (b.scalars[name][0].fraction for name in ("dim", "n", "rho"))
    return int(dim), int(n), grid_minima(int(dim), int(n), rho)


def _one(value: int) -> Array:
    return np.array([Real(value)], dtype=object)


@quantity("lsr_grid_all", "number of minima of the grid")
def all_minima(b: Instances) -> Array:
    return _one(len(_sets(b)[2]))


@quantity("lsr_grid_emergent", "number of minima of the grid with at least two active memories")
def emergent_minima(b: Instances) -> Array:
    return _one(sum(len(s) > 1 for s in _sets(b)[2]))


@quantity(
    "lsr_grid_centres", "number of minima whose active memories are the corners of one cell of the grid"
)
def cell_centres(b: Instances) -> Array:
    dim, n, sets = _sets(b)
    points = list(itertools.product(range(n), repeat=dim))

    def is_cell(chosen: tuple[int, ...]) -> bool:
        columns = list(zip(*(points[k] for k in chosen), strict=True))
        return len(chosen) == 2**dim and all(max(c) - min(c) == 1 for c in columns)

    return _one(sum(is_cell(s) for s in sets))


n, dim, rho = (Symbol(name, positive=True) for name in ("n", "dim", "rho"))
CELL = (
    Hypothesis(Ge(4 * rho**2, dim + Symbol("margin", positive=True)), "the corners of a cell are active"),
    Hypothesis(Le(4 * rho**2, dim + 8), "no further memory is"),
)
POINTS = tuple(
    {"dim": k, "n": m, "rho": r, "margin": "1/1000"}
    for k, sides in ((1, (2, 3, 4, 5)), (2, (2, 3)), (3, (2,)))
    for m in sides
    for r in ("3/5", "4/5", "11/10", "8/5")
)
CENTRES = "cells of the grid, at radii at which a cell is a set B(c)"

PROP3 = Identity(
    id="lsr2025.prop3",
    title="Emergent minima of a grid of memories",
    source=Source("lsr2025", "Proposition 3 (grid of memories)"),
    provenance="primary (exact form not recorded)",
    printed=r"\text{memories }\{0,\dots,n-1\}^d:\ \#\{\text{emergent minima}\}\text{ is a power }(n\pm1\dots)^d",
    arena=Points(POINTS),
    parts=(
        Part(CENTRES, Eq(cell_centres, (n - 1) ** dim), given=CELL),
        Part("all emergent minima are (n-1)^d", Eq(emergent_minima, (n - 1) ** dim), headline=False),
        Part("all emergent minima are (n+1)^d", Eq(emergent_minima, (n + 1) ** dim), headline=False),
        Part("all minima are (2n-1)^d", Eq(all_minima, (2 * n - 1) ** dim), headline=False),
    ),
    controls=(
        replaced(n, n + 1, name="n^d cells", part=CENTRES),
        Control("no emergent minimum", Eq(emergent_minima, 0), CENTRES),
    ),
    related=("restated.lsr-cell-count",),
    notices=(
        "The exact form of the printed number is not recorded.  The headline reads 'of grid type' as the cells of "
        "the grid, one minimum each, where the radius admits them; the other parts count all (emergent) minima.",
        "Exact for all 2^M subsets; rho is in units of the spacing.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (PROP3,)
