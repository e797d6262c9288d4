"""Largest spherical codes for a required separation (Hu, Wu, Liu 2024), beside verify.papers.khm2024.

Ball storage (restated.ball-storage) of M unit vectors asks for 1 - cos >= (1 + log(4 beta (M - 1)))/beta between
any two of them.  M unit vectors have a pair with 1 - cos <= M/(M - 1) in every dimension (their sum has a
square of at least 0), with equality for the regular simplex, which exists for D >= M - 1.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from sympy import Ge, Gt, Le, Lt, Symbol, acos, exp, sqrt

from bounds.exact import Real, escalate
from bounds.functions import CapArea
from verify.arena import Points
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "khm2024",
    "title": "Provably Optimal Memory Capacity for Modern Hopfield Models: Transformer-Compatible Dense "
    "Associative Memories as Spherical Codes",
    "authors": "J. Y.-C. Hu, D. Wu, H. Liu",
    "year": 2024,
    "arxiv": "2410.23126",
    "venue": "NeurIPS 2024",
}


@cache
def most_ever(beta: int) -> int:
    """The largest M that the simplex bound admits at this beta, in whatever dimension (certified)."""

    def admitted(count: int) -> bool:
        def once() -> bool:
            needed = (1 + Real(4 * beta * (count - 1)).log()) / beta
            return bool(needed <= Real(count) / (count - 1))

        return bool(escalate(once, cap=4096))

    low, high = 1, 2
    while admitted(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if admitted(middle) else (low, middle)
    return low


def _beta(b: Instances) -> int:
    return int(b.scalars["b"][0].fraction)


def _one(value: Any) -> Array:
    return np.array([Real(value)], dtype=object)


@quantity("khm_most", "largest M for the required separation in any dimension")
def most(b: Instances) -> Array:
    return _one(most_ever(_beta(b)))


@quantity("khm_simplex_capacity", "largest M for the required separation, where D admits the simplex")
def capacity(b: Instances) -> Array:
    return _one(min(most_ever(_beta(b)), int(b.scalars["D"][0].fraction) + 1))


@quantity("khm_simplex_capacity_2D", "the same in dimension 2 D")
def double_capacity(b: Instances) -> Array:
    return _one(min(most_ever(_beta(b)), 2 * int(b.scalars["D"][0].fraction) + 1))


D, beta, cosine = (Symbol(name, positive=True) for name in ("D", "b", "cosine"))
ROOM = Hypothesis(Ge(D, most - 1), "the dimension admits the simplex of that many points")
SINE = sqrt(1 - cosine**2)
BOUNDED = "fixed beta: at most 2 + exp(2 beta) points in any dimension"
FIXED = "fixed separation below 90 degrees: a code of at least c^(D-1) points, c = 1/sin"

OPTIMUM = Identity(
    id="khm2024.spherical-code-optimum",
    title="Optimal capacity is exponential in the dimension",
    source=Source("khm2024", "arXiv 2410.23126"),
    provenance="secondary",
    printed=r"M^*\asymp c^{D},\quad c>1\text{ depending on the separation}",
    arena=Points(
        tuple(
            {"D": n, "b": s, "cosine": t}
            for n in (2, 3, 4, 5, 6, 8, 16, 64)
            for s in (5, 20, 100)
            for t in ("1/10", "1/2", "9/10")
        )
    ),
    parts=(
        Part("fixed beta: the capacity grows with D", Lt(capacity, double_capacity), given=(ROOM,)),
        Part(FIXED, Le(SINE ** (1 - D), 1 / CapArea(D, acos(cosine))), headline=False),
        Part(BOUNDED, Le(most, 2 + exp(2 * beta)), headline=False),
    ),
    controls=(
        Control("a base four times as large", Le((SINE / 4) ** (1 - D), 1 / CapArea(D, acos(cosine))), FIXED),
        Control("a falling number of points", Gt(SINE ** (1 - D), 1 / CapArea(D, acos(cosine))), FIXED),
    ),
    related=("restated.ball-storage", "restated.exact-recovery"),
    notices=(
        "Read at fixed beta, as the grid of the entry has it, with the separation that ball storage asks for M "
        "points: the requirement grows with log M, and no dimension holds more than a number that depends on "
        "beta alone (7 points for beta = 5).  A law c^D with c > 1 would exceed it.",
        "Read at a fixed separation below 90 degrees the law holds: a largest code covers the sphere with caps of "
        "that angle, so it has at least 1/A_D(theta) >= c^(D-1) points.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (OPTIMUM,)
