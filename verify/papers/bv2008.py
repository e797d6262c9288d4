"""The three-point semidefinite bound.

C. Bachoc, F. Vallentin, "New upper bounds for kissing numbers from semidefinite programming", J. Amer. Math. Soc. 21
(2008), 909-924.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from sympy import Eq, Ge, Gt, Le, Lt, Symbol

from bounds.packing import three_point
from bounds.packing.three_point_hint import zonal_values
from simulations.streams import stream
from verify import certified
from verify import code_profiles as codes
from verify.arena import Points
from verify.code_profiles import number, one, scalar
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "bv2008",
    "title": "New upper bounds for kissing numbers from semidefinite programming",
    "authors": "C. Bachoc, F. Vallentin",
    "year": 2008,
    "arxiv": "math/0608426",
    "venue": "Journal of the American Mathematical Society 21",
}

CASES = (
    ("kissing-3", "icosahedron"),
    ("kissing-4", "24-cell"),
    ("kissing-5", "D5"),
    ("petersen", "petersen"),
    ("icosahedron", "icosahedron"),
)
"""Certificates for (3, 1/2), (4, 1/2), (5, 1/2), (4, 1/6), (3, 1/sqrt 5), and codes of at most that max cosine."""


@cache
def _value(case: int) -> Fraction:
    """The bound that the matrices of a certificate prove, once they are checked."""
    c = certified.certificate(CASES[case][0])
    read = Fraction
    return three_point.Proof(
        c["dimension"],
        [read(x) for x in c["diagonal"]],
        [[[read(x) for x in row] for row in f] for f in c["factors"]],
        read(c["pair_max"]),
        read(c["triple_gap"]),
        read(c["upto"]),
    ).value


@quantity("codes_three_point", "value of a feasible solution of the three-point programme")
def three_point_value(b: Instances) -> Array:
    return one(_value(scalar(b, "case")))


@quantity("codes_three_point_excess", "max cosine of the code minus that of the certificate", real=True)
def excess(b: Instances) -> Array:
    c = certified.certificate(CASES[scalar(b, "case")][0])
    return one(codes.real(codes.view(b).cosines[0]) - Fraction(c["upto"]))


# -- sums over triples -------------------------------------------------------------------------------------


@cache
def least_coefficient(n: int, size: int, degree: int, sample: int) -> Fraction:
    """The least coefficient of det(t + sum over triples of Y_k), over k = 0..degree: >= 0 iff all are semidefinite.

    The code consists of random sign vectors, whose inner products are rational; the sum of Y_k over all ordered triples
    is that of S_k, because it contains all orders.
    """
    signs = stream(sample, "bv2008.triples", n, size).choice([-1, 1], size=(size, n))
    gram = [[Fraction(int(x @ y), n) for y in signs] for x in signs]
    totals = [np.full((degree - k + 1,) * 2, Fraction(0), dtype=object) for k in range(degree + 1)]
    for x, y, z in product(range(size), repeat=3):
        u, v, t = gram[x][y], gram[x][z], gram[y][z]
        q = zonal_values(n - 1, t - u * v, (1 - u * u) * (1 - v * v), degree)
        left, right = ([w**i for i in range(degree + 1)] for w in (u, v))
        for k in range(degree + 1):
            m = degree - k + 1
            totals[k] += np.outer(np.array(left[:m], dtype=object), np.array(right[:m], dtype=object)) * q[k]
    return min(_coefficients(m) for m in totals)


def _coefficients(matrix: Any) -> Fraction:
    """The least coefficient of det(t + M)."""
    m = len(matrix)
    found = fmpq_mat(m, m, [fmpq(-x.numerator, x.denominator) for x in matrix.ravel()]).charpoly()
    return min(Fraction(int(c.p), int(c.q)) for c in found.coeffs())


@quantity(
    "codes_triple_coefficient",
    "least coefficient of det(t + sum over triples of S_k), k = 0..degree",
    real=True,
)
def triple_coefficient(b: Instances) -> Array:
    return one(least_coefficient(scalar(b, "n"), scalar(b, "size"), scalar(b, "degree"), scalar(b, "sample")))


case, n, sample = Symbol("case", real=True), Symbol("n", positive=True), Symbol("sample", real=True)
_BOUND = (
    Hypothesis(Ge(case, 0)),
    Hypothesis(Le(excess, 0), "the code has at most the max cosine of the certificate"),
)
_TRIPLES = (Hypothesis(Ge(sample, 0)),)
SIZE, TEN, SEMIDEFINITE = "size", "ten at (4, 1/6)", "sums over triples are semidefinite"


def _case(i: int) -> dict[str, int]:
    return {"case": i, "code": number(CASES[i][1]), "sample": -1, "n": 3, "size": 1, "degree": 1}


SDP = Inequality(
    id="bv2008.sdp",
    title="Three-point semidefinite bound",
    source=Source("bv2008", "Theorem 4.2"),
    provenance="recalled",
    printed=r"A(n,s)\le\min\ 1+\sum_{k=1}^da_k+b_{11}+\langle F_0,S_0(1,1,1)\rangle",
    arena=Points(
        (
            *(_case(i) for i in range(len(CASES))),
            *(
                {"case": -1, "code": number("petersen"), "sample": i, "n": m, "size": size, "degree": d}
                for i, (m, size, d) in enumerate(((3, 4, 3), (3, 6, 4), (4, 6, 4), (5, 7, 3), (8, 6, 4)))
            ),
        )
    ),
    parts=(
        Part(SIZE, Le(codes.points, three_point_value), given=_BOUND),
        Part(TEN, Lt(three_point_value, 11), given=(*_BOUND, Hypothesis(Eq(case, 3)))),
        Part("twelve at (3, 1/2)", Lt(three_point_value, 13), given=(*_BOUND, Hypothesis(Eq(case, 0)))),
        Part("twenty-four at (4, 1/2)", Lt(three_point_value, 25), given=(*_BOUND, Hypothesis(Eq(case, 1)))),
        Part("at most 45 at (5, 1/2)", Lt(three_point_value, 46), given=(*_BOUND, Hypothesis(Eq(case, 2)))),
        Part("twelve at (3, 1/sqrt 5)", Lt(three_point_value, 13), given=(*_BOUND, Hypothesis(Eq(case, 4)))),
        Part(SEMIDEFINITE, Ge(triple_coefficient, 0), given=_TRIPLES),
    ),
    controls=(
        Control("nine tenths of the bound", scaled("9/10").relation, SIZE),
        Control("nine at (4, 1/6)", Lt(three_point_value, 10), TEN),
        Control("always definite", Gt(triple_coefficient, 0), SEMIDEFINITE),
    ),
    related=("bv2009.petersen", "dlm2024.cell24", "cdll2024.sharp", "kissing.table"),
    notices=(
        "The values are those of rational feasible solutions of degree 4 to 8 that the project's own programme found with the extra sdp; they "
        "lie beside the statements, and every sign condition on them is checked again by exact arithmetic, without a solver.",
        "The literature's kissing values at degree 14 (12.38, 24.07, 45.00, ...) are lower than the values at these degrees; they are "
        "not computed here.",
        "That the sums of S_k over the triples of a code are positive semidefinite is checked exactly on random sign vectors, by the signs of the "
        "coefficients of det(t + M).",
    ),
)

STATEMENTS: tuple[Statement, ...] = (SDP,)
