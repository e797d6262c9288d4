"""How many unit memories a given beta can store: upper bounds, random coding, orthonormal and simplex memories.

Statements of this project beside J. Y.-C. Hu, D. Wu, H. Liu, arXiv 2410.23126, Proposition 2.1.

Random coding.  For N independent uniform points E X_mu = (N - 1) e^-beta 0F1(; D/2; beta^2/4), so by Markov's inequality
at least N (1 - (N - 1) e^-beta 0F1/t) of them have X_mu < t on average, and dropping the others lowers X for
the rest: some code of at least that many points has X_mu < t throughout.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from sympy import Abs, E, Eq, Ge, Le, Lt, Rational, Symbol, exp, log, sqrt

from bounds.exact import Real, escalate
from simulations.streams import stream
from verify.arena import Patterns, Points
from verify.controls import exponent_scaled, replaced, scaled
from verify.instances import Array, Instances
from verify.papers.khm2024.crosstalk import (
    PAPER,
    RELATED,
    crosstalk_capacity,
    one,
    whole,
    worst_crosstalk,
)
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import M, at_fixed_point, beta, m, measure, p_mu, quantity, update

OWN = Source(PAPER, f"{RELATED}, Proposition 2.1")
HEAT = beta * m**2
n, b, count = Symbol("n", positive=True), Symbol("b", positive=True), Symbol("count", positive=True)
"""Dimension, inverse temperature, number of memories of a grid point."""


def heat_of(batch: Instances) -> Fraction:
    """The inverse temperature b of a grid point."""
    value: Fraction = batch.scalars["b"][0].fraction
    return value


# -- upper bounds -----------------------------------------------------------------------------------------------


@quantity("storage_own_weight", "weight of the target memory at the limit of the iteration from it")
def own_weight(batch: Instances) -> Array:
    return measure(at_fixed_point(batch), p_mu)


FIXED_POINTS = Inequality(
    id="restated.d4.i",
    title="Upper bound at finite beta, fixed points",
    source=OWN,
    provenance="derived",
    printed=r"x=Yp,\ p=\mathrm{softmax}(\beta Y^\top x),\ p_\mu\ge\tfrac12\ \Rightarrow\ M\le1+e^{2\beta}",
    arena=Patterns(
        query="pattern",
        norms="equal",
        beta_m2=(0.01, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0),
        families=("simplex", "orthonormal", "code", "sphere", "circle", "clusters"),
        sizes=((2, 3), (17, 2), (7, 8), (16, 16), (24, 25), (64, 32), (64, 64), (8, 100)),
    ),
    hypotheses=(Hypothesis(Ge(own_weight, Rational(1, 2)), "the limit from y_mu has weight 1/2 at y_mu"),),
    parts=(Part("number of memories", Le(M, 1 + exp(2 * HEAT))),),
    controls=(Control("1 + exp(beta/2)", Le(M, 1 + exp(HEAT / 2))),),
    related=("hu2024.prop2.1.fixed-beta", "restated.d4.ii", "restated.a10.saturation"),
    notices=("Among the fixed points the one that the iteration from y_mu reaches is taken.",),
)

CROSSTALK = Inequality(
    id="restated.d4.ii",
    title="Upper bound at finite beta, crosstalk",
    source=OWN,
    provenance="derived",
    printed=r"X_\mu\le1\ \forall\mu\ \Rightarrow\ M\le1+e^{\beta M/(M-1)}",
    arena=Patterns(
        query="pattern",
        norms="equal",
        min_memories=2,
        beta_m2=(0.01, 0.25, 0.47, 0.5, 0.83, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0),
        families=("simplex", "orthonormal", "code", "sphere", "circle", "antipodal"),
        sizes=((2, 3), (17, 2), (6, 7), (15, 16), (24, 25), (64, 32), (64, 64), (8, 100)),
    ),
    hypotheses=(Hypothesis(Le(worst_crosstalk, 1), "X_mu <= 1 for all mu"),),
    parts=(Part("number of memories", Le(M, 1 + exp(HEAT * M / (M - 1)))),),
    controls=(exponent_scaled("3/4"),),
    related=("hu2024.prop2.1.fixed-beta", "restated.d4.i", "restated.d4.sandwich"),
)


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


# -- orthonormal and simplex memories ---------------------------------------------------------------------------


def _strength(heat: Fraction, memories: int, simplex: int) -> Fraction:
    return heat * Fraction(memories, memories - 1) if simplex else heat


def criterion(heat: Fraction, memories: int, simplex: int) -> bool:
    """M - 1 <= max over [1/2, 1) of g(w) = (1-w)/w exp(beta (w - (1-w)/(M-1))), in balls.

    With c = beta M/(M-1), log g has derivative c - 1/(w (1-w)): the maximum is at (1 + sqrt(1 - 4/c))/2, at 1/2 if c < 4.
    """
    if memories < 3:
        return True
    strength = _strength(heat, memories, simplex)

    def holds() -> bool:
        c = Real(strength) * Fraction(memories, memories - 1)
        w = (1 + (1 - 4 / c).sqrt()) / 2 if c > 4 else Real(Fraction(1, 2))
        largest = ((1 - w) / w).log() + strength * (w - (1 - w) / (memories - 1))
        return bool(Real(memories - 1).log() <= largest)

    return escalate(holds)


STEPS = 40_000


def iteration(heat: Fraction, memories: int, simplex: int) -> bool:
    """Whether the iteration w -> 1/(1 + (M-1) exp(-beta (w - (1-w)/(M-1)))) from w = 1 stays at 1/2 or above.

    The map increases in w, so the iterates fall to its largest fixed point.  Decided in balls: an iterate
    certainly below 1/2, or a point above 1/2 that is certainly not moved down.
    """
    if memories < 3:
        return True
    strength, rest = _strength(heat, memories, simplex), memories - 1
    slope = Real(strength) * Fraction(memories, rest)
    offset = Real(strength) / rest + Real(rest).log()
    w = Real(1)
    for step in range(STEPS):
        image = 1 / (1 + (-(slope * w - offset)).exp())
        if image.upper() < Fraction(1, 2):
            return False
        if step % 16 == 0:
            lower = Real(w.lower() - (w.lower() - image.lower()) * 4)
            if (
                lower >= Fraction(1, 2)
                and (1 / (1 + (-(slope * lower - offset)).exp())).lower() >= lower.upper()
            ):
                return True
        w = image
    raise ArithmeticError(f"the iteration for {memories} memories at beta = {heat} was not decided")


@cache
def largest_by_criterion(heat: Fraction, simplex: int) -> int:
    """The largest M that the criterion admits (it admits all smaller ones)."""
    low, high = 2, 4
    while criterion(heat, high, simplex):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if criterion(heat, middle, simplex) else (low, middle)
    return low


@quantity("storage_symmetric_capacity", "largest M of orthonormal (simplex) memories by the criterion")
def symmetric_capacity(batch: Instances) -> Array:
    return one(largest_by_criterion(heat_of(batch), whole(batch, "simplex")))


@quantity("storage_iterated", "1 if the iteration from the memory keeps weight 1/2, else 0")
def iterated(batch: Instances) -> Array:
    return one(int(iteration(heat_of(batch), _memories(batch), whole(batch, "simplex"))))


@quantity("storage_admitted", "1 if the criterion admits that many memories, else 0")
def admitted(batch: Instances) -> Array:
    return one(int(criterion(heat_of(batch), _memories(batch), whole(batch, "simplex"))))


def _memories(batch: Instances) -> int:
    """The capacity by the criterion plus the offset of the grid point."""
    return max(2, largest_by_criterion(heat_of(batch), whole(batch, "simplex")) + whole(batch, "more"))


LEADING = exp(b - 1) / (b - 1)
large = Symbol("large", nonnegative=True)
IFF, GROWTH = "the iteration agrees with the criterion", "growth with beta"


def _symmetric(name: str, title: str, simplex: int, printed: str, notice: str) -> Identity:
    small = tuple(
        {"b": heat, "more": extra, "simplex": simplex, "large": 0}
        for heat in (1, 2, 3, "7/2", 4, 5, 6, 8, 10)
        for extra in (-1, 0, 1, 2)
    )
    cold = tuple({"b": heat, "more": 0, "simplex": simplex, "large": 1} for heat in (12, 20, 50, 100, 200))
    return Identity(
        id=name,
        title=title,
        source=OWN,
        provenance="derived",
        printed=printed,
        arena=Points((*small, *cold)),
        parts=(
            Part(IFF, Eq(iterated, admitted), given=(Hypothesis(Eq(large, 0), "sizes that are iterated"),)),
            Part(
                GROWTH,
                Le(Abs(symmetric_capacity / LEADING - 1), 4 / b**2),
                given=(Hypothesis(Eq(large, 1), "large beta"),),
            ),
        ),
        controls=(
            Control("always stored", Eq(iterated, 1), IFF),
            Control("exp(beta)/beta", Le(Abs(symmetric_capacity * b / exp(b) - 1), 4 / b**2), GROWTH),
        ),
        related=("hu2024.prop2.1.fixed-beta", "restated.d4.i", "restated.a10.saturation"),
        notices=(
            notice,
            "The grid holds the largest M by the criterion, one less, one more and two more; the iteration falls from w = 1 to "
            "its largest fixed point, and both outcomes are certified in balls.",
            "The law exp(beta - 1)/(beta - 1) is tested with a relative error of 4/beta^2, beta up to 200.",
        ),
    )


ORTHONORMAL = _symmetric(
    "restated.a10.orthonormal",
    "Capacity of orthonormal memories",
    0,
    r"\exists\,w\ge\tfrac12\iff M-1\le\max_{1/2\le w<1}\tfrac{1-w}w\exp\!\big(\beta(w-\tfrac{1-w}{M-1})\big);\quad "
    r"M_{\max}\sim\tfrac{e^{\beta-1}}{\beta-1}",
    "Symmetric states w y_mu + (1-w)/(M-1) sum of the others; the update maps w to 1/(1 + (M-1) exp(-beta (w - (1-w)/(M-1)))).",
)
SIMPLEX = _symmetric(
    "restated.a10.simplex",
    "Capacity of simplex memories",
    1,
    r"\exists\,w\ge\tfrac12\iff M-1\le\max_{1/2\le w<1}\tfrac{1-w}w\exp\!\big(\tfrac{\beta M}{M-1}(w-\tfrac{1-w}{M-1})\big)",
    "As restated.a10.orthonormal with beta M/(M-1) in the exponent; the same leading growth.",
)


# -- saturation in the dimension --------------------------------------------------------------------------------


@quantity(
    "storage_padded_shift",
    "T(x, 0) - (T(x), 0), sum of absolute values, when all memories get one more coordinate, 0",
)
def padded_shift(batch: Instances) -> Array:
    rows = np.broadcast_to(batch.memories, (batch.size, *batch.memories.shape[1:]))
    zero = rows[..., :1] * 0
    padded = Instances(
        batch.size,
        memories=np.concatenate([rows, zero], axis=-1),
        query=np.concatenate([batch.query, zero[:, 0]], axis=-1),
        beta=batch.beta,
        target=batch.target,
        model=batch.model,
        models=batch.models,
        exact=batch.exact,
        backend=batch.backend,
    )
    away = update(padded)
    # A sum of absolute values: the root of a ball about zero has no value.
    return np.sum(np.abs(np.concatenate([away[:, :-1] - update(batch), away[:, -1:]], axis=-1)), axis=-1)


SATURATION = Inequality(
    id="restated.a10.saturation",
    title="Saturation in the dimension",
    source=OWN,
    provenance="derived",
    printed=r"M^*(\beta,D)\le M^*(\beta,D+1),\qquad M^*(\beta,D)=M^*(\beta,D_0)\ \text{for }D\ge D_0(\beta)",
    arena=Patterns(
        query="hull",
        norms="equal",
        beta_m2=(0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0),
        search=False,
        families=("simplex", "orthonormal", "code", "sphere", "circle", "clusters"),
        sizes=((2, 3), (17, 2), (7, 8), (16, 16), (24, 25), (64, 64), (4, 100)),
    ),
    parts=(
        Part("one more dimension: the same iteration", Le(padded_shift, m / 10**12), scale=m),
        Part(
            "no dimension stores more than 1 + exp(2 beta)",
            Le(M, 1 + exp(2 * HEAT)),
            given=(Hypothesis(Ge(own_weight, Rational(1, 2)), "the limit from y_mu has weight 1/2 at y_mu"),),
        ),
    ),
    controls=(
        Control("moved by m/10 at least", Ge(padded_shift, m / 10), "one more dimension: the same iteration"),
        Control("1 + exp(beta/2)", Le(M, 1 + exp(HEAT / 2)), "no dimension stores more than 1 + exp(2 beta)"),
    ),
    related=("restated.d4.i", "hu2024.prop2.1.fixed-beta", "restated.a10.simplex"),
    notices=(
        "A non-decreasing sequence of integers with an upper bound is constant from some D on: the two parts are the two "
        "halves of the argument.  A set in R^D, with a zero added to every vector, iterates in R^(D+1) as before.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (
    FIXED_POINTS,
    CROSSTALK,
    RANDOM_CODING,
    RATE,
    SANDWICH,
    WARM,
    ORTHONORMAL,
    SIMPLEX,
    SATURATION,
)
