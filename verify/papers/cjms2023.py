"""A logarithmic gain over a linear factor.

M. Campos, M. Jenssen, M. Michelen, J. Sahasrabudhe, "A new lower bound for sphere packing", arXiv 2312.10026.
"""

from __future__ import annotations

import math

from sympy import Ge, Gt, Integer, Le, Rational, acos, log

from bounds.exact import Real
from bounds.exact import pi as ball_pi
from bounds.functions import CapArea
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.gklp2021 import larger_gain
from verify.papers.jjp2018 import EXPONENTS, GRID, LIMIT, N
from verify.papers.splag.codes import s_code
from verify.papers.splag.growth import FINITE, n, s
from verify.papers.splag.optima import one, whole
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "cjms2023",
    "title": "A new lower bound for sphere packing",
    "authors": "M. Campos, M. Jenssen, M. Michelen, J. Sahasrabudhe",
    "year": 2023,
    "arxiv": "2312.10026",
    "venue": "",
}


def density(dimension: int) -> Real:
    """Packing density of A_2, A_3, D_4, D_5, E_6, E_7, E_8 and the Leech lattice.  Source: Conway, Sloane, table 1.2."""
    p = ball_pi()
    known = {
        2: lambda: p / Real(12).sqrt(),
        3: lambda: p / Real(18).sqrt(),
        4: lambda: p**2 / 16,
        5: lambda: p**2 / (15 * Real(2).sqrt()),
        6: lambda: p**3 / (48 * Real(3).sqrt()),
        7: lambda: p**3 / 105,
        8: lambda: p**4 / 384,
        24: lambda: p**12 / math.factorial(12),
    }
    return known[dimension]()


LATTICES = (2, 3, 4, 5, 6, 7, 8, 24)


@quantity("volume_lattice", "1 in the dimensions of the lattices")
def is_lattice(b: Instances) -> Array:
    return one(int(whole(b, "n") in LATTICES))


@quantity("volume_lattice_density", "density of the best lattice packing in dimension n")
def lattice_density(b: Instances) -> Array:
    return one(density(whole(b, "n")))


FACTOR = n * log(n) / 2
FIXED = Hypothesis(Ge(s_code, Rational(17, 100)), "angles of the grid, up to 80 degrees")
CJMS = Inequality(
    id="cjms2023",
    title="Campos, Jenssen, Michelen, Sahasrabudhe",
    source=Source("cjms2023", "arXiv 2312.10026 (sphere packing); spherical analogue recalled"),
    provenance="secondary",
    printed=r"\text{packing density in }\mathbb R^n\ge(1-o(1))\frac{n\ln n}{2^{n+1}};\quad A(n,\theta)\ge(1-o(1))"
    r"\frac{n\ln n}{2\,\sigma_n(\theta)}",
    arena=Points(GRID),
    parts=(
        Part(
            "exact codes without 1 - o(1)",
            Le(FACTOR / CapArea(n, acos(s_code)), N),
            given=(FIXED,),
            sampled=FINITE,
        ),
        Part(
            "lattice packings without 1 - o(1)",
            Le(n * log(n) / 2 ** (n + 1), lattice_density),
            given=(Hypothesis(Ge(is_lattice, 1), "n = 2..8, 24"),),
            trivial=Integer(1),
        ),
        Part("more than the linear gain", Gt(log(n) / 2, larger_gain(s))),
        EXPONENTS,
    ),
    controls=(
        Control(
            "a thousand times as many",
            Le(1000 * FACTOR / CapArea(n, acos(s_code)), N),
            "exact codes without 1 - o(1)",
        ),
        Control("2^n dropped", Le(n * log(n) / 2, lattice_density), "lattice packings without 1 - o(1)"),
    ),
    related=("gklp2021", "jjp2018", "cap.covering"),
    notices=(
        LIMIT,
        "Nearer to 90 degrees the right-hand side without 1 - o(1) exceeds even optimal sizes (50 points at s = 1/21 in "
        "dimension 21): no contradiction to a law for a fixed angle.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (CJMS,)
