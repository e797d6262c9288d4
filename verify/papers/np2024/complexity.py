"""Operation counts of the efficient members of the family.

Cost model: every addition, subtraction, multiplication, division, exponential, comparison and drawn index is one
operation; an inner product in R^d takes 2 d - 1.  L queries, L memories.  Softmax over n scores (inner products not counted):
n products with beta, n - 1 comparisons, n differences, n exponentials, n - 1 sums, n quotients; the combination of n memories
n d products and (n - 1) d sums.  tests/test_papers_structured.py counts the operations of plain loops.
"""

from __future__ import annotations

from typing import Any

from sympy import Integer, Le, Symbol, ceiling, sqrt

from verify.arena import Points
from verify.controls import scaled
from verify.statement import Control, Inequality, Part, Source

PAPER = "np2024"
L, k, d, r = (Symbol(n, positive=True) for n in ("L", "k", "d", "r"))


def softmax_cost(n: Any) -> Any:
    """Softmax of n inner products."""
    return 6 * n - 2


def combination_cost(n: Any) -> Any:
    """Sum of n weighted memories."""
    return n * d + (n - 1) * d


def support_cost(n: Any) -> Any:
    """One query against a support of n memories, reading B."""
    return n * (2 * d - 1) + softmax_cost(n) + combination_cost(n)


WIDTH = ceiling(sqrt(L))
WINDOW = L * support_cost(WIDTH)
MASK = L * (k + support_cost(k))
"""k indices are drawn for every query."""
MASK_A = L * (k + L * (2 * d - 1) + 5 * L - 2 + k + combination_cost(k))
"""Reading A: the denominator needs the scores of all memories; k quotients."""


def readout_cost(features: Any, per_vector: Any) -> Any:
    """Features of 2 L vectors, sums over the memories once, one readout per query."""
    sums = L * features * d + (L - 1) * features * d + (L - 1) * features
    query = features * d + (features - 1) * d + 2 * features - 1 + d
    return 2 * L * per_vector + sums + L * query


LINEAR = readout_cost(d, d)
"""elu + 1: one operation per coordinate (an exponential or a sum)."""
PRF = readout_cost(r, 2 * d + r * (2 * d - 1 + 2))
"""Half the squared norm, then r inner products, differences and exponentials."""
SELECTION = k * L - k * (k + 1) / 2
"""The k largest of L numbers by k passes."""
TOPK = L * (L * (2 * d - 1) + SELECTION + softmax_cost(k) + combination_cost(k))

SMALLEST = 2**8
SIZES = tuple(2**i for i in range(8, 15))
POINTS = tuple(
    {"L": size, "k": 16, "d": dim, "r": features} for size in SIZES for dim, features in ((8, 64), (64, 256))
)


def per(cost: Any, unit: Any) -> Any:
    """Cost over a claimed law, against the same ratio at the smallest size."""
    return Le(cost / unit, (cost / unit).subs(L, SMALLEST), evaluate=False)


FIXED = Inequality(
    id="np2024.complexity-fixed",
    title="Operation counts of masks, windows and features",
    source=Source(PAPER, "efficiency statements"),
    provenance="secondary",
    printed=r"\text{random mask }O(kL),\ \text{window }O(L\sqrt L),\ \text{linear and random-feature models linear in }L",
    arena=Points(POINTS),
    parts=(
        Part("random mask: operations per k L", Le(MASK, (4 * d + 6) * k * L)),
        Part("window: operations per L sqrt(L)", Le(WINDOW, (4 * d + 5) * L * (sqrt(L) + 1))),
        Part(
            "linear model: linear in L",
            Le(LINEAR / L, LINEAR.subs(L, SMALLEST) / SMALLEST + d * (d + 1) / Integer(SMALLEST)),
        ),
        Part(
            "random features: linear in L",
            Le(PRF / L, PRF.subs(L, SMALLEST) / SMALLEST + r * (d + 1) / Integer(SMALLEST)),
        ),
        Part("reading: random mask, reading A", per(MASK_A, L), headline=False),
    ),
    controls=(
        scaled("1/2", "random mask: operations per k L"),
        scaled("1/2", "window: operations per L sqrt(L)"),
        Control("window linear in L", per(WINDOW, L), "window: operations per L sqrt(L)"),
        scaled("1/2", "linear model: linear in L"),
        scaled("1/2", "random features: linear in L"),
    ),
    related=("np2024.complexity-topk", "np2024.random-mask"),
    notices=(
        "Operations of a stated cost model, not time.  With the denominator over all memories (reading A) a mask saves no "
        "scores: its cost is quadratic.",
        "d, r and k are fixed while L grows from 2^8 to 2^14.",
    ),
)

FAR = tuple({"L": 2**i, "k": 16, "d": dim} for i in (14, 20, 40) for dim in (2, 8, 64))

EXACT_TOPK = Inequality(
    id="np2024.complexity-topk",
    title="Exact top-K in sub-quadratic time",
    source=Source(PAPER, "efficiency statements, top-K member of the sub-quadratic family"),
    provenance="secondary",
    printed=r"\mathrm{cost}(\text{exact top-}K)=o(L^2)",
    arena=Points(FAR),
    parts=(
        Part(
            "operations per L^2 fall to half their value at L = 2^8",
            Le(TOPK / L**2, (TOPK / L**2).subs(L, SMALLEST) / 2),
        ),
        Part(
            "reading: the selection alone, scores given",
            Le(SELECTION * L / L**2, (SELECTION / L).subs(L, SMALLEST) / 2),
            headline=False,
        ),
    ),
    controls=(Control("linear in L", per(TOPK, L)),),
    related=("np2024.complexity-fixed", "np2024.topk"),
    notices=(
        "Finding the top K of L scores for each of L queries by computing the scores: (2 d - 1) L^2 operations before any "
        "selection, so the cost per pair does not fall, whatever L.  A limit is judged by its finite form: up to L = 2^40 "
        "the cost per pair must have halved at least.",
        "Search structures that avoid scores are another algorithm; they are not part of the entry, and for fixed small d "
        "they can be sub-quadratic.",
    ),
)

STATEMENTS = (FIXED, EXACT_TOPK)
