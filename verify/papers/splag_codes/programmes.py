"""From a linear programme in floats to a proof: cutting planes, exact polynomials, ball arithmetic."""

from __future__ import annotations

from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, NamedTuple

from flint import fmpq
from sympy import Abs, Eq, Ge, Le, Lt, Rational, Symbol, floor

from bounds.exact import Real, precision
from bounds.packing import gegenbauer, linear
from verify import code_profiles as codes
from verify import packing_quantities as q
from verify.arena import Points
from verify.code_profiles import number, one, real, scalar
from verify.controls import scaled, shifted
from verify.instances import Array, Instances
from verify.statement import Control, Definition, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

# -- cutting planes ---------------------------------------------------------------------------------------


@quantity("codes_hint_value", "value f(1) of the cutting-plane solution, in floats")
def hint_value(b: Instances) -> Array:
    return one(q.hint(scalar(b, "n"), q.fraction(b, "s"), scalar(b, "degree")).value)


@quantity(
    "codes_hint_top", "largest value of the solution on its recorded local maxima in [-1, s]", real=True
)
def hint_top(b: Instances) -> Array:
    n, degree = scalar(b, "n"), scalar(b, "degree")
    found = q.hint(n, q.fraction(b, "s"), degree)
    heights = gegenbauer.matrix(n, found.maxima, degree) @ found.coefficients
    return one(float(heights.max()))


@quantity("codes_hint_least", "least coefficient f_k, k >= 1, of the cutting-plane solution", real=True)
def hint_least(b: Instances) -> Array:
    return one(float(q.hint(scalar(b, "n"), q.fraction(b, "s"), scalar(b, "degree")).coefficients[1:].min()))


_LP = tuple({"n": n, "s": "1/2", "degree": d} for n in (3, 5, 7, 12, 20) for d in (10, 13, 16))
TOP, OPTIMUM = "no local maximum is above a millionth", "its value is the optimum"
LP_GRID = Definition(
    id="alg.lp-grid",
    title="Solving the linear programme",
    source=Source("splag", "standard"),
    provenance="derived",
    printed=r"\min\ 1+\sum_{k=1}^Kf_k,\quad\sum_kf_kP_k(t_i)\le-1,\ f_k\ge0;\ \text{add the local maxima above }0",
    arena=Points(_LP),
    parts=(
        Part("admissible coefficients", Ge(hint_least, 0)),
        Part(TOP, Le(hint_top, Rational(1, 10**6))),
        Part(OPTIMUM, Le(Abs(hint_value / q.lp_optimum - 1), Rational(1, 10**6))),
    ),
    controls=(
        Control(
            "a value one in a thousand lower",
            Le(Abs(hint_value * 999 / 1000 / q.lp_optimum - 1), Rational(1, 10**6)),
            OPTIMUM,
        ),
        Control("strictly feasible", Lt(hint_top, -Rational(1, 10**6)), TOP),
    ),
    related=("alg.rigorous-rational", "dgs1977.kissing"),
    notices=(
        "After the last round the local maxima of f exceed 0 by less than 1e-6; the value agrees with the exactly enclosed optimum (proved "
        "polynomial above, feasible dual measure below) to 1e-6.  The solver is HiGHS, in floats.",
    ),
)


# -- exact proofs -----------------------------------------------------------------------------------------


@quantity("codes_proof_shift", "v, a rational number that f does not exceed on [-1, s]", real=True)
def proof_shift(b: Instances) -> Array:
    return one(_rounded(b).shift)


@quantity("codes_proof_total", "f(1) of the rounded polynomial, f_0 = 1")
def proof_total(b: Instances) -> Array:
    return one(sum(_rounded(b).coefficients, Fraction(0)))


@quantity(
    "codes_proof_defect",
    "1 if the rounded polynomial exceeds v on [-1, s] or has a negative coefficient, else 0",
)
def proof_defect(b: Instances) -> Array:
    found = _rounded(b)
    return one(int(_defect(scalar(b, "n"), tuple(found.coefficients), found.shift, found.upto)))


@lru_cache(maxsize=256)
def _defect(n: int, f: tuple[Fraction, ...], v: Fraction, upto: Fraction) -> bool:
    return f[0] != 1 or min(f) < 0 or not linear.holds(gegenbauer.combine(n, f), v, upto)


def _rounded(b: Instances) -> linear.Proof:
    return _prove(scalar(b, "n"), q.fraction(b, "s"), scalar(b, "degree"))


@lru_cache(maxsize=256)
def _prove(n: int, s: Fraction, degree: int) -> linear.Proof:
    return linear.prove(n, s, list(q.hint(n, s, degree).coefficients))


v, F = proof_shift, proof_total
SHIFTED = floor((F - v) / (1 - v))
_RATIONAL: tuple[dict[str, Any], ...] = (
    *({"n": n, "s": "1/2", "degree": 16} for n in (3, 4, 5, 6, 7, 9, 12, 20)),
    *(
        {"n": n, "s": s, "degree": d}
        for n, s, d in ((4, "1/6", 9), (5, "1/5", 8), (6, "1/4", 9), (3, "1/3", 9), (21, "1/9", 8))
    ),
)
RATIONAL = Inequality(
    id="alg.rigorous-rational",
    title="From floating point to an exact rational bound",
    source=Source("splag", "standard"),
    provenance="derived",
    printed=r"v\ge\max_{[-1,s]}\hat f,\ v<1\ \Rightarrow\ A(n,s)\le\Big\lfloor\frac{\hat f(1)-v}{1-v}\Big\rfloor",
    arena=Points(_RATIONAL),
    hypotheses=(
        Hypothesis(Lt(v, 1), "v < 1"),
        Hypothesis(Eq(proof_defect, 0), "f_k >= 0 and f <= v on [-1, s], by Sturm sequences"),
    ),
    parts=(
        Part("size", Le(q.known_size, SHIFTED)),
        Part(
            "the loss against the floats",
            Le((F - v) / (1 - v), hint_value * (1 + Rational(1, 10**5))),
            headline=False,
        ),
    ),
    controls=(scaled("9/10"), shifted(2)),
    related=("alg.lp-grid", "alg.rigorous-ball", "dgs1977.lp"),
    notices=(
        "The left side is the most points of a row of the table of good codes with at most that max cosine.",
    ),
)

# -- ball arithmetic ---------------------------------------------------------------------------------------------

ANGLES = (
    ("icosahedron", 0, 10), ("600-cell", 0, 20), ("snub-cube", 0, 16), ("polygon", 5, 8), ("polygon", 7, 10), ("polygon", 8, 12),
)  # fmt: skip
"""Codes with irrational max cosine, and the degree of the programme."""


class Ball(NamedTuple):
    """f(1), an upper bound v of f on [-1, s], the width of the last enclosure of the maximum, and the subintervals."""

    total: Fraction
    top: Fraction
    width: Fraction
    pieces: int


_STEPS = 20_000
_GOOD = Fraction(1, 1000)


@cache
def _by_balls(place: int) -> Ball:
    """Enclose the maximum on [-1, s] by subintervals: Taylor's formula of order two at the centre, where
    |P_k''| <= P_k''(1) = k(k-1)(k+n-2)(k+n-1)/((n-1)(n+1)) on [-1, 1].

    Subintervals whose bound is above 1/1000 and above the best value seen are halved; s is rounded up.
    """
    name, k, degree = ANGLES[place]
    seen = codes.view_of(number(name), k)
    n = seen.n
    with precision(96):
        s = _above(real(seen.cosines[0]).upper())
        hint = linear.solve(n, float(s), degree)
        f = [
            Fraction(1),
            *(Fraction(max(float(c), 0.0)).limit_denominator(1 << 40) for c in hint.coefficients[1:]),
        ]
        first = gegenbauer.combine(n, f).derivative()
        bend = sum(
            (
                c * Fraction(i * (i - 1) * (i + n - 2) * (i + n - 1), (n - 1) * (n + 1))
                for i, c in enumerate(f)
            ),
            Fraction(0),
        )
        pieces, best, top, steps = [(Fraction(-1), s)], Fraction(-(10**9)), Fraction(-1), 0
        while pieces:
            steps += 1
            if steps > _STEPS:
                raise ArithmeticError("the subdivision did not end")
            lo, hi = pieces.pop()
            centre, radius = (lo + hi) / 2, (hi - lo) / 2
            value, tilt = _value(n, f, centre), abs(Real(first(fmpq(centre.numerator, centre.denominator))))
            best = max(best, value.lower())
            bound = (value + tilt * radius + bend * radius * radius / 2).upper()
            if bound <= max(_GOOD, best):
                top = max(top, bound)
            else:
                pieces += [(lo, centre), (centre, hi)]
        return Ball(sum(f, Fraction(0)), top, top - best, steps)


def _above(x: Fraction, bits: int = 60) -> Fraction:
    """A multiple of 2^-bits at least x: short to write."""
    return Fraction(-((-x.numerator << bits) // x.denominator), 1 << bits)


def _value(n: int, f: list[Fraction], t: Fraction) -> Real:
    """f(t) in a ball."""
    at = Real(t).ball
    table = gegenbauer.values(n, at, len(f) - 1)
    return Real(sum((p * fmpq(c.numerator, c.denominator) for p, c in zip(table, f, strict=True)), at * 0))


@quantity("codes_ball_total", "f(1) of the polynomial of the ball proof")
def ball_total(b: Instances) -> Array:
    return one(_by_balls(scalar(b, "place")).total)


@quantity("codes_ball_top", "v, the largest upper end of an enclosure of f on [-1, s]")
def ball_top(b: Instances) -> Array:
    return one(_by_balls(scalar(b, "place")).top)


@quantity("codes_ball_width", "v minus the largest certified value of f")
def ball_width(b: Instances) -> Array:
    return one(_by_balls(scalar(b, "place")).width)


@quantity("codes_slope", "largest |P_k'| on a grid of 401 rational points of [-1, 1], exactly")
def slope(b: Instances) -> Array:
    return one(_slope(scalar(b, "n"), scalar(b, "degree")))


@cache
def _slope(n: int, degree: int) -> Fraction:
    derivative = next(p for k, p in enumerate(gegenbauer.polynomials(n)) if k == degree).derivative()
    top = max(abs(derivative(fmpq(i, 200))) for i in range(-200, 201))
    return Fraction(int(top.p), int(top.q))


n, degree, place = Symbol("n", positive=True), Symbol("degree", positive=True), Symbol("place", real=True)
_PLACE, _SLOPE = (Hypothesis(Ge(place, 0)),), (Hypothesis(Lt(place, 0)),)
BALL_SIZE, LIPSCHITZ = "size", "derivative bound"
BALL = Inequality(
    id="alg.rigorous-ball",
    title="From floating point to a ball-arithmetic bound",
    source=Source("splag", "standard"),
    provenance="derived",
    printed=r"|\hat f(t)-\hat f(c)|\le\rho\max|\hat f'|,\quad|P_k'|\le\frac{k(k+n-2)}{n-1};\qquad "
    r"A(n,s)\le\Big\lfloor\frac{\hat f(1)-v}{1-v}\Big\rfloor",
    arena=Points(
        (
            *(
                {"place": i, "code": number(name), "k": k, "n": 2, "degree": 1}
                for i, (name, k, _) in enumerate(ANGLES)
            ),
            *(
                {"place": -1, "code": 0, "k": 3, "n": m, "degree": d}
                for m in (2, 3, 4, 8, 24)
                for d in (1, 2, 3, 7, 16)
            ),
        )
    ),
    parts=(
        Part(BALL_SIZE, Le(codes.points, floor((ball_total - ball_top) / (1 - ball_top))), given=_PLACE),
        Part("v < 1", Lt(ball_top, 1), given=_PLACE),
        Part(LIPSCHITZ, Le(slope, degree * (degree + n - 2) / (n - 1)), given=_SLOPE),
        Part("width of the enclosure", Le(ball_width, Rational(1, 500)), given=_PLACE, headline=False),
    ),
    controls=(
        Control(
            "nine tenths of the bound",
            Le(codes.points, (ball_total - ball_top) / (1 - ball_top) * 9 / 10),
            BALL_SIZE,
        ),
        Control("half the derivative", Le(slope, degree * (degree + n - 2) / (2 * (n - 1))), LIPSCHITZ),
    ),
    related=("alg.rigorous-rational", "code.icosahedron", "code.cell600"),
    notices=(
        "Icosahedron, 600-cell, snub cube, and the regular 5-, 7- and 8-gon.  The subdivision ends where the bound is below 1/1000 or below a "
        "value that f takes.  The derivative bound is attained at t = 1; it is checked exactly at 401 rational points per polynomial.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (LP_GRID, RATIONAL, BALL)
