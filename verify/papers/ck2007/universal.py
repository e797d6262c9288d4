"""Sharp codes minimise energies.

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
from verify.code_profiles import number, one, real, scalar, smallest
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Inequality, Part, Source
from verify.vocabulary import quantity

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


CELL = number("600-cell")
ABSENT = (11, 12, 13)
"""Degrees that the interpolant of the 600-cell leaves out: the code is a design in all degrees up to 17 but 12."""


@lru_cache(maxsize=64)
def _basis(code: int, k: int) -> tuple[list[Any], list[list[Any]]]:
    """The nodes, and the Gegenbauer coefficients of the products (t - t_1) ... (t - t_j), in the code's field.

    For the 600-cell three zeros follow the nodes, for the three more terms of its interpolant.
    """
    seen = codes.view_of(code, k)
    nodes = _nodes(seen.cosines)
    if code == CELL:
        nodes = [*nodes, *(seen.cosines[0] * 0,) * 3]
    rows = [[seen.cosines[0] ** 0]]
    for a in nodes[:-1]:
        rows.append(extremal.times_root(seen.n, rows[-1], a))
    return nodes, rows


@cache
def _inverse() -> list[list[Any]]:
    """The inverse of the matrix of the coefficients in the degrees ABSENT of the last three products."""
    _, rows = _basis(CELL, 0)
    zero = rows[0][0] * 0
    matrix = [[row[i] if i < len(row) else zero for row in rows[-3:]] for i in ABSENT]
    columns = [
        extremal.eliminate([[*line, zero + int(i == j)] for i, line in enumerate(matrix)]) for j in range(3)
    ]
    return [[column[i] for column in columns] for i in range(3)]


def interpolant(code: int, k: int, kind: int, p: Fraction) -> Interpolant:
    """Hermite interpolation of a potential at the cosines of a code: computed in the field of the code for the
    potentials that are rational functions, in balls for the exponential.
    """
    return _interpolant(code, k, kind, p, ctx.prec)


@lru_cache(maxsize=1024)
def _interpolant(code: int, k: int, kind: int, p: Fraction, _precision: int) -> Interpolant:
    nodes, rows = _basis(code, k)
    places: list[Any] = [real(a) for a in nodes] if kind == GAUSS else nodes
    level = [potential(kind, p, t)[0] for t in places[: _count(code, nodes)]]
    differences = [level[0]]
    for j in range(1, len(level)):
        level = [
            potential(kind, p, places[i])[1]
            if nodes[i] == nodes[i + j]
            else (level[i + 1] - level[i]) / (places[i + j] - places[i])
            for i in range(len(level) - 1)
        ]
        differences.append(level[0])
    if kind == GAUSS:
        rows = [[real(x) for x in row] for row in rows]
    coefficients = _combined(differences, rows)
    if code == CELL:
        low = [coefficients[i] for i in ABSENT]
        inverse = [[real(x) if kind == GAUSS else x for x in line] for line in _inverse()]
        differences += [-sum((x * y for x, y in zip(line, low, strict=True)), low[0] * 0) for line in inverse]
        coefficients = _combined(differences, rows)
        for i in ABSENT:
            coefficients[i] = low[0] * 0
    coefficients = [_ball(c) for c in coefficients]
    return Interpolant(places, differences, coefficients)


def _count(code: int, nodes: list[Any]) -> int:
    """The nodes at which the interpolant takes values of the potential."""
    return len(nodes) - 3 if code == CELL else len(nodes)


def _combined(differences: list[Any], rows: list[list[Any]]) -> list[Any]:
    """Gegenbauer coefficients of a combination of the products."""
    found = []
    for i in range(len(rows[len(differences) - 1])):
        terms = [d * row[i] for d, row in zip(differences, rows, strict=False) if i < len(row)]
        found.append(sum(terms[1:], terms[0]))
    return found


def _ball(value: Any) -> Real:
    return value if isinstance(value, Real) else real(value)


def _of(b: Instances) -> tuple[int, int, int, Fraction]:
    return scalar(b, "code"), scalar(b, "k"), scalar(b, "kind"), b.scalars["p"][0].fraction


@quantity(
    "codes_h_least",
    "least Gegenbauer coefficient h_k, k >= 1, of the interpolant of the potential",
    real=True,
)
def h_least(b: Instances) -> Array:
    return one(smallest(interpolant(*_of(b)).coefficients[1:]))


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
    return one(smallest([_ball(potential(kind, p, t)[0] - h(t)) for t in at]))


_PIECES = 96


@quantity(
    "codes_margin",
    "600-cell: the least divided difference of f minus the quadratic of h, on [-1, 1]",
    real=True,
)
def margin(b: Instances) -> Array:
    """f - h = (t + 1) prod (t - a)^2 (f[nodes, t] - r(t)); the divided difference rises with t.

    From below: on each of 96 pieces its value at the left end minus an upper bound of the quadratic r; from above:
    its value minus r at the left ends.  The first piece begins a little below -1, where f is still monotone.
    """
    code, k, kind, p = _of(b)
    if code != CELL:
        return one(0)
    h = interpolant(code, k, kind, p)
    r = [_ball(d) for d in h.differences[-3:]]
    places = [_ball(t) if kind == GAUSS else t for t in h.nodes[:-3]]
    step = Fraction(2, _PIECES)
    lows, highs = [], []
    for i in range(_PIECES):
        left = Fraction(-1) - Fraction(1, 1001) + i * step
        at = Real(left) if kind == GAUSS else left
        product, newton = places[0] * 0 + 1, h.differences[-4] * 0
        for node, d in zip(reversed(places), reversed(h.differences[:-3]), strict=True):
            product, newton = product * (at - node), newton * (at - node) + d
        divided = _ball((potential(kind, p, at)[0] - newton) / product)
        centre, radius = left + step / 2, step / 2
        value, tilt = r[0] + r[1] * centre + r[2] * centre**2, abs(r[1] + 2 * r[2] * centre)
        lows.append(divided - (value + tilt * radius + abs(r[2]) * radius**2))
        highs.append(divided - (r[0] + r[1] * left + r[2] * left**2))
    return one(Real.between(smallest(lows).lower(), max(smallest(lows).lower(), smallest(highs).upper())))


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
    terms = [potential(kind, p, real(t) if kind == GAUSS else t)[0] * (c * seen.size) for t, c in pairs]
    return one(_ball(sum(terms[1:], terms[0])))


@quantity("codes_energy_competitor", "energy of the competitor")
def competitor_energy(b: Instances) -> Array:
    _, _, kind, p = _of(b)
    pairs = _competitor(scalar(b, "competitor")).items()
    return one(sum((potential(kind, p, Real(t))[0] * c for t, c in pairs), Real(0)))


POTENTIALS = (
    *({"kind": RIESZ, "p": p} for p in ("1", "8", "64")),
    *({"kind": GAUSS, "p": p} for p in ("1/100", "1", "100")),
    *({"kind": POWER, "p": p} for p in ("1", "3", "64")),
)
_CODES = (
    *({"code": number("simplex"), "k": k} for k in (3, 8)),
    *({"code": number("cross-polytope"), "k": k} for k in (3, 8)),
    *({"code": number("polygon"), "k": k} for k in (5, 7, 8)),
    *(
        {"code": number(name), "k": 0}
        for name in ("icosahedron", "half-5-cube", "schlaefli", "gosset", "E8", "600-cell")
    ),
)
competitor = Symbol("competitor", real=True)
_PROVED = (Hypothesis(Eq(competitor, -1)),)
_CELL = Hypothesis(Eq(Symbol("code", nonnegative=True), CELL))
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
        Part("600-cell: the interpolant is at most f everywhere", Ge(margin, 0), given=(*_PROVED, _CELL)),
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
        "For the 600-cell h has degree 17 and no part in degrees 11, 12 and 13 (Cohn and Kumar 2007, section 7); that h <= f "
        "on the whole interval is proved in balls.  Beside that, energies are compared directly with eleven other sets of points.",
        "kind = 0, 1, 2: r^-p, exp(-p r), (5 - r)^p; competitor = -1 for the first kind of point.",
    ),
)
