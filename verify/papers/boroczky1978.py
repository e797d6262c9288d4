"""The simplex bound on the size of spherical codes.

K. Boroczky, "Packing of spheres in spaces of constant curvature", Acta Math. Acad. Sci. Hungar. 32 (1978); conjectured by
H. S. M. Coxeter 1963.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from math import factorial
from typing import NamedTuple

from flint import acb, arb
from sympy import Eq, Ge, Le, Lt, Symbol

from bounds.exact import Real, precision
from bounds.packing.elementary import rankin_size
from bounds.packing.simplex import schlaefli
from verify.arena import Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.splag.codes import CODES, agreeing_digits, max_cosine
from verify.papers.splag.optima import one, whole
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "boroczky1978",
    "title": "Packing of spheres in spaces of constant curvature",
    "authors": "K. Boroczky",
    "year": 1978,
    "arxiv": "",
    "venue": "Acta Math. Acad. Sci. Hungar. 32",
}

n, N = (Symbol(name, positive=True) for name in ("n", "N"))
LARGEST = 8
"""Largest dimension of the grid."""
BITS = 64
"""Precision of the quadratures."""


def share(m: int, cos2a: Real) -> Real:
    """Schlaefli's F_m(alpha) for every admissible angle, obtuse ones (cos 2 alpha < 0) included.

    F_m = 2^m/m! times the probability that m normal numbers of pairwise correlation -cos 2 alpha are positive; for a
    correlation rho >= 0 that is the mean of Phi(b Z)^m, b^2 = rho/(1 - rho).
    """
    if m <= 1 or cos2a >= 0:
        return schlaefli(m, cos2a)
    if m <= 3:
        turn = cos2a.arccos() / (Real(-1).arccos())
        return turn if m == 2 else turn - Fraction(1, 3)
    rho = -cos2a
    b = (rho / (1 - rho)).sqrt().ball / arb(2).sqrt()

    def integrand(z: acb, _analytic: bool) -> acb:
        return ((1 + (b * z).erf()) / 2) ** m * (-z * z / 2).exp()

    reach = arb(12)
    main = acb.integral(integrand, -reach, reach, rel_tol=arb(2) ** -BITS, eval_limit=10**5).real
    tail = arb(0, ((-reach * reach / 2).exp() / reach).upper())
    return Real((main + 2 * tail) / (2 * arb.pi()).sqrt() * 2**m / factorial(m))


def simplex_bound(dimension: int, s: Real) -> Real:
    """2 F_{n-1}(alpha)/F_n(alpha) with sec 2 alpha = sec theta + n - 2, s = cos theta > -1/(n-1); s = 0 is 2 alpha = 90."""
    cos2a = s / (1 + (dimension - 2) * s)
    return 2 * share(dimension - 1, cos2a) / share(dimension, cos2a)


class Case(NamedTuple):
    """A code of N points, or A(n, s) = N, at a max cosine: of the code of that number, or rational."""

    n: int
    N: int
    code: int | None
    s: Fraction
    equality: bool

    @property
    def cosine(self) -> Real:
        """The max cosine, exact or as a ball at the current precision."""
        return Real(self.s) if self.code is None else max_cosine(self.code)


@cache
def _cases() -> tuple[Case, ...]:
    """Exact codes, Rankin's values at 0 and below."""
    zero, found = Fraction(0), []
    for number, (name, dimension, count) in enumerate(CODES):
        classical = name.startswith(("simplex", "cross"))
        random = name == "random" and (dimension > 3 or count <= 4)
        if 3 <= dimension <= LARGEST and not classical and not random:
            found.append(Case(dimension, count, number, zero, name in ("icosahedron", "600-cell")))
    for dimension in range(3, LARGEST + 1):
        low, middle = Fraction(-1, dimension - 1), Fraction(-1, dimension)
        parts = (Fraction(1, 10), Fraction(1, 2), Fraction(9, 10))
        between = [a + part * (b - a) for part in parts for a, b in ((low, middle), (middle, zero))]
        found += [Case(dimension, rankin_size(dimension, s), None, s, True) for s in (zero, middle)]
        found += [Case(dimension, rankin_size(dimension, s), None, s, False) for s in between]
    return tuple(found)


def _case(b: Instances) -> Case:
    return _cases()[whole(b, "case")]


@cache
def _bound(case: int) -> Real:
    """The bound at a case at one precision: quadratures are expensive, and nothing here is closer than that."""
    with precision(BITS):
        return simplex_bound(_cases()[case].n, _cases()[case].cosine)


@quantity("volume_simplex_bound", "the simplex bound 2 F_(n-1)/F_n at the max cosine of the case")
def bound(b: Instances) -> Array:
    return one(_bound(whole(b, "case")))


@quantity("volume_simplex_equal", "1 where equality is claimed")
def is_equal(b: Instances) -> Array:
    return one(int(_case(b).equality))


@quantity("volume_simplex_digits", "digits to which the size of the code and the bound agree")
def agreement(b: Instances) -> Array:
    case = whole(b, "case")
    return one(agreeing_digits(_bound(case), Real(_cases()[case].N)))


@cache
def _kissing(dimension: int) -> int:
    # Known kissing arrangements are cases already.
    for case, known in enumerate(_cases()):
        if known.n == dimension and known.cosine.is_exact and known.cosine == Fraction(1, 2):
            return math.floor(_bound(case))
    return math.floor(simplex_bound(dimension, Real(Fraction(1, 2))))


@quantity("volume_simplex_kissing", "the simplex bound at 60 degrees, rounded down")
def kissing(b: Instances) -> Array:
    return one(_kissing(_case(b).n))


KISSING = {3: 13, 4: 26, 5: 48, 6: 85, 7: 146, 8: 244}


@quantity("volume_simplex_literature", "that value in the literature")
def literature(b: Instances) -> Array:
    return one(KISSING[_case(b).n])


STRICT = Hypothesis(Le(is_equal, 0), "no claimed equality")
SIMPLEX = Inequality(
    id="boroczky1978",
    title="Simplex bound",
    source=Source("boroczky1978", "Theorem 1; Coxeter 1963 (conjectured form)"),
    provenance="recalled",
    printed=r"A(n,\theta)\le\frac{2F_{n-1}(\alpha)}{F_n(\alpha)},\ \sec2\alpha=\sec\theta+n-2;\quad F_{m+1}(\alpha)=\frac2\pi"
    r"\int_{\frac12\operatorname{arcsec}m}^\alpha F_{m-1}(\beta)\,d\vartheta,\ \sec2\beta=\sec2\vartheta-2",
    arena=Points(tuple({"case": i, "n": c.n, "N": c.N} for i, c in enumerate(_cases()))),
    hypotheses=(Hypothesis(Ge(n, 3)),),
    parts=(
        Part("strict: exact codes, and A(n, s) for s < 0", Lt(N, bound), given=(STRICT,)),
        Part(
            "equality, to 15 digits: icosahedron, 600-cell, s = 0, s = -1/n",
            Le(15, agreement),
            given=(Hypothesis(Ge(is_equal, 1), "claimed equality"),),
        ),
        Part("kissing numbers of the literature", Eq(kissing, literature)),
    ),
    controls=(
        scaled("19/20", part="strict: exact codes, and A(n, s) for s < 0"),
        Control("one more", Eq(kissing, literature + 1), "kissing numbers of the literature"),
    ),
    related=("fejestoth1943", "cap.packing"),
    notices=(
        "Exact codes of the table in dimensions 3 to 8 and codes of rational vectors at their own max cosine; below 0, where "
        "sec theta is negative and 2 alpha is obtuse, Rankin's exact A(n, s).",
        "F_m is evaluated as 2^m/m! times an orthant probability (Ruben 1954, Steck 1962), not by the recursion.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (SIMPLEX,)
