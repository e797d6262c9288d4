"""Sharp codes and the 600-cell are optimal: no code of as many points has a smaller max cosine."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from sympy import Eq, Ge, Gt, Lt

from bounds.exact import Real
from bounds.packing import extremal
from verify import code_profiles as codes
from verify.arena import Points
from verify.code_profiles import number, one, real, scalar
from verify.instances import Array, Instances
from verify.sharp_codes import WITH_POLYGONS
from verify.statement import Control, Identity, Part, Source
from verify.vocabulary import quantity


class Optimal(NamedTuple):
    """f(1)/f_0 and coefficients of a certificate; p(1) and N p_0 for p the product over all but the largest cosine."""

    ratio: Any
    constant: Any
    least: Any
    low: Any
    at_one: Any
    mean: Any
    cofactor: Any


def _andreev(n: int, cosines: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
    """The certificate of the 600-cell: the product over its cosines times a cubic such that f_11 = f_12 = f_13 = 0.

    Source: N. N. Andreev, Proc. Steklov Inst. Math. 219 (1999); Cohn and Kumar 2007, section 7.
    """
    one_, zero = cosines[0] ** 0, cosines[0] * 0
    rows = [extremal.product(n, extremal.sharp_roots(cosines), one_)]
    for _ in range(3):
        rows.append(extremal.times_root(n, rows[-1], zero))
    rows = [row + [zero] * (len(rows[-1]) - len(row)) for row in rows]
    system = [[rows[j][k] for j in range(3)] + [-rows[3][k]] for k in (11, 12, 13)]
    cubic = [*extremal.eliminate(system), one_]
    return [
        sum((c * row[k] for c, row in zip(cubic, rows, strict=True)), zero) for k in range(len(rows[3]))
    ], cubic


@cache
def optimal(code: int, k: int) -> Optimal:
    """The certificate of a code and what excludes as many points with a smaller max cosine."""
    seen = codes.view_of(code, k)
    unit = seen.cosines[0] ** 0
    cubic = [unit]
    if codes.NAMES[code] == "600-cell":
        f, cubic = _andreev(seen.n, seen.cosines)
    else:
        f = extremal.product(seen.n, extremal.sharp_roots(seen.cosines), unit)
    p = extremal.product(seen.n, seen.cosines[1:], unit)
    used = f[1 : len(p)] or [unit]
    return Optimal(
        ratio=sum(f[1:], f[0]) / f[0],
        constant=f[0],
        least=min(f[1:], key=float),
        low=min(used, key=float),
        at_one=sum(p[1:], p[0]),
        mean=p[0] * seen.size,
        cofactor=cubic,
    )


def _optimal(b: Instances) -> Optimal:
    return optimal(scalar(b, "code"), scalar(b, "k"))


@quantity("codes_optimal_ratio", "f(1)/f_0 of the certificate of the code", real=True)
def optimal_ratio(b: Instances) -> Array:
    return one(real(_optimal(b).ratio))


@quantity("codes_optimal_least", "least f_k, k >= 1, of the certificate", real=True)
def optimal_least(b: Instances) -> Array:
    return one(real(_optimal(b).least))


@quantity("codes_optimal_constant", "f_0 of the certificate", real=True)
def optimal_constant(b: Instances) -> Array:
    return one(real(_optimal(b).constant))


@quantity("codes_optimal_low", "least f_k for 1 <= k < number of cosines", real=True)
def optimal_low(b: Instances) -> Array:
    return one(real(_optimal(b).low))


@quantity("codes_optimal_at_one", "value at 1 of the product over all cosines but the largest", real=True)
def optimal_at_one(b: Instances) -> Array:
    return one(real(_optimal(b).at_one))


@quantity("codes_optimal_mean", "N times the mean of that product over the sphere", real=True)
def optimal_mean(b: Instances) -> Array:
    return one(real(_optimal(b).mean))


_PIECES = 512


@quantity(
    "codes_cofactor",
    "the minimum on [-1, 1] of the factor of the certificate without zeros at cosines",
    real=True,
)
def cofactor(b: Instances) -> Array:
    """Enclosed by the values at the centres of 512 pieces and the radius times a bound on the derivative."""
    c = [real(x) for x in _optimal(b).cofactor]
    if len(c) == 1:
        return one(c[0])
    slope = sum((abs(x) * i for i, x in enumerate(c)), Real(0))
    centres = [Fraction(2 * i + 1, _PIECES) - 1 for i in range(_PIECES)]
    values = [sum((x * t**j for j, x in enumerate(c)), Real(0)) for t in centres]
    low = codes.smallest(values)
    return one(Real.between(low - slope * Fraction(1, _PIECES), low))


OPTIMAL = Identity(
    id="ck2007.optimal",
    title="Sharp codes are optimal spherical codes",
    source=Source("ck2007", "section 1; Levenshtein 1992"),
    provenance="recalled",
    printed=r"s(C)=s^*(n,|C|)",
    arena=Points((*WITH_POLYGONS, {"code": number("600-cell"), "k": 0, "family": 0})),
    parts=(
        Part("no larger code: f(1)/f_0 = |C|", Eq(optimal_ratio, codes.points)),
        Part("f_k >= 0", Ge(optimal_least, 0)),
        Part("f_0 > 0", Gt(optimal_constant, 0)),
        Part("f <= 0 on [-1, s]", Gt(cofactor, 0)),
        Part("as many points below s would be a design", Gt(optimal_low, 0)),
        Part("and no such design exists", Lt(optimal_at_one, optimal_mean)),
    ),
    controls=(
        Control("a code with one point more", Eq(optimal_ratio, codes.points + 1)),
        Control("the design would exist", Eq(optimal_at_one, optimal_mean), "and no such design exists"),
        Control("some coefficient is negative", Lt(optimal_least, 0), "f_k >= 0"),
    ),
    related=("dgs1977.certificates", "lev.sharp", "code.cell600"),
    notices=(
        "N points with max cosine below s would attain the bound: their inner products are zeros of f below s, and they are a "
        "design in every degree with f_k > 0.  With p the product over all cosines but s, of degree m - 1, p(1) would be N p_0; "
        "in fact p(1) < N p_0, so s(C) = s*.",
        "For the 600-cell f is the product over its cosines times the cubic for which f_11 = f_12 = f_13 = 0 (degree 17), exactly in "
        "Q(sqrt 5).",
    ),
)
