"""Universal optimality.

H. Cohn, A. Kumar, "Universally optimal distribution of points on spheres", J. Amer. Math. Soc. 20 (2007), 99-148.

For a potential f of the squared distance, let h interpolate t -> f(2 - 2t) at the cosines of the code, to first order at
-1 and to second order elsewhere.  If h_k >= 0 for k >= 1 and h <= f, every set of N points has energy at least
N^2 h_0 - N h(1) (Theorem 1.2 and section 3); for a code of design strength at least deg h that is its own energy.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from flint import ctx
from sympy import Eq, Ge, Gt, Le, Lt, Symbol

from bounds.exact import Real
from bounds.packing import extremal
from simulations.codes import catalogue
from simulations.codes.profile import moments
from verify import code_profiles as codes
from verify.arena import Points
from verify.code_profiles import number, one, real, scalar
from verify.instances import Array, Instances
from verify.sharp_codes import WITH_POLYGONS
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

PAPER = {
    "key": "ck2007",
    "title": "Universally optimal distribution of points on spheres",
    "authors": "H. Cohn, A. Kumar",
    "year": 2007,
    "arxiv": "math/0607446",
    "venue": "Journal of the American Mathematical Society 20",
}

# -- potentials -------------------------------------------------------------------------------------------

RIESZ, GAUSS, POWER = range(3)
"""r^-p, exp(-p r), (5 - r)^p, with r the squared distance."""


def potential(kind: int, p: Fraction, t: Any) -> tuple[Any, Any]:
    """f(2 - 2t) and its derivative by t, for a ball, or for an element of a field where f is rational (p an integer)."""
    r = 2 - 2 * t
    if kind == GAUSS:
        value = (-p * r).exp()
        return value, 2 * p * value
    power = int(p)
    if kind == RIESZ:
        value = 1 / r**power
        return value, value / r * (2 * power)
    return (5 - r) ** power, (5 - r) ** (power - 1) * (2 * power)


class Interpolant(NamedTuple):
    """Nodes with repetition, Newton's divided differences (in the field or in balls), coefficients h_0, h_1, ..."""

    nodes: list[Any]
    differences: list[Any]
    coefficients: list[Real]

    def __call__(self, t: Any) -> Any:
        total = self.differences[-1] * 0
        for node, d in zip(reversed(self.nodes), reversed(self.differences), strict=True):
            total = total * (t - node) + d
        return total


def _nodes(cosines: tuple[Any, ...]) -> list[Any]:
    nodes: list[Any] = []
    for a in reversed(cosines):
        nodes += [a] if a == -1 else [a, a]
    return nodes


@lru_cache(maxsize=64)
def _basis(code: int, k: int) -> tuple[list[Any], list[list[Any]]]:
    """The nodes, and the Gegenbauer coefficients of the products (t - t_1) ... (t - t_j), in the code's field."""
    seen = codes.view_of(code, k)
    nodes = _nodes(seen.cosines)
    rows = [[seen.cosines[0] ** 0]]
    for a in nodes[:-1]:
        rows.append(extremal.times_root(seen.n, rows[-1], a))
    return nodes, rows


def interpolant(code: int, k: int, kind: int, p: Fraction) -> Interpolant:
    """Hermite interpolation of a potential at the cosines of a code: computed in the field of the code for the
    potentials that are rational functions, in balls for the exponential.
    """
    return _interpolant(code, k, kind, p, ctx.prec)


@lru_cache(maxsize=1024)
def _interpolant(code: int, k: int, kind: int, p: Fraction, _precision: int) -> Interpolant:
    nodes, rows = _basis(code, k)
    places: list[Any] = [real(a) for a in nodes] if kind == GAUSS else nodes
    level = [potential(kind, p, t)[0] for t in places]
    differences = [level[0]]
    for j in range(1, len(nodes)):
        level = [
            potential(kind, p, places[i])[1]
            if nodes[i] == nodes[i + j]
            else (level[i + 1] - level[i]) / (places[i + j] - places[i])
            for i in range(len(level) - 1)
        ]
        differences.append(level[0])
    if kind == GAUSS:
        rows = [[real(x) for x in row] for row in rows]
    coefficients = []
    for i in range(len(nodes)):
        terms = [d * row[i] for d, row in zip(differences, rows, strict=True) if i < len(row)]
        coefficients.append(_ball(sum(terms[1:], terms[0])))
    return Interpolant(places, differences, coefficients)


def _ball(value: Any) -> Real:
    return value if isinstance(value, Real) else real(value)


def _least(values: list[Real]) -> Real:
    """An enclosure of the smallest of some numbers."""
    return Real.between(min(v.lower() for v in values), min(v.upper() for v in values))


def _of(b: Instances) -> tuple[int, int, int, Fraction]:
    return scalar(b, "code"), scalar(b, "k"), scalar(b, "kind"), b.scalars["p"][0].fraction


@quantity(
    "codes_h_least",
    "least Gegenbauer coefficient h_k, k >= 1, of the interpolant of the potential",
    real=True,
)
def h_least(b: Instances) -> Array:
    return one(_least(interpolant(*_of(b)).coefficients[1:]))


@quantity("codes_energy_excess", "energy per point of the code minus N h_0 - h(1)", real=True)
def energy_excess(b: Instances) -> Array:
    """sum_k h_k (1 + sum P_k over the code), k >= 1: the values of h and f agree at all cosines."""
    code, k, kind, p = _of(b)
    found = interpolant(code, k, kind, p).coefficients
    return one(
        sum(
            (h * m for h, m in zip(found[1:], _moments(code, k, len(found)), strict=False) if m != 0), Real(0)
        )
    )


@cache
def _moments(code: int, k: int, count: int) -> list[Any]:
    seen = codes.view_of(code, k)
    sums = moments(seen.n, dict(zip(seen.cosines, seen.counts, strict=True)))
    return [m if (m := next(sums)) == 0 else real(m) for _ in range(count)]


_PLACES = tuple(Fraction(i, 8) + Fraction(1, 1001) for i in range(-8, 8))


@quantity(
    "codes_below_potential",
    "least f - h over 16 places between -1 and 1, none of them a cosine of the code",
    real=True,
)
def below_potential(b: Instances) -> Array:
    code, k, kind, p = _of(b)
    h = interpolant(code, k, kind, p)
    at = [Real(t) if kind == GAUSS else t for t in _PLACES]
    return one(_least([_ball(potential(kind, p, t)[0] - h(t)) for t in at]))


# -- competitors of the same size ----------------------------------------------------------------------------


def _roots(name: str, count: int, step: int = 1) -> Callable[[], Any]:
    return lambda: catalogue.construction(name).build().vectors[::step, :, 0][:count]


def _square() -> Any:
    eye = np.eye(3, dtype=np.int64)
    return np.concatenate([eye[:2], -eye[:2]])


COMPETITORS: tuple[tuple[str, int, Callable[[], Any]], ...] = (
    ("simplex", 3, _square),
    ("cross-polytope", 3, _roots("cuboctahedron", 6, 2)),
    ("cross-polytope", 3, _roots("cuboctahedron", 6)),
    ("icosahedron", 0, _roots("cuboctahedron", 12)),
    ("cross-polytope", 8, _roots("E8", 16)),
    ("half-5-cube", 0, _roots("D5", 16)),
    ("half-5-cube", 0, _roots("D5", 16, 2)),
    ("schlaefli", 0, _roots("E6", 27, 2)),
    ("gosset", 0, _roots("E7", 56)),
    ("gosset", 0, _roots("E7", 56, 2)),
    ("600-cell", 0, lambda: np.concatenate([_roots("24-cell", 24)() * 3, _grid_points(96)])),
)
"""Code, its parameter, and integer vectors of one squared norm: as many points in the same dimension."""


def _grid_points(count: int) -> Any:
    """Integer vectors of squared norm 18 in R^4 other than the multiples of roots, the first ``count`` of them."""
    side = range(-4, 5)
    found = [v for v in np.ndindex(9, 9, 9, 9) if sum((x - 4) ** 2 for x in v) == 18]
    vectors = [[x - 4 for x in v] for v in found]
    kept = [v for v in vectors if sorted(map(abs, v)) != [0, 0, 3, 3]]
    assert len(side) == 9
    return np.array(kept[:count])


@cache
def _competitor(index: int) -> dict[Fraction, int]:
    """Ordered pairs of different points by cosine."""
    vectors = COMPETITORS[index][2]()
    gram = vectors @ vectors.T
    norm = int(gram[0, 0])
    if len(np.unique(vectors, axis=0)) != len(vectors) or np.any(np.diag(gram) != norm):
        raise ArithmeticError("a competitor consists of different vectors of one length")
    values, counts = np.unique(gram[~np.eye(len(gram), dtype=bool)], return_counts=True)
    return {Fraction(int(v), norm): int(c) for v, c in zip(values, counts, strict=True)}


@quantity("codes_energy", "energy of the code: the sum of f over ordered pairs")
def energy(b: Instances) -> Array:
    code, k, kind, p = _of(b)
    seen = codes.view_of(code, k)
    pairs = zip(seen.cosines, seen.counts, strict=True)
    return one(sum((potential(kind, p, real(t))[0] * (c * seen.size) for t, c in pairs), Real(0)))


@quantity("codes_energy_competitor", "energy of the competitor")
def competitor_energy(b: Instances) -> Array:
    _, _, kind, p = _of(b)
    pairs = _competitor(scalar(b, "competitor")).items()
    return one(sum((potential(kind, p, Real(t))[0] * c for t, c in pairs), Real(0)))


@quantity("codes_competitor_size", "number of points of the competitor")
def competitor_size(b: Instances) -> Array:
    return one(len(COMPETITORS[scalar(b, "competitor")][2]()))


POTENTIALS = (
    *({"kind": RIESZ, "p": p} for p in ("1", "8", "64")),
    *({"kind": GAUSS, "p": p} for p in ("1/100", "1", "100")),
    *({"kind": POWER, "p": p} for p in ("1", "3", "64")),
)
_CODES = (
    *({"code": number("simplex"), "k": k} for k in (3, 8)),
    *({"code": number("cross-polytope"), "k": k} for k in (3, 8)),
    *({"code": number("polygon"), "k": k} for k in (5, 7, 8)),
    *({"code": number(name), "k": 0} for name in ("icosahedron", "half-5-cube", "schlaefli", "gosset", "E8")),
)
competitor = Symbol("competitor", real=True)
_PROVED = (Hypothesis(Eq(competitor, -1)),)
_COMPARED = (Hypothesis(Ge(competitor, 0)),)
DIRECT = "energy of a competitor"
BOUND = "the least possible energy is that of the code"

UNIVERSAL = Inequality(
    id="ck2007.universal",
    title="Universal optimality",
    source=Source("ck2007", "Theorem 1.2"),
    provenance="secondary",
    printed=r"\sum_{x\ne y\in C}f(|x-y|^2)\le\sum_{x\ne y\in C'}f(|x-y|^2),\quad C'\subset S^{n-1},\ |C'|=|C|",
    arena=Points(
        (
            *({**code, **f, "competitor": -1} for code in _CODES for f in POTENTIALS),
            *(
                {"code": number(name), "k": k, **f, "competitor": i}
                for i, (name, k, _) in enumerate(COMPETITORS)
                for f in POTENTIALS
            ),
        )
    ),
    parts=(
        Part("the interpolant has no negative coefficient", Ge(h_least, 0), given=_PROVED),
        Part("the interpolant is at most f", Ge(below_potential, 0), given=_PROVED),
        Part(BOUND, Eq(energy_excess, 0), given=_PROVED),
        Part(DIRECT, Le(energy, competitor_energy), given=_COMPARED),
    ),
    controls=(
        Control("a tenth less for the code", Le(energy, competitor_energy * 9 / 10), DIRECT),
        Control("the competitor is better", Lt(competitor_energy, energy), DIRECT),
        Control("the code is above the bound", Gt(energy_excess, 0), BOUND),
    ),
    related=("ck2007.optimal", "lev.sharp"),
    notices=(
        "For the sharp codes the inequality is decided for every competitor at once, one potential at a time: the interpolant h "
        "at the cosines has no negative coefficient (exactly or in balls), f - h is a divided difference of a completely monotone "
        "function times squares (checked at 16 places besides), and N^2 h_0 - N h(1) is the energy of the code.",
        "Beside that, energies are compared directly with eleven other sets of points, exactly where the numbers are rational; for the "
        "600-cell, whose interpolant needs degree 17, only so.",
        "kind = 0, 1, 2: r^-p, exp(-p r), (5 - r)^p; competitor = -1 for the first kind of point.",
    ),
)

# -- optimal codes --------------------------------------------------------------------------------------------


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
    cubic = [*_solve(system), one_]
    return [
        sum((c * row[k] for c, row in zip(cubic, rows, strict=True)), zero) for k in range(len(rows[3]))
    ], cubic


def _solve(system: list[list[Any]]) -> list[Any]:
    """Gauss elimination in a field; the last column is the right side."""
    size = len(system)
    for i in range(size):
        pivot = next(r for r in range(i, size) if system[r][i] != 0)
        system[i], system[pivot] = system[pivot], system[i]
        system[i] = [x / system[i][i] for x in system[i]]
        for r in range(size):
            if r != i:
                system[r] = [x - system[r][i] * y for x, y in zip(system[r], system[i], strict=True)]
    return [row[-1] for row in system]


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
    low = _least(values)
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

STATEMENTS: tuple[Statement, ...] = (UNIVERSAL, OPTIMAL)
