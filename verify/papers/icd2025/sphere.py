"""Optimal denoisers of signals on a sphere and of mixtures of Gaussians.

M. Smart, A. Bietti, A. M. Sengupta, ICML 2025: Propositions 3 and 4.  Both sides are balls, so equality is
certified to forty digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import acb, arb
from sympy import Abs, Eq, Gt, Le, Rational, Symbol

from bounds.exact import Real, Undecided, directional_derivative
from verify.arena import Points
from verify.controls import replaced
from verify.instances import Array, Instances
from verify.statement import Control, Hypothesis, Identity, Part, Source, Statement
from verify.vocabulary import quantity

DIGITS = Rational(1, 10**30)


def _one(value: Any) -> Array:
    return np.array([value], dtype=object)


# -- Proposition 3 --------------------------------------------------------------------------------------


def _kappa(b: Instances) -> arb:
    radius, noise, length = (b.scalars[name][0] for name in ("radius", "sz", "length"))
    kappa: arb = (radius * length / noise).ball
    return kappa


def _integral(kappa: arb, dim: int, power: int) -> arb:
    """Integral over [0, pi] of cos(t)^power sin(t)^(dim-1) exp(kappa (cos t - 1))."""

    def value(t: acb, _analytic: bool) -> acb:
        return t.cos() ** power * t.sin() ** (dim - 1) * (kappa * (t.cos() - 1)).exp()

    found: arb = acb.integral(value, 0, acb.pi()).real
    if not found.is_finite():
        raise Undecided("an integral could not be enclosed")
    return found


@quantity("icd_sphere_mean", "<posterior mean, direction of x~>, by integration over the sphere", real=True)
def sphere_mean(b: Instances) -> Array:
    kappa, dim = _kappa(b), int(b.scalars["dim"][0].fraction)
    return _one(b.scalars["radius"][0] * Real(_integral(kappa, dim, 1) / _integral(kappa, dim, 0)))


def bessel_ratio(kappa: arb, upper: arb, lower: arb) -> arb:
    """I_upper(kappa)/I_lower(kappa), from scaled Bessel functions."""
    found: arb = kappa.bessel_i(upper, scaled=True) / kappa.bessel_i(lower, scaled=True)
    return found


@quantity("icd_bessel_ratio", "I_{(d+1)/2}(R a)/I_{(d-1)/2}(R a)")
def ratio(b: Instances) -> Array:
    dim = int(b.scalars["dim"][0].fraction)
    return _one(Real(bessel_ratio(_kappa(b), arb(dim + 1) / 2, arb(dim - 1) / 2)))


@quantity("icd_bessel_ratio_up", "I_{(d+3)/2}(R a)/I_{(d+1)/2}(R a)")
def ratio_up(b: Instances) -> Array:
    dim = int(b.scalars["dim"][0].fraction)
    return _one(Real(bessel_ratio(_kappa(b), arb(dim + 3) / 2, arb(dim + 1) / 2)))


radius = Symbol("radius", positive=True)

PROP3 = Identity(
    id="icd2025.prop3",
    title="Optimal denoiser of a signal on a sphere",
    source=Source("icd2025", "Prop. 3"),
    provenance="primary",
    printed=(
        r"f_{opt}=R\,\frac{I_{(d+1)/2}(Ra)}{I_{(d-1)/2}(Ra)}\,\frac{\tilde x_\parallel}{\|\tilde x_\parallel\|},"
        r"\quad a=\|\tilde x_\parallel\|/s_Z^2"
    ),
    arena=Points(
        tuple(
            {"dim": k, "radius": r, "sz": c, "length": t}
            for k in (1, 2, 8)
            for r in (1, 2)
            for c in ("1/100", "1/10", 1)
            for t in ("1/100", 1, "13/10")
        )
    ),
    parts=(
        Part("not above, to thirty digits", Le(sphere_mean, radius * ratio + DIGITS)),
        Part("not below, to thirty digits", Le(radius * ratio, sphere_mean + DIGITS)),
    ),
    controls=(
        Control("a sphere of dimension d + 2", Le(sphere_mean, radius * ratio_up + DIGITS)),
        Control("the radius alone", Le(radius, sphere_mean + DIGITS), "not below, to thirty digits"),
    ),
    notices=(
        "The component along x~_par; by symmetry there is no other.  At x~_par = 0, which has probability 0, the "
        "formula has no direction.",
        "The point (dim 8, R 2, sz 1/100, length 13/10) has R a = 260; both Bessel functions are scaled.",
    ),
)

# -- Proposition 4 --------------------------------------------------------------------------------------

PLANE = (
    (3, 4, 5),
    (-4, 3, 5),
    (5, -12, 13),
    (-8, -15, 17),
    (1, 0, 1),
    (20, 21, 29),
    (-7, 24, 25),
    (0, -1, 1),
)
SIGNS = (0b00000000, 0b00001111, 0b00110011, 0b01010101, 0b11111110, 0b10010110, 0b11110001, 0b00100111)


def centres(n: int, count: int, stretch: Real) -> Array:
    """Centres (count, n) of equal norm, n = 2 or 8, the last one multiplied by ``stretch``."""
    if n == 2:
        rows = [[Real(x) / z, Real(y) / z] for x, y, z in PLANE[:count]]
    else:
        rows = [[Real(1 - 2 * (code >> k & 1)) / 2 for k in range(8)] for code in SIGNS[:count]]
    found = np.array(rows, dtype=object)
    found[-1] = found[-1] * stretch
    return found


def _mixture(b: Instances) -> tuple[Array, Array, Array, Any, Any]:
    """Centres, weights 1, 2, ..., the input x~, s0^2 and sZ^2."""
    n, count = (int(b.scalars[name][0].fraction) for name in ("n", "count"))
    mu = centres(n, count, b.scalars["stretch"][0])
    weights = np.array([Real(a + 1) for a in range(count)], dtype=object)
    x = np.array([Real(2 * k + 1) / (3 * k + 2) for k in range(n)], dtype=object)
    return mu, weights, x * b.scalars["length"][0], b.scalars["s0"][0], b.scalars["sz"][0]


def _direction(n: int) -> Array:
    return np.array([Real(1) / (k + 1) for k in range(n)], dtype=object)


@quantity("icd_tweedie", "<x~ + sZ^2 grad log p(x~), v>, p the density of x~", real=True)
def tweedie(b: Instances) -> Array:
    mu, weights, x, signal, noise = _mixture(b)
    v = _direction(len(x))

    def log_density(y: Array) -> Any:
        away = mu - y[None, :]
        return np.log(np.sum(weights * np.exp(-np.sum(away * away, axis=-1) / (2 * (signal + noise)))))

    _, slope = directional_derivative(log_density, x, v)
    return _one(np.sum(x * v) + noise * slope)


def _formula(b: Instances, noise_weight: Any) -> Array:
    mu, weights, x, signal, noise = _mixture(b)
    v = _direction(len(x))
    masses = weights * np.exp(np.sum(mu * x[None, :], axis=-1) / (signal + noise))
    mean = np.sum(masses * np.sum(mu * v, axis=-1)) / np.sum(masses)
    return _one((signal * np.sum(x * v) + noise_weight * mean) / (signal + noise))


@quantity("icd_mixture_formula", "<the printed f_opt, v>", real=True)
def mixture_formula(b: Instances) -> Array:
    return _formula(b, b.scalars["sz"][0])


@quantity(
    "icd_mixture_swapped", "the same with s0^2 in the place of sZ^2 before the weighted centres", real=True
)
def mixture_swapped(b: Instances) -> Array:
    return _formula(b, b.scalars["s0"][0])


stretch = Symbol("stretch", positive=True)
EQUAL = (Hypothesis(Eq(stretch, 1), "equal norms of the centres"),)
UNEQUAL = "without equal norms"

PROP4 = Identity(
    id="icd2025.prop4",
    title="Optimal denoiser of a mixture of Gaussians",
    source=Source("icd2025", "Prop. 4"),
    provenance="primary",
    printed=(
        r"f_{opt}=\frac{s_0^2}{s_0^2+s_Z^2}\tilde x+\frac{s_Z^2}{s_0^2+s_Z^2}\,"
        r"\frac{\sum w_a\mu_ae^{\langle\mu_a,\tilde x\rangle/(s_0^2+s_Z^2)}}"
        r"{\sum w_ae^{\langle\mu_a,\tilde x\rangle/(s_0^2+s_Z^2)}}"
    ),
    arena=Points(
        tuple(
            {"n": n, "count": k, "s0": a, "sz": c, "length": t, "stretch": w}
            for n in (2, 8)
            for k in (2, 5, 8)
            for a in (0, "1/2")
            for c in ("1/10", 1)
            for t, w in (("1/2", 1), (2, 1), (1, "3/2"))
        )
    ),
    parts=(
        Part("not above, to thirty digits", Le(tweedie, mixture_formula + DIGITS), given=EQUAL),
        Part("not below, to thirty digits", Le(mixture_formula, tweedie + DIGITS), given=EQUAL),
        Part(
            UNEQUAL,
            Le(Abs(tweedie - mixture_formula), DIGITS),
            given=(Hypothesis(Gt(stretch, 1), "unequal norms"),),
            headline=False,
        ),
    ),
    controls=(
        Control("variances swapped", Le(tweedie, mixture_swapped + DIGITS)),
        replaced(
            mixture_formula, 2 * mixture_formula, name="twice the formula", part="not below, to thirty digits"
        ),
    ),
    related=("icd2025.thm3.1",),
    notices=(
        "Against x~ + sZ^2 grad log p(x~), along one direction, to thirty digits; s0 = 0 is softmax retrieval "
        "with beta = 1/sZ^2 and prior weights.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (PROP3, PROP4)
