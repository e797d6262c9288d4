"""A larger constant in the linear gain over the covering bound.

I. Gil Fernandez, J. Kim, H. Liu, O. Pikhurko, "New lower bounds on kissing numbers and spherical codes in high
dimensions", arXiv 2111.01255.
"""

from __future__ import annotations

from typing import Any

from sympy import Gt, Le, Rational, log, pi, sqrt

from verify.arena import Points
from verify.papers.jjp2018 import ACUTE, EXPONENTS, GRID, HALF, LIMIT, N, finite, gain
from verify.papers.splag.growth import FINITE, LEADING, n, s
from verify.statement import Control, Inequality, Part, Source, Statement

PAPER = {
    "key": "gklp2021",
    "title": "New lower bounds on kissing numbers and spherical codes in high dimensions",
    "authors": "I. Gil Fernandez, J. Kim, H. Liu, O. Pikhurko",
    "year": 2021,
    "arxiv": "2111.01255",
    "venue": "",
}


def larger_gain(cosine: Any) -> Any:
    """c_theta of this paper."""
    return log(1 + cosine) / 2


KISSING = sqrt(3 * pi) / (4 * sqrt(2)) * log(Rational(3, 2)) * n ** Rational(3, 2) * (2 / sqrt(3)) ** n
TINY = Rational(1, 10**12)

GKLP = Inequality(
    id="gklp2021",
    title="Gil Fernandez, Kim, Liu, Pikhurko",
    source=Source("gklp2021", "arXiv 2111.01255"),
    provenance="secondary",
    printed=r"c_\theta=\tfrac12\ln(1+\cos\theta);\quad\text{kissing constant }\frac{\sqrt{3\pi}}{4\sqrt2}\ln\frac32",
    arena=Points(GRID),
    parts=(
        Part("exact codes without 1 + o(1)", Le(finite(larger_gain(s)), N), given=(ACUTE,), sampled=FINITE),
        Part("a larger constant than before", Gt(larger_gain(s), gain(s))),
        Part(
            "kissing constant",
            Le(abs(KISSING / (larger_gain(HALF) * n * LEADING.subs(s, HALF)) - 1), TINY, evaluate=False),
        ),
        Part(
            "factor ln(3/2)/ln(9/8) at 60 degrees",
            Le(
                abs(n * larger_gain(HALF) / gain(HALF) / (n * log(Rational(3, 2)) / log(Rational(9, 8))) - 1),
                TINY,
                evaluate=False,
            ),
        ),
        EXPONENTS,
    ),
    controls=(
        Control("cubed", Le(finite(larger_gain(s)) ** 3, N), "exact codes without 1 + o(1)"),
        Control(
            "four times the earlier constant",
            Gt(larger_gain(s), 4 * gain(s)),
            "a larger constant than before",
        ),
    ),
    related=("jjp2018", "cjms2023", "csw.asymptotic"),
    notices=(LIMIT,),
)

STATEMENTS: tuple[Statement, ...] = (GKLP,)
