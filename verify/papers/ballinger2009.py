"""2n + 1 points in dimension n: the conjectured optimal max cosine.

B. Ballinger, G. Blekherman, H. Cohn, N. Giansiracusa, E. Kelly, A. Schuermann, "Experimental study of energy-minimizing
point configurations on spheres", Experimental Mathematics 18 (2009), Section 3.3.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import fmpq_poly
from sympy import Eq, Ge, Le, Rational, Symbol

from bounds.exact import Real
from bounds.packing.sturm import roots_between
from verify.arena import Points
from verify.instances import Array, Instances
from verify.papers.splag.optima import cosine_interval, one, optimal_cosine, proven, root_near, whole
from verify.papers.splag.search import STARTS, found
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "ballinger2009",
    "title": "Experimental study of energy-minimizing point configurations on spheres",
    "authors": "B. Ballinger, G. Blekherman, H. Cohn, N. Giansiracusa, E. Kelly, A. Schuermann",
    "year": 2009,
    "arxiv": "math/0611451",
    "venue": "Experimental Mathematics 18",
}

n = Symbol("n", positive=True)


def cubic(dimension: int) -> tuple[int, ...]:
    """Coefficients of (n^3 - 4 n^2 + 4 n) x^3 - n^2 x^2 - n x + 1, constant term first."""
    return 1, -dimension, -(dimension**2), dimension**3 - 4 * dimension**2 + 4 * dimension


def claimed_root(dimension: int) -> Real:
    """The root of the cubic in (0, 1/n), as a ball at the current precision."""
    roots = np.roots(cubic(dimension)[::-1])
    inside = [r.real for r in roots if abs(r.imag) < 1e-9 and 0 < r.real < 1 / dimension]
    return root_near(cubic(dimension), inside[0])


@quantity("volume_cubic_roots", "number of roots of the cubic in (0, 1/n)")
def root_count(b: Instances) -> Array:
    d = whole(b, "n")
    return one(roots_between(fmpq_poly(list(cubic(d))), Fraction(0), Fraction(1, d)))


@quantity("volume_cubic_root", "the root of the cubic in (0, 1/n)")
def root(b: Instances) -> Array:
    return one(claimed_root(whole(b, "n")))


@quantity("volume_found_odd", "max cosine of the best code of 2n+1 points that a search finds, from above")
def found_above(b: Instances) -> Array:
    d = whole(b, "n")
    return one(found(d, 2 * d + 1)[1])


@quantity(
    "volume_optimal_odd", "optimal max cosine of 2n+1 points: proven, or between a bound and the code found"
)
def optimal(b: Instances) -> Array:
    d = whole(b, "n")
    count = 2 * d + 1
    if proven(d, count):
        return one(optimal_cosine(d, count))
    return one(Real.between(cosine_interval(d, count)[0], found(d, count)[1]))


CLOSE = Rational(1, 10**12)
TWO_N_PLUS_ONE = Identity(
    id="ballinger2009.two-n-plus-one",
    title="2n+1 points",
    source=Source("ballinger2009", "Section 3.3 (formula recalled)"),
    provenance="recalled",
    printed=r"s^*(n,2n+1)=\text{the root in }(0,\tfrac1n)\text{ of }(n^3-4n^2+4n)x^3-n^2x^2-nx+1"
    r"\quad(\text{conjectured for }n\ge4)",
    arena=Points(tuple({"n": d} for d in range(3, 9))),
    hypotheses=(Hypothesis(Ge(n, 3)),),
    parts=(
        Part("one root in (0, 1/n)", Eq(root_count, 1)),
        Part("a certified code attains it", Le(found_above, root + CLOSE)),
        Part(
            "the search finds none that has less",
            Ge(found_above, root - CLOSE),
            sampled=STARTS,
        ),
        Part("no code has less (the interval between the bounds)", Ge(optimal, root), headline=False),
    ),
    controls=(
        Control("two roots", Eq(root_count, 2)),
        Control(
            "a thousandth less is attained",
            Le(found_above, root - Rational(1, 1000)),
            "a certified code attains it",
        ),
        Control("no code has less than 1/n", Ge(optimal, 1 / n), "no code has less"),
    ),
    related=("rankin1955.orthoplex",),
    notices=(
        "n = 3 is a theorem (Schuette, van der Waerden 1951).  For n >= 4 it is a conjecture: the record shows the certified "
        "interval between Levenshtein's bound and the code found; nothing below the root was found.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (TWO_N_PLUS_ONE,)
