"""The inner product of two independent uniform unit vectors: moments, exponential moments, tails."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from flint import acb, arb
from sympy import Abs, Le, Max, Rational, acos, exp, sqrt

from bounds.exact import Real, Undecided, precision
from bounds.functions import CapArea
from verify.arena import Box, Param, Points
from verify.controls import exponent_scaled, scaled
from verify.instances import Array, Instances
from verify.papers.random_codes import DIGITS
from verify.statement import Control, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

PAPER: dict[str, Any] = {
    "key": "concentration",
    "title": "Concentration of inner products on the sphere",
    "authors": "Textbook facts",
    "year": 1989,
    "arxiv": "",
    "venue": "collected for hopcheck",
}
CLASSICAL = Source("concentration", "classical")
TINY = arb(2) ** -4000
"""Absolute tolerance of integrals: none to speak of, their relative one counts."""
DIMENSIONS = (2, 3, 4, 5, 8, 16, 24, 32, 64, 128, 256)

dim = sp.Symbol("dim", integer=True, positive=True)
rate = sp.Symbol("rate", real=True)
cosine = sp.Symbol("cosine", nonnegative=True)


def agree(a: Any, b: Any) -> Any:
    """The relation that two positive numbers are equal to thirty digits."""
    return Le(Max(a / b, b / a), 1 + DIGITS)


def _one(value: Any) -> Array:
    return np.array([value], dtype=object)


def _dimension(b: Instances) -> int:
    return int(b.scalars["dim"][0].fraction)


def integral(n: int, power: int, b: arb, shift: arb) -> arb:
    """Integral over [0, pi] of cos(t)^power exp(b cos(t) - shift) sin(t)^(n-2) dt, in a ball.

    Raises Undecided where it could not be enclosed.
    """

    def value(t: acb, _analytic: bool) -> acb:
        cos = t.cos()
        return cos**power * (b * cos - shift).exp() * t.sin() ** (n - 2)

    found: arb = acb.integral(value, 0, arb.pi(), abs_tol=TINY).real
    if not found.is_finite():
        raise Undecided("an integral could not be enclosed")
    return found


def moment(n: int, power: int) -> Real:
    """E t^power for the density proportional to (1 - t^2)^((n-3)/2), by integration over the angle."""
    return Real(integral(n, power, arb(0), arb(0)) / integral(n, 0, arb(0), arb(0)))


@quantity("random_second_moment", "E t^2, by integration over the angle")
def second_moment(b: Instances) -> Array:
    return _one(moment(_dimension(b), 2))


@quantity("random_fourth_moment", "E t^4, by integration over the angle")
def fourth_moment(b: Instances) -> Array:
    return _one(moment(_dimension(b), 4))


def gaussian(n: int, power: int) -> Real:
    """E g_1^power / E |g|^power for a standard normal g in R^n.

    The direction of g is uniform and independent of its length, so that this is E t^power once more.
    """
    one = arb(power + 1) / 2
    return Real(one.gamma() * (arb(n) / 2).gamma() / (arb(1) / 2).gamma() / (arb(n + power) / 2).gamma())


@quantity("random_gaussian_second", "E g_1^2 / E |g|^2, g standard normal in R^d, from gamma functions")
def gaussian_second(b: Instances) -> Array:
    return _one(gaussian(_dimension(b), 2))


@quantity("random_gaussian_fourth", "E g_1^4 / E |g|^4, g standard normal in R^d, from gamma functions")
def gaussian_fourth(b: Instances) -> Array:
    return _one(gaussian(_dimension(b), 4))


SECOND, FOURTH = 1 / dim, 3 / (dim * (dim + 2))
NAMES = {SECOND: "E t^2", FOURTH: "E t^4"}

MOMENTS = Identity(
    id="conc.moments",
    title="Moments",
    source=CLASSICAL,
    provenance="recalled",
    printed=r"\text{density }c_d(1-t^2)^{(d-3)/2},\quad\mathbb E\,t^2=\tfrac1d,\quad\mathbb E\,t^4=\tfrac3{d(d+2)}",
    arena=Points(tuple({"dim": k} for k in DIMENSIONS)),
    parts=tuple(
        Part(f"{NAMES[claimed]}, {how}", agree(found, claimed))
        for claimed, found, how in (
            (SECOND, second_moment, "from the density"),
            (FOURTH, fourth_moment, "from the density"),
            (SECOND, gaussian_second, "from a normal vector"),
            (FOURTH, gaussian_fourth, "from a normal vector"),
        )
    ),
    controls=(
        Control("3/d^2", agree(fourth_moment, 3 / dim**2), "E t^4, from the density"),
        Control("1/(d-1)", agree(second_moment, 1 / (dim - 1)), "E t^2, from the density"),
    ),
    related=("rand.pair-law", "conc.mgf"),
    notices=(
        "From the density: integrated over the angle, where its singularity at d = 2 is none. A normal vector knows no "
        "density: that both moments come out as those of the density tells it from others. All to thirty digits.",
    ),
)


BITS = 256
"""Bits for scaled Bessel functions of large order and small argument, whatever the reader's own precision."""


@quantity("random_mgf_ratio", "E exp(b t) / 0F1(; d/2; b^2/4), numerator by integration over the angle")
def mgf_ratio(b: Instances) -> Array:
    with precision(BITS):
        n, x = _dimension(b), b.scalars["rate"][0].ball
        mean = integral(n, 0, x, abs(x)) / integral(n, 0, arb(0), arb(0))
        return _one(Real(mean / _scaled_0f1(n, x)))


def _scaled_0f1(n: int, x: arb) -> arb:
    """exp(-|x|) 0F1(; n/2; x^2/4), a scaled Bessel function: Gamma(n/2) (2/|x|)^(n/2-1) I_(n/2-1)(|x|)."""
    order = arb(n) / 2 - 1
    found: arb = (arb(n) / 2).gamma() * (2 / abs(x)) ** order * abs(x).bessel_i(order, scaled=True)
    return found


@quantity("random_log_mgf", "log 0F1(; d/2; b^2/4)")
def log_mgf(b: Instances) -> Array:
    with precision(BITS):
        n, x = _dimension(b), b.scalars["rate"][0].ball
        return _one(Real(_scaled_0f1(n, x).log() + abs(x)))


SUBGAUSSIAN = "sub-Gaussian with variance 1/d"
MGF = Inequality(
    id="conc.mgf",
    title="Moment generating function",
    source=CLASSICAL,
    provenance="recalled",
    printed=r"\mathbb E\,e^{bt}={}_0F_1(;\tfrac d2;\tfrac{b^2}4)\le e^{b^2/(2d)}",
    arena=Points(
        tuple(
            {"dim": k, "rate": r}
            for k in (2, 3, 4, 8, 24, 64, 256)
            for r in ("1/1000", "-1/10", "1", "-3", "10", "30", "100", "1000")
        )
    ),
    parts=(
        Part("the hypergeometric function", agree(mgf_ratio, sp.Integer(1))),
        Part(SUBGAUSSIAN, Le(log_mgf, rate**2 / (2 * dim)), trivial=Abs(rate)),
    ),
    controls=(
        Control("variance 1/(d + 1)", Le(log_mgf, rate**2 / (2 * (dim + 1))), SUBGAUSSIAN),
        Control("twice the integral", agree(2 * mgf_ratio, sp.Integer(1)), "the hypergeometric function"),
    ),
    related=("conc.moments", "conc.tail"),
    notices=(
        "Logarithms of both sides; exp(b t) is integrated over the angle in balls and agrees with the hypergeometric "
        "function to thirty digits. Trivial is E exp(b t) <= exp(|b|). At b = 0 both sides are 1.",
    ),
)

CAP = CapArea(dim, acos(cosine))
ARENA = Box((Param(dim, 2, 256, log=True, integer=True), Param(cosine, 0.0, 1.0)))

TAIL = Inequality(
    id="conc.tail",
    title="Gaussian tail",
    source=CLASSICAL,
    provenance="recalled",
    printed=r"p_d(s)\le e^{-ds^2/2}\quad(s\ge0)",
    arena=ARENA,
    parts=(Part("tail", Le(CAP, exp(-dim * cosine**2 / 2)), trivial=Rational(1, 2)),),
    controls=(exponent_scaled("4/3"), scaled("1/4")),
    related=("conc.cap", "rand.pair-law"),
    notices=("Trivial is p_d(s) <= 1/2 for s >= 0.",),
)

TOP = Inequality(
    id="conc.cap",
    title="Cap bound",
    source=CLASSICAL,
    provenance="recalled",
    printed=r"p_d(s)\le\tfrac12(1-s^2)^{(d-1)/2}\quad(s\ge0)",
    arena=ARENA,
    parts=(Part("cap", Le(CAP, sqrt(1 - cosine**2) ** (dim - 1) / 2), trivial=Rational(1, 2)),),
    controls=(
        Control("the exponent d/2", Le(CAP, sqrt(1 - cosine**2) ** (dim + 1) / 2)),
        scaled("9/10"),
    ),
    related=("conc.tail", "rand.pair-law"),
    notices=("Trivial is p_d(s) <= 1/2 for s >= 0. At s = 0 both sides are 1/2.",),
)

STATEMENTS: tuple[Statement, ...] = (MOMENTS, MGF, TAIL, TOP)
