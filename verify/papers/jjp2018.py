"""A linear gain over the covering bound.

M. Jenssen, F. Joos, W. Perkins, "On kissing numbers and spherical codes in high dimensions", Adv. Math. 335 (2018).
"""

from __future__ import annotations

from typing import Any

from sympy import Gt, Le, Lt, Rational, Symbol, log, pi, sqrt

from verify.arena import Points
from verify.papers.splag.codes import CODES, OTHERS, POLYGONS, SHARP, s_code
from verify.papers.splag.growth import COVERING_EXPONENT, FINITE, KL_EXPONENT, LEADING, n, s
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement

PAPER = {
    "key": "jjp2018",
    "title": "On kissing numbers and spherical codes in high dimensions",
    "authors": "M. Jenssen, F. Joos, W. Perkins",
    "year": 2018,
    "arxiv": "1803.02702",
    "venue": "Adv. Math. 335",
}

N = Symbol("N", positive=True)


def _points() -> tuple[dict[str, Any], ...]:
    """Codes of the table with s > 0, each with one angle of the grid for the constants."""
    cosines = ("87/100", "7/10", "1/2", "17/100")
    worse = ("dodecahedron", "cuboctahedron")
    names = [name for name in (*POLYGONS, *SHARP, *OTHERS) if name not in worse]
    chosen = [(i, d, m) for i, (name, d, m) in enumerate(CODES) if name in names]
    return tuple(
        {"code": i, "n": d, "N": m, "s": cosines[k % len(cosines)]} for k, (i, d, m) in enumerate(chosen)
    )


GRID = _points()
"""Exact codes and angles, shared with the later improvements."""


ACUTE = Hypothesis(Gt(s_code, 0), "acute angles")
LIMIT = (
    "A statement about n -> infinity with no content at a finite n.  Checked are the constants, that it lies between the "
    "exponents of the covering and of the linear programming bound, and that the right-hand side without 1 + o(1) is "
    "below the size of every exact code of the table: evidence, no proof."
)


def gain(cosine: Any) -> Any:
    """c_theta of this paper."""
    return log((1 + cosine) / sqrt(1 + 2 * cosine))


def finite(constant: Any) -> Any:
    """A lower bound c n (leading term of the covering bound), at the code's own angle."""
    return (constant * n * LEADING).subs(s, s_code)


EXPONENTS = Part(
    "between the exponents of covering and linear programming", Lt(COVERING_EXPONENT, KL_EXPONENT)
)
HALF = Rational(1, 2)
KISSING = sqrt(3 * pi / 8) * log(3 / (2 * sqrt(2))) * n ** Rational(3, 2) * (2 / sqrt(3)) ** n

JJP = Inequality(
    id="jjp2018",
    title="Jenssen, Joos, Perkins",
    source=Source("jjp2018", "Theorems 1 and 2"),
    provenance="recalled",
    printed=r"A(n,\theta)\ge(1+o(1))\,c_\theta\,n\,\frac{\sqrt{2\pi n}\cos\theta}{\sin^{n-1}\theta},\ c_\theta=\ln\frac{1+\cos\theta}"
    r"{\sqrt{1+2\cos\theta}};\quad\text{kissing: }\sqrt{\tfrac{3\pi}8}\,\ln\tfrac3{2\sqrt2}\,n^{3/2}(2/\sqrt3)^n",
    arena=Points(GRID),
    parts=(
        Part(
            "exact codes without 1 + o(1)",
            Le(finite(gain(s)), N),
            given=(ACUTE,),
            sampled=FINITE,
        ),
        Part("the gain is one", Gt(gain(s), 0), scale=1),
        Part(
            "kissing constant",
            Le(
                abs(KISSING / (gain(HALF) * n * LEADING.subs(s, HALF)) - 1),
                Rational(1, 10**12),
                evaluate=False,
            ),
        ),
        EXPONENTS,
    ),
    controls=(
        Control("cubed", Le(finite(gain(s)) ** 3, N), "exact codes without 1 + o(1)"),
        Control(
            "sqrt(3 pi/4)",
            Le(
                abs(sqrt(2) * KISSING / (gain(HALF) * n * LEADING.subs(s, HALF)) - 1),
                HALF / 5,
                evaluate=False,
            ),
            "kissing constant",
        ),
    ),
    related=("csw.asymptotic", "gklp2021", "cjms2023"),
    notices=(LIMIT,),
)

STATEMENTS: tuple[Statement, ...] = (JJP,)
