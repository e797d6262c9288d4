"""Random patterns on a sphere: the smallest angle between them, and the cosine bound used with it.

H. Ramsauer, B. Schaefl, J. Lehner et al., "Hopfield Networks is All You Need", ICLR 2021, arXiv 2008.02217:
Lemmas A13 and A14 (after Brauchart et al.), Lemma A15, and statements of this project beside them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import sympy as sp
from scipy.optimize import brentq
from scipy.special import betainc
from sympy import Eq, Ge, Gt, Le, Lt, Rational, cos, exp, gamma, pi, sin, sqrt

from bounds.functions import CapArea
from simulations import events
from verify.arena import Box, Param
from verify.controls import replaced, scaled
from verify.statement import Control, Hypothesis, Inequality, Part, Probability, Scaling, Source, Statement
from verify.vocabulary import M, d

x = sp.Symbol("x", nonnegative=True)
theta = sp.Symbol("theta", positive=True)
delta = sp.Symbol("delta", positive=True)
share = sp.Symbol("q", nonnegative=True)
"""The value of the claimed bound from which a grid point's delta is made."""
drawn = sp.Symbol("drawn", nonnegative=True)
"""1 at grid points that are simulated, 0 at those that serve the deterministic parts alone."""

Points = tuple[Mapping[str, Any], ...]


def kappa(n: Any) -> Any:
    """kappa_n = Gamma((n+1)/2) / (n sqrt(pi) Gamma(n/2)) as an expression."""
    return gamma((n + 1) / 2) / (n * sqrt(pi) * gamma(n / 2))


def pairs(count: Any) -> Any:
    """Number of pairs of ``count`` memories."""
    return count * (count - 1) / 2


# -- the smallest angle -------------------------------------------------------------------------------

SIZES = ((2, 5), (2, 30), (3, 2), (3, 30), (5, 10), (5, 100), (8, 30), (12, 2), (12, 30), (20, 30), (40, 10))
LARGE = ((5, 300), (20, 300), (40, 100))
DIMENSIONS = (*range(1, 41), 50, 64, 75, 100, 128, 200, 300, 400, 500)


def _tail_points() -> Points:
    """Sizes with three values of the claimed bound, and dimensions for the bounds on kappa_d alone."""
    points = [{"d": d_, "M": n, "q": q, "drawn": 1} for d_, n in SIZES for q in ("3/10", "3/5", "19/20")]
    points += [{"d": d_, "M": n, "q": "3/5", "drawn": 1, "profile": "standard"} for d_, n in LARGE]
    points += [{"d": k + 1, "M": 2, "q": "1/2", "drawn": 0} for k in DIMENSIONS]
    return tuple(points)


LEMMA_A13_A14 = Probability(
    id="ramsauer2021.lemma-a13-a14",
    title="Smallest angle of random patterns, and bounds on kappa_d",
    source=Source("ramsauer2021", "Lemmas A13, A14 (A13 after Brauchart et al.)"),
    provenance="primary",
    printed=(
        r"\Pr\big(N^{2/(d-1)}\alpha_{min}\ge\delta\big)\ge1-\tfrac{\kappa_{d-1}}{2}\delta^{d-1};\qquad"
        r"\frac{e^{-1/6}}{\sqrt{e\pi d}}\le\kappa_d\le\frac{e^{1/12}}{\sqrt{2\pi d}}<1"
    ),
    event=events.min_angle_below,
    points=_tail_points(),
    # delta runs over its admissible range: the claimed bound on the failure is q at every point.
    derive={
        "delta": (2 * share / kappa(d - 1)) ** (1 / (d - 1)),
        "theta": delta * M ** (-2 / (d - 1)),
    },
    hypotheses=(Hypothesis(Le(kappa(d - 1) / 2 * delta ** (d - 1), 1), "delta in its admissible range"),),
    arguments={"d": d, "M": M, "theta": theta},
    bound=kappa(d - 1) / 2 * delta ** (d - 1),
    informative=Lt(kappa(d - 1) / 2 * delta ** (d - 1), drawn, evaluate=False),
    trials=3000,
    parts=(
        Part("kappa from below", Ge(kappa(d - 1), exp(-Rational(1, 6)) / sqrt(sp.E * pi * (d - 1)))),
        Part("kappa from above", Le(kappa(d - 1), exp(Rational(1, 12)) / sqrt(2 * pi * (d - 1)))),
        Part("below one", Lt(exp(Rational(1, 12)) / sqrt(2 * pi * (d - 1)), 1, evaluate=False)),
    ),
    controls=(
        scaled("2/3"),
        scaled("9/10", part="kappa from above"),
    ),
    related=("restated.minimal-angle-union",),
    notices=("kappa_d is examined at the dimensions of the grid, 1 to 500, not for all d.",),
)


def _cap(d_: int, angle: float) -> float:
    """A_d(angle) in floating point, to choose grid points."""
    area = 0.5 * float(betainc((d_ - 1) / 2, 0.5, math.sin(angle) ** 2))
    return area if angle <= math.pi / 2 else 1 - area


def _angle(d_: int, n: int, mean: float) -> str:
    """The angle, rounded to three digits, at which ``mean`` of all pairs are expected to be closer."""
    root = brentq(lambda t: n * (n - 1) / 2 * _cap(d_, t) - mean, 1e-9, math.pi)
    return f"{root:.2e}"


def _angle_points(sizes: tuple[tuple[int, int], ...], means: tuple[float, ...]) -> list[dict[str, Any]]:
    return [
        {"d": d_, "M": n, "theta": _angle(d_, n, mean)}
        for d_, n in sizes
        for mean in means
        if mean < n * (n - 1) / 2
    ]


UNION = Probability(
    id="restated.minimal-angle-union",
    title="Union bound for the smallest angle",
    source=Source("ramsauer2021", "a related statement of this project"),
    provenance="derived",
    printed=r"\Pr(\alpha_{min}<\theta)\le\tfrac{N(N-1)}2A_d(\theta)",
    event=events.min_angle_below,
    points=(
        *_angle_points(tuple(size for size in SIZES if size[1] > 2), (0.3, 0.6, 0.95)),
        *({**p, "profile": "standard"} for p in _angle_points(LARGE, (0.6,))),
    ),
    arguments={"d": d, "M": M, "theta": theta},
    bound=pairs(M) * CapArea(d, theta),
    trials=9000,
    controls=(scaled("2/3"),),
    related=("ramsauer2021.lemma-a13-a14",),
    notices=(
        "With two patterns there is one pair and the bound is the probability itself; sampling cannot show more.",
    ),
)

POISSON_TOLERANCE = Rational(1, 20)

POISSON = Scaling(
    id="restated.minimal-angle-poisson",
    title="Poisson law of the smallest angle",
    source=Source("ramsauer2021", "a related statement of this project"),
    provenance="derived",
    printed=r"\Pr(\alpha_{min}\ge\theta)\approx\exp\{-\tfrac{N(N-1)}2A_d(\theta)\}",
    event=events.min_angle_below,
    points=(
        *_angle_points(((5, 30), (8, 15), (10, 30), (12, 20), (20, 10), (20, 60)), (0.5, 1.0, 2.0)),
        *({**p, "profile": "standard"} for p in _angle_points(((5, 150), (8, 300)), (1.0,))),
    ),
    arguments={"d": d, "M": M, "theta": theta},
    bound=1 - exp(-pairs(M) * CapArea(d, theta)) + POISSON_TOLERANCE,
    lower=1 - exp(-pairs(M) * CapArea(d, theta)) - POISSON_TOLERANCE,
    trials=4000,
    controls=(
        Control(
            "half the exponent",
            1 - exp(-pairs(M) * CapArea(d, theta) / 2) + POISSON_TOLERANCE,
            description="P(alpha_min < theta) <= 1 - exp(-M(M-1)/4 A_d(theta)) + 1/20",
        ),
    ),
    related=("restated.minimal-angle-union",),
    notices=(
        "An approximation without an error term: tested with the declared tolerance 1/20 at each size.",
    ),
)


# -- the cosine ---------------------------------------------------------------------------------------

HALF_TURN = Box((Param(x, 0.0, math.pi),), proof={x: (0, pi)})

LEMMA_A15 = Inequality(
    id="ramsauer2021.lemma-a15",
    title="Quadratic bound on the cosine",
    source=Source("ramsauer2021", "Lemma A15"),
    provenance="primary",
    printed=r"\cos x\le1-x^2/5",
    arena=HALF_TURN,
    parts=(Part("cosine", Le(cos(x), 1 - x**2 / 5), scale=sp.Integer(1), trivial=sp.Integer(1)),),
    prove=True,
    equality_at=({x: 0},),
    controls=(replaced(x**2 / 5, x**2 / 4, "1/5 replaced by 1/4"),),
    related=("restated.cosine-ratio",),
)

PRODUCT = (1 - 4 * x**2 / pi**2) * (1 - 4 * x**2 / (9 * pi**2))

LEMMA_A15_STEP = Inequality(
    id="ramsauer2021.lemma-a15-product-step",
    title="Two factors of the cosine product as an upper bound",
    source=Source("ramsauer2021", "step in the proof of Lemma A15"),
    provenance="primary",
    printed=r"\cos x\le\prod_{k=1}^{2}\Big(1-\frac{4x^2}{\pi^2(2k-1)^2}\Big)",
    arena=HALF_TURN,
    parts=(
        Part("product", Le(cos(x), PRODUCT), scale=sp.Integer(1), trivial=sp.Integer(1)),
        Part(
            "product, first quadrant only",
            Le(cos(x), PRODUCT),
            scale=sp.Integer(1),
            given=(Hypothesis(Le(x, pi / 2), "where no factor is negative"),),
            headline=False,
        ),
    ),
    prove=True,
    equality_at=({x: 0}, {x: pi / 2}),
    controls=(Control("one factor kept", Le(cos(x), 1 - 4 * x**2 / pi**2)),),
    related=("ramsauer2021.lemma-a15",),
    notices=(
        "The factors left out are at most 1; dropping them raises a product only while it is not negative.",
    ),
)

RATIO = (sin(x / 2) / (x / 2)) ** 2 / 2

COSINE_RATIO = Inequality(
    id="restated.cosine-ratio",
    title="The ratio (1 - cos x)/x^2 decreases",
    source=Source("ramsauer2021", "a related statement of this project"),
    provenance="derived",
    printed=(
        r"(1-\cos x)/x^2=\tfrac12\big(\sin(x/2)/(x/2)\big)^2\ \text{decreases from }1/2\text{ to }2/\pi^2"
    ),
    arena=Box((Param(x, 1e-2, math.pi),), proof={x: (Rational(1, 4), pi)}),
    hypotheses=(Hypothesis(Gt(x, 0, evaluate=False)),),
    parts=(
        Part("both forms", Eq((1 - cos(x)) / x**2, RATIO)),
        Part("from below", Ge(RATIO, 2 / pi**2)),
        Part("from above", Lt(RATIO, Rational(1, 2))),
        # sin(y)/y has the derivative (y cos y - sin y)/y^2, y = x/2.
        Part("decreasing", Lt(x * cos(x / 2), 2 * sin(x / 2)), scale=x**3),
    ),
    prove=True,
    equality_at=({x: pi},),
    controls=(
        Control("larger end value", Ge(RATIO, Rational(21, 100)), "from below"),
        Control("smaller supremum", Lt(RATIO, Rational(49, 100)), "from above"),
        Control("increasing", Lt(2 * sin(x / 2), x * cos(x / 2)), "decreasing"),
        Control("factor lost", Eq((1 - cos(x)) / x**2, 2 * RATIO), "both forms"),
    ),
    related=("ramsauer2021.lemma-a15",),
    notices=(
        "Sampled from x = 1/100 on, proved from 1/4 on; towards 0 the ratio tends to 1/2 without reaching it.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (
    LEMMA_A13_A14,
    UNION,
    POISSON,
    LEMMA_A15,
    LEMMA_A15_STEP,
    COSINE_RATIO,
)
