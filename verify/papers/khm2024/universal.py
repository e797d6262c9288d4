"""Universally optimal codes as memories.

H. Cohn, A. Kumar, "Universally optimal distribution of points on spheres", J. Amer. Math. Soc. 20 (2007), 99-148.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Eq, Ge, Le, Rational, Symbol

from bounds import expr
from bounds.exact import Real, enclose_min
from verify.arena import Points
from verify.controls import replaced, scaled
from verify.instances import Array, Instances
from verify.papers.khm2024 import crosstalk
from verify.papers.khm2024.crosstalk import PAPER, RELATED, heat_of, one, whole
from verify.papers.khm2024.optimal_codes import code_crosstalk, rival_crosstalk
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

n, size = Symbol("n", positive=True), Symbol("size", positive=True)


def interpolant(dimension: int, nodes: list[Real], heat: Any) -> list[Real]:
    """Coefficients, by Gegenbauer polynomials with P_k(1) = 1, of the Hermite interpolant h of exp(beta (t - 1)).

    It agrees with f to second order at every node, to first order at -1.  All derivatives of f are positive,
    so f - h = f^(j)(.)/j! prod (t - t_i)^2 (t + 1) >= 0 on [-1, 1].
    """
    doubled = [t for t in nodes for _ in range(1 if t == -1 else 2)]
    rate = Real(heat)
    column = [(rate * (t - 1)).exp() for t in doubled]
    newton = [column[0]]
    for order in range(1, len(doubled)):
        column = [
            (column[i + 1] - column[i]) / (doubled[i + order] - doubled[i])
            if doubled[i + order] is not doubled[i]
            else rate * (rate * (doubled[i] - 1)).exp()
            for i in range(len(column) - 1)
        ]
        newton.append(column[0])
    found = [newton[-1]]
    for node, value in zip(reversed(doubled[:-1]), reversed(newton[:-1]), strict=True):
        found = _times(dimension, found, node)
        found[0] = found[0] + value
    return found


def _times(dimension: int, coefficients: list[Real], node: Real) -> list[Real]:
    """Multiply by (t - node): t P_k = ((k + n - 2) P_{k+1} + k P_{k-1})/(2 k + n - 2)."""
    product = [Real(0)] * (len(coefficients) + 1)
    for k, c in enumerate(coefficients):
        total = 2 * k + dimension - 2
        product[k + 1] = product[k + 1] + (c if k == 0 else c * (k + dimension - 2) / total)
        if k:
            product[k - 1] = product[k - 1] + c * k / total
        product[k] = product[k] - node * c
    return product


def _lp(batch: Instances) -> list[Real]:
    dimension = whole(batch, "n")
    seen = crosstalk.seen_from_a_point(crosstalk.universal_name(dimension, whole(batch, "size")))
    return interpolant(dimension, [expr.ball(c, {}) for c, _ in seen], heat_of(batch))


@quantity(
    "storage_lp_least", "smallest coefficient of positive degree of the interpolating polynomial", real=True
)
def lp_least(batch: Instances) -> Array:
    return one(enclose_min(np.array(_lp(batch)[1:], dtype=object)))


@quantity("storage_lp_bound", "linear programming bound on the mean crosstalk of any code", real=True)
def lp_bound(batch: Instances) -> Array:
    """Sum over all pairs (x, y) of h is at least M^2 h_0; without the diagonal M (M h_0 - h(1))."""
    h = _lp(batch)
    return one(whole(batch, "size") * h[0] - sum(h[1:], h[0]))


UNIVERSAL_CODES = (
    *((2, 3), (2, 5), (2, 8), (3, 4), (3, 6), (3, 12), (4, 5), (4, 8), (5, 16), (6, 27), (7, 56), (8, 240)),
)
HEATS = ("1/100", "1/2", 3, 10, 100)
sharp, sought = Symbol("sharp", nonnegative=True), Symbol("sought", nonnegative=True)
IS_SHARP = Hypothesis(Eq(sharp, 1), "a sharp code (the 600-cell is none)")
IS_SOUGHT = Hypothesis(Eq(sought, 1), "codes that rivals are sought for")
MEAN = "it attains the linear programming bound on the mean"

UNIVERSAL = Inequality(
    id="restated.d5.universal",
    title="Universally optimal codes are optimal memories at every beta",
    source=Source(PAPER, f"{RELATED}, Lemma 2.2"),
    provenance="derived",
    printed=r"(D,M)\text{ sharp or }(4,120):\ \text{the code minimises }\sum_\mu X_\mu\text{ and }\max_\mu X_\mu\text{ for every }\beta",
    arena=Points(
        (
            *(
                {"n": k, "size": count, "b": heat, "sharp": 1, "sought": int(count <= 16)}
                for k, count in UNIVERSAL_CODES
                for heat in HEATS
            ),
            {"n": 4, "size": 120, "b": 20, "sharp": 0, "sought": 1},
        )
    ),
    parts=(
        Part("the interpolating polynomial is positive definite", Ge(lp_least, 0), given=(IS_SHARP,)),
        Part(MEAN, Eq(code_crosstalk, lp_bound), given=(IS_SHARP,)),
        Part(
            "no code found has a smaller worst crosstalk",
            Le(code_crosstalk, rival_crosstalk),
            given=(IS_SOUGHT,),
        ),
    ),
    controls=(
        Control(
            "no coefficient above 1/1000",
            Le(lp_least, -Rational(1, 1000)),
            "the interpolating polynomial is positive definite",
        ),
        replaced(lp_bound, lp_bound * (1 + Rational(1, 10**9)), part=MEAN),
        scaled("99/100", "no code found has a smaller worst crosstalk"),
    ),
    related=("hu2024.lemma2.2.crosstalk", "ck2007.universal"),
    notices=(
        "The first two parts prove the claim at every point for the sharp codes: no code has a mean crosstalk below the linear "
        "programming bound, and on these codes all X_mu are equal and attain it.",
        "The 600-cell is no sharp code (its bound needs another polynomial): there, and for up to 16 points, the code is compared "
        "with codes found by descent.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (UNIVERSAL,)
