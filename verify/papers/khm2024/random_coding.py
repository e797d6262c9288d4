"""Random coding at finite beta, and the two-sided bounds on the capacity that follow.

Statements of this project beside J. Y.-C. Hu, D. Wu, H. Liu, arXiv 2410.23126, Proposition 2.1.

For N independent uniform points E X_mu = (N - 1) e^-beta 0F1(; D/2; beta^2/4), so by Markov's inequality at least
N (1 - (N - 1) e^-beta 0F1/t) of them have X_mu < t on average, and dropping the others lowers X for the rest:
some code of at least that many points has X_mu < t throughout.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from sympy import Abs, E, Ge, Le, Lt, Rational, Symbol, exp, log, sqrt

from bounds.exact import Real
from simulations.streams import stream
from verify.arena import Points
from verify.controls import replaced, scaled
from verify.instances import Array, Instances
from verify.papers.khm2024.crosstalk import PAPER, RELATED, crosstalk_capacity, heat_of, one, whole
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import quantity

OWN = Source(PAPER, f"{RELATED}, Proposition 2.1")
n, b = Symbol("n", positive=True), Symbol("b", positive=True)
"""Dimension and inverse temperature of a grid point."""


# -- random coding ----------------------------------------------------------------------------------------------


def mean_kernel(dimension: int, heat: Any) -> Real:
    """E exp(-beta (1 - t)) = e^-beta 0F1(; D/2; beta^2/4), t the cosine of two uniform directions in R^D.

    0F1(; D/2; beta^2/4) = Gamma(D/2) (2/beta)^(D/2-1) I_{D/2-1}(beta), the Bessel function taken with e^-beta.
    """
    order, z = Real(Fraction(dimension, 2) - 1), Real(heat)
    bessel = Real(z.ball.bessel_i(order.ball, scaled=True))
    return (order + 1).gamma() * (2 / z) ** order * bessel


def claimed_count(dimension: int, heat: Fraction) -> Real:
    """(1 + e^beta/(8 e beta 0F1))/2."""
    return (1 + 1 / (8 * Real(1).exp() * heat * mean_kernel(dimension, heat))) / 2


def kept_words(dimension: int, heat: Fraction, level: Real) -> Real:
    """max over N of N (1 - (N - 1) q/level), q the mean kernel: a code of that many points has X_mu < level."""
    rate = mean_kernel(dimension, heat) / level
    # The maximum over the reals is at (1 + 1/rate)/2, over the integers next to it.
    best = (((1 + 1 / rate) / 2).lower() // 1) or 1
    values = [size * (1 - (size - 1) * rate) for size in (best, best + 1)]
    return max(values, key=lambda v: v.lower())


@quantity("storage_claimed_words", "(1 + e^beta/(8 e beta 0F1(; D/2; beta^2/4)))/2")
def claimed_words(batch: Instances) -> Array:
    return one(claimed_count(whole(batch, "n"), heat_of(batch)))


@quantity(
    "storage_kept_words",
    "expected size of a random code after removal of the words with X_mu >= 1/(4 e beta)",
)
def words_in_ball_storage(batch: Instances) -> Array:
    heat = heat_of(batch)
    return one(kept_words(whole(batch, "n"), heat, 1 / (4 * Real(1).exp() * heat)))


@quantity(
    "storage_kept_words_cross", "expected size of a random code after removal of the words with X_mu >= 1"
)
def words_in_crosstalk(batch: Instances) -> Array:
    return one(kept_words(whole(batch, "n"), heat_of(batch), Real(1)))


def survivors(points: Array, heat: float) -> Array:
    """The rows of unit vectors (N, D) with X_mu < 1/(4 e beta) in the set: those removed do not come back."""
    kernel = np.exp(heat * (points @ points.T - 1))
    np.fill_diagonal(kernel, 0.0)
    return points[np.sum(kernel, axis=1) < (1 - 1e-9) / (4 * np.e * heat)]


@cache
def built_code(dimension: int, heat: Fraction, tries: int = 40) -> int:
    """The largest number of words left of drawn random codes of the size of the proof."""
    drawn = int(2 * float(claimed_count(dimension, heat)))
    rng = stream(0, "random coding", dimension, str(heat))
    best = 1
    for _ in range(tries):
        points = rng.standard_normal((max(drawn, 1), dimension))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        best = max(best, len(survivors(points, float(heat))))
    return best


@quantity("storage_built_words", "words left of a random code that was drawn")
def built_words(batch: Instances) -> Array:
    return one(built_code(whole(batch, "n"), heat_of(batch)))


BETAS = ("1/1000000", "1/1000", "1/10", 1, 2, 4, 5, 8, 16, 64, 256)
RANDOM_POINTS = tuple({"n": k, "b": heat} for k in (2, 3, 8, 64, 256) for heat in BETAS)
SIMPLER = (1 + exp(b - b**2 / (2 * n)) / (8 * E * b)) / 2

RANDOM_CODING = Inequality(
    id="restated.d4.iii",
    title="Random coding with expurgation",
    source=OWN,
    provenance="derived",
    printed=r"M\ge\tfrac12\Big(1+\frac{e^\beta}{8e\beta\,{}_0F_1(;\frac D2;\frac{\beta^2}4)}\Big)\ge"
    r"\tfrac12\Big(1+\frac{e^{\beta-\beta^2/(2D)}}{8e\beta}\Big)\text{ unit vectors with }X_\mu<\tfrac1{4e\beta}",
    arena=Points(RANDOM_POINTS),
    parts=(
        Part("some code keeps as many words", Le(claimed_words, words_in_ball_storage)),
        Part("the simpler expression is smaller", Le(SIMPLER, claimed_words)),
        Part(
            "drawn codes keep as many words",
            Le(claimed_words, built_words),
            given=(Hypothesis(Le(claimed_words, 200), "codes of up to 400 words are drawn"),),
            sampled=40,
        ),
    ),
    controls=(
        scaled("9/10"),
        replaced(claimed_words, claimed_words * Rational(49, 50), part="the simpler expression is smaller"),
        scaled("1/10", "drawn codes keep as many words"),
    ),
    related=("hu2024.prop2.1.fixed-beta", "restated.d2.storage", "restated.d4.iv"),
    notices=(
        "Existence by the probabilistic method: the expected number of words left, in ball arithmetic, for the best number "
        "of words drawn.",
        "Words with X_mu below 1/(4 e beta) by a relative 1e-9 are counted in the codes drawn.",
    ),
)

rate = Symbol("rate", positive=True)
PEAK = (sqrt(1 + 4 * rate**2) - 1) / (2 * rate)
PHI = rate * PEAK + log(1 - PEAK**2) / 2
"""phi(b) = max over t of b t + log(1 - t^2)/2, attained where b = t/(1 - t^2)."""
LOSS = 3 * rate + log(32 * E * rate) + 2 * log(n)


@quantity("storage_log_claimed", "log((1 + e^beta/(8 e beta 0F1))/2)", real=True)
def log_claimed(batch: Instances) -> Array:
    return one(claimed_count(whole(batch, "n"), heat_of(batch)).log())


@quantity(
    "storage_rate_ceiling", "log of the largest number of unit vectors, in any dimension, with all X_mu <= 1"
)
def log_capacity(batch: Instances) -> Array:
    """Where M is astronomically large it is enclosed: M - 1 > exp(beta + 1/e) fails the simplex bound."""
    heat = heat_of(batch)
    if heat <= 64:
        return one(Real(crosstalk_capacity(heat)).log())
    upper = (1 + (Real(heat) + (-Real(1)).exp()).exp()).log()
    # exp(beta) + 1 points pass the bound.
    return one(Real.between(Real(heat).lower(), upper.upper()))


RATE = Inequality(
    id="restated.d4.iv",
    title="Exponential rate at beta = b D",
    source=OWN,
    provenance="derived",
    printed=r"\beta=bD:\quad b-\phi(b)\le\liminf\tfrac1D\ln M^*\le\limsup\tfrac1D\ln M^*\le b,\quad "
    r"\phi(b)=\max_{0\le t<1}\big(bt+\tfrac12\ln(1-t^2)\big)",
    arena=Points(
        tuple(
            {"n": k, "rate": share, "b": str(Fraction(share) * k)}
            for share in ("1/100", "1/10", "1/2", "1", "2", "5")
            for k in (16, 256, 4096, 65536)
        )
    ),
    parts=(
        Part("lower bound, with a loss of order log(D)/D", Le(rate - PHI - LOSS / n, log_claimed / n)),
        Part("upper bound, with a gain of order 1/D", Le(log_capacity / n, rate + log(1 + exp(1 / E)) / n)),
        Part("phi(b) = b^2/2 + O(b^4)", Le(Abs(PHI - rate**2 / 2), rate**4)),
        Part("a positive rate", Lt(PHI, rate)),
        Part(
            "the ball criterion is the stronger one",
            Le(1 / (4 * E * b), 1),
            given=(Hypothesis(Ge(b, 1), "large beta"),),
        ),
    ),
    controls=(
        replaced(
            rate - PHI - LOSS / n,
            rate - PHI / 2 - LOSS / n,
            part="lower bound, with a loss of order log(D)/D",
        ),
        replaced(
            rate + log(1 + exp(1 / E)) / n,
            rate * Rational(9, 10),
            part="upper bound, with a gain of order 1/D",
        ),
        replaced(rate**4, rate**4 / 100, part="phi(b) = b^2/2 + O(b^4)"),
    ),
    related=("restated.d4.ii", "restated.d4.iii", "hu2024.prop2.1.fixed-beta"),
    notices=(
        "The limits follow from the finite bounds: 0F1 <= sqrt(2 D/pi) exp(D phi(b) + 3 b) for D > 3 by Laplace's method with an "
        "explicit constant, and (M - 1) exp(-beta M/(M - 1)) > 1 for M > 1 + exp(beta + 1/e).",
    ),
)


# -- two-sided bounds -------------------------------------------------------------------------------------------


@quantity("storage_capacity", "largest number of unit vectors, in any dimension, with all X_mu <= 1")
def capacity(batch: Instances) -> Array:
    """An upper bound on M* in R^D, attained for D >= M - 1 by the simplex."""
    heat = heat_of(batch)
    if heat <= 64:
        return one(crosstalk_capacity(heat))
    return one(Real.between((Real(heat)).exp().lower(), (1 + (Real(heat) + (-Real(1)).exp()).exp()).upper()))


ROOM = Hypothesis(Ge(capacity, 2), "at least two memories")
COUNTED = Hypothesis(Le(b, 64), "capacities that are counted")
COLD = Hypothesis(Ge(b, 1 / (4 * E)), "beta >= 1/(4 e): X_mu < 1/(4 e beta) implies X_mu <= 1")
JENSEN = Part(
    "upper bound",
    Le(capacity, 1 + exp(b * capacity / (capacity - 1))),
    given=(COUNTED, ROOM),
)
TRUE_LOWER = "some code attains the lower bound"


def _sandwich(
    name: str, title: str, points: Any, hypotheses: tuple[Hypothesis, ...], related: str, note: str
) -> Inequality:
    return Inequality(
        id=name,
        title=title,
        source=OWN,
        provenance="derived",
        printed=r"\tfrac12\Big(1+\frac{e^\beta}{8e\beta\,{}_0F_1(;\frac D2;\frac{\beta^2}4)}\Big)\le M^*\le1+e^{\beta M^*/(M^*-1)}",
        arena=Points(points),
        hypotheses=hypotheses,
        parts=(
            Part("the lower bound is no more than any dimension can hold", Le(claimed_words, capacity)),
            Part(TRUE_LOWER, Le(claimed_words, words_in_crosstalk), given=(COLD,)),
            JENSEN,
        ),
        controls=(
            scaled("1/4"),
            Control(
                "half the exponent", Le(capacity, 1 + exp(b * capacity / (capacity - 1) / 2)), "upper bound"
            ),
        ),
        related=("restated.d4.ii", "restated.d4.iii", related),
        notices=(note,),
    )


SANDWICH = _sandwich(
    "restated.d4.sandwich",
    "Finite two-sided bound, all beta",
    RANDOM_POINTS,
    (),
    "restated.d4.sandwich-warm",
    "M* counts unit vectors with X_mu <= 1; the codes of restated.d4.iii have X_mu < 1/(4 e beta), which is weaker than that for "
    "beta < 1/(4 e).  There the lower bound exceeds what any dimension can hold.",
)
WARM = _sandwich(
    "restated.d4.sandwich-warm",
    "Finite two-sided bound, beta at least 1/(4e)",
    tuple(
        {"n": k, "b": heat}
        for k in (2, 3, 8, 64, 256)
        for heat in ("1/10", "1/4", "1/2", 1, 2, 4, 8, 16, 64, 256)
    ),
    (COLD,),
    "restated.d4.sandwich",
    "The lower bound is attained by some code: the expected number of words of a random code that is left after removal of "
    "those with X_mu >= 1, in ball arithmetic.",
)


STATEMENTS: tuple[Statement, ...] = (RANDOM_CODING, RATE, SANDWICH, WARM)
