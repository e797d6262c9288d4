"""The smallest angle of many random points at fixed dimension: its limit law, and the law at moderate sizes.

T. Cai, J. Fan, T. Jiang, "Distributions of angles in random packing on spheres", J. Mach. Learn. Res. 14 (2013).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from sympy import Abs, Gt, Le, Max, Min, Rational, exp, gamma, pi, sqrt

from simulations.events import min_angle_below
from simulations.events_random_codes import no_pair_within
from verify.papers.random_codes import CHEN_STEIN, CIRCLE, angle_at, drawn, lam, none_close, theta
from verify.statement import Control, Part, Probability, Scaling, Source, Statement
from verify.vocabulary import M, d

PAPER: dict[str, Any] = {
    "key": "caifanjiang2013",
    "title": "Distributions of angles in random packing on spheres",
    "authors": "T. Cai, J. Fan, T. Jiang",
    "year": 2013,
    "arxiv": "1306.0256",
    "venue": "J. Mach. Learn. Res. 14",
}

x = sp.Symbol("x", positive=True)
kappa = gamma(d / 2) / (4 * sqrt(pi) * gamma((d + 1) / 2))
y = kappa * x ** (d - 1)
"""F(x) = 1 - exp(-y)."""
CURVATURE = (d - 2) * theta**2 / 6 + 1 / M
"""Relative distance of lambda from y: sin(t) >= t - t^3/6 under the integral, and M^2 in the place of M (M - 1)."""
ERROR = y * CURVATURE + 8 * y * Min(1, y) / M
RELATION = {"theta": x * M ** (-2 / (d - 1))}


def scaled_angle(d_: int, M_: int, expected: str, drawn_: int, profile: str = "quick") -> Mapping[str, Any]:
    """The grid point x at which F is 1 - exp(-``expected``), to ten digits."""
    values = {d: d_, x: 1}
    factor = float(kappa.subs(values))
    at = (float(sp.Rational(expected)) / factor) ** (1 / (d_ - 1))
    return {
        "d": d_,
        "M": M_,
        "x": np.format_float_positional(at, 10, fractional=False),
        "drawn": drawn_,
        "profile": profile,
    }


CLOSE = "lambda of the angle tends to the exponent of F"
EXACT_LAW = "on the circle the exact law is as close"

FIXED_D = Scaling(
    id="caifanjiang2013.fixed-d",
    title="Fixed-dimension limit law",
    source=Source("caifanjiang2013", "limit law of the smallest angle at fixed dimension"),
    provenance="recalled",
    printed=r"M^{2/(d-1)}\theta_{\min}\Rightarrow F(x)=1-e^{-\kappa x^{d-1}},\quad"
    r"\kappa=\frac{\Gamma(\frac d2)}{4\sqrt\pi\,\Gamma(\frac{d+1}2)}",
    event=no_pair_within,
    points=(
        *(scaled_angle(2, n, t, 0) for n in (10**2, 10**4, 10**8) for t in ("1/10", "1", "3")),
        *(
            scaled_angle(k, 10**e, t, 0)
            for k, exponents in ((3, (2, 4, 8)), (4, (3, 6, 12)), (8, (6, 12, 24)), (32, (40, 80, 160)))
            for e in exponents
            for t in ("1/10", "1", "3")
        ),
        *(scaled_angle(k, n, t, 1) for k, n in ((2, 100), (3, 100), (4, 100)) for t in ("1", "2")),
        *(scaled_angle(k, n, "1", 1, "standard") for k, n in ((2, 300), (3, 300), (4, 300), (8, 300))),
    ),
    derive=RELATION,
    arguments={"d": d, "M": M, "theta": theta},
    bound=Min(1, exp(-y) + ERROR),
    lower=Max(0, exp(-y) - ERROR),
    informative=Gt(drawn, 0),
    parts=(
        Part(CLOSE, Le(Abs(exp(-lam) - exp(-y)), y * CURVATURE), trivial=1),
        Part(EXACT_LAW, Le(Abs(none_close - exp(-y)), ERROR), given=CIRCLE, trivial=1),
    ),
    controls=(
        Control("twice kappa", exp(-2 * y) + ERROR, description="the law with 2 kappa"),
        Control("half of kappa", Le(Abs(exp(-lam) - exp(-y / 2)), y * CURVATURE), CLOSE),
        Control("the exponent d", Le(Abs(none_close - exp(-kappa * x**d)), ERROR), EXACT_LAW),
    ),
    related=("rand.poisson", "restated.rand.fixed-d-usable"),
    notices=(
        "A limit: declared at each size is |P(M^(2/(d-1)) theta_min > x) - exp(-y)| <= y ((d-2) theta^2/6 + 1/M) + "
        "8 y min(1, y)/M with y = kappa x^(d-1) and theta = x M^(-2/(d-1)). It tends to 0 at every fixed d, but "
        "only as M^(-4/(d-1)).",
        "The last term is the error of rand.poisson; up to it the law is exp(-lambda(theta)), whose distance from "
        "exp(-y) is computed in balls at M up to 10^160.",
    ),
)

OFF = Rational(1, 20)
F = 1 - exp(-y)
MOST = Min(lam, 1 - exp(-lam) + CHEN_STEIN)
"""What the chance of a pair closer than theta cannot exceed."""
ALLOWED = "not more than the union bound and the Poisson approximation allow"


def at_lambda(d_: int, M_: int, expected: float, profile: str = "quick") -> Mapping[str, Any]:
    """The grid point x at which ``expected`` pairs are closer than theta on average, to ten digits."""
    at = float(angle_at(d_, M_, expected)) * M_ ** (2 / (d_ - 1))
    return {
        "d": d_,
        "M": M_,
        "x": np.format_float_positional(at, 10, fractional=False),
        "drawn": int(d_ <= 4),
        "profile": profile,
    }


FAR = (
    (9, 20, 0.22),
    (10, 20, 0.14),
    (12, 20, 0.08),
    (10, 100, 0.4),
    (32, 100, 0.15),
    (128, 200, 0.15),
    (256, 50, 0.7),
)
"""(d, M, lambda): the distance of F from the union bound is largest near these lambda."""

USABLE = Probability(
    id="restated.rand.fixed-d-usable",
    title="The fixed-dimension law at moderate M",
    source=Source("caifanjiang2013", "a related statement of this project"),
    provenance="derived",
    printed=r"\sup_x\big|\Pr(M^{2/(d-1)}\theta_{\min}\le x)-F(x)\big|\le0.05\quad(d\ge2,\ M\ge20)",
    event=min_angle_below,
    points=(
        *(at_lambda(k, n, t) for k in (2, 3, 4) for n in (20, 50) for t in (0.15, 0.7, 1.5)),
        *(at_lambda(k, n, t) for k, n, t in FAR),
    ),
    derive=RELATION,
    arguments={"d": d, "M": M, "theta": theta},
    bound=Min(1, F + OFF),
    lower=Max(0, F - OFF),
    informative=Gt(drawn, 0),
    parts=(Part(ALLOWED, Le(F, MOST + OFF), trivial=1),),
    controls=(
        Control("the law itself", F / 4, description="P <= F/4"),
        Control("without room", Le(F, MOST / 2), ALLOWED),
    ),
    related=("caifanjiang2013.fixed-d", "rand.poisson", "rand.exp1"),
    notices=(
        "The chance of a pair closer than theta is at most lambda (rand.union) and at most 1 - exp(-lambda) with the "
        "error of rand.poisson; a law within 1/20 of it must have F(x) below that plus 1/20, which is decided in balls. "
        "Frequencies decide at d = 2, 3, 4.",
        "What holds at every d and M is rand.poisson: exp(-lambda) with the error 8 lambda min(1, lambda)/M.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (FIXED_D, USABLE)
