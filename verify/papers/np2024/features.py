"""Random-feature and linear members of the family.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900; positive random features of Choromanski et al. 2021 (arXiv 2009.14794), linear
attention of Katharopoulos et al. 2020 (arXiv 2006.16236); statements of this project beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from sympy import Eq, Gt, Integer, Le, Rational, Symbol, exp, log

from bounds.exact import exact_array
from simulations.events_structured import prf_far, prf_temperature_off
from verify.arena import Box, Param, Patterns, Points
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.statement import Control, Definition, Hypothesis, Identity, Part, Probability, Scaling, Source
from verify.vocabulary import R, d, error, log_error, number, quantity, smallest

PAPER = "np2024"
OWN = Source(PAPER, "a related statement of this project")

beta, nx, ny, c, r = (Symbol(n, real=True) for n in ("beta", "nx", "ny", "c", "features"))
SQUARED = nx + ny + 2 * c
"""|x + y|^2 for |x|^2 = nx, |y|^2 = ny, <x, y> = c."""
UNBIASED = "unbiased kernel: exponents of E exp(<w, u>) = exp(|u|^2/2), u = sqrt(beta)(x + y)"

PRF = Scaling(
    id="np2024.prf",
    title="Positive random features estimate the kernel and approximate the dense map",
    source=Source(PAPER, "positive random feature model (counterpart of Performer / FAVOR+)"),
    provenance="secondary",
    printed=r"E\langle\phi(\sqrt\beta y),\phi(\sqrt\beta x)\rangle=e^{\beta\langle y,x\rangle},\ "
    r"\mathcal T_{PRF}(x)=\frac{\sum_\mu\langle\phi(\xi_\mu),\phi(x)\rangle\xi_\mu}{\sum_\nu\langle\phi(\xi_\nu),\phi(x)\rangle}"
    r"\to\mathcal T_{Dense}(x)\ (r\to\infty)",
    event=prf_far,
    arguments={"d": Integer(32), "M": Integer(20), "features": r, "beta": beta},
    points=tuple(
        {"beta": inverse, "features": size, "nx": 1, "ny": 1, "c": overlap}
        | ({} if size < 4096 else {"profile": "standard"})
        for inverse, size, overlap in (
            ("1/4", 64, 1),
            ("1/4", 1024, 0),
            ("1/4", 4096, -1),
            ("1/2", 64, "1/2"),
            ("1/2", 256, 0),
            ("1/2", 1024, 1),
            ("1/2", 4096, 1),
        )
    ),
    bound=Rational(1, 2),
    lower=Rational(1, 5),
    trials=900,
    parts=(
        Part(
            UNBIASED,
            Eq(beta * SQUARED / 2 - beta * (nx + ny) / 2, beta * c, evaluate=False),
        ),
    ),
    controls=(
        Control("a faster rate", Rational(1, 8), description="P(error above its first-order size) <= 1/8"),
        Control(
            "a slower rate", Rational(3, 5), "lower", description="P(error above its first-order size) >= 3/5"
        ),
        Control(
            "features without the norm",
            Eq(beta * SQUARED / 2, beta * c, evaluate=False),
            UNBIASED,
        ),
    ),
    related=("restated.prf-variance", "restated.prf-effective-temperature"),
    notices=(
        "Convergence at fixed beta is tested through its rate: |T_PRF - T_Dense| at x = xi_1 is compared with its root "
        "mean square to first order, sigma/sqrt(r) with sigma from the exact covariances; the share of draws above it "
        "has to stay between 1/5 and 1/2 at every r (M = 20 on the unit sphere, d = 32, independent features).",
        "From beta m^2 = 1 on the tails are heavy: that share is below 1/5 up to r = 4096, as few draws make the mean.",
        "The moment itself, and the variance, are integrated in restated.prf-variance.",
    ),
)

s2 = Symbol("s2", positive=True)
count = Symbol("features", positive=True)


def _integrals() -> Mapping[str, Any]:
    """Gaussian integrals behind both formulas, g ~ N(0, 1) and s^2 = beta |x +- y|^2."""
    g, s = sp.Symbol("g", real=True), sp.Symbol("s", positive=True)

    def mean(f: Any) -> Any:
        density = exp(-(g**2) / 2) / sp.sqrt(2 * sp.pi)
        return sp.integrate(sp.expand(f * density), (g, -sp.oo, sp.oo))

    first, second = mean(exp(s * g)), mean(exp(2 * s * g))
    wave, square = mean(sp.cos(s * g)), mean((1 + sp.cos(2 * s * g)) / 2)
    return {
        "first moment, positive": first - exp(s**2 / 2),
        "first moment, trigonometric": wave - exp(-(s**2) / 2),
        "positive": (second - first**2) / first**2 - (exp(s**2) - 1),
        "trigonometric": (square - wave**2) / wave**2 - exp(s**2) * (1 - exp(-(s**2))) ** 2 / 2,
    }


VARIANCE = Identity(
    id="restated.prf-variance",
    title="Mean squared errors of positive and trigonometric random features",
    source=OWN,
    provenance="derived",
    printed=r"\mathrm{relMSE}_+=\frac{e^{\beta\|x+y\|^2}-1}r,\ "
    r"\mathrm{relMSE}_{trig}=\frac{e^{\beta\|x-y\|^2}(1-e^{-\beta\|x-y\|^2})^2}{2r}",
    arena=Box((Param(s2, 0.01, 16.0, log=True), Param(count, 1, 1e5, log=True, integer=True))),
    parts=(
        Part(
            "positive features, from E exp(s g) = exp(s^2/2)",
            Eq((exp(2 * s2) - exp(s2)) / exp(s2) / count, (exp(s2) - 1) / count),
        ),
        Part(
            "trigonometric features, from E cos(s g) = exp(-s^2/2)",
            Eq(
                ((1 + exp(-2 * s2)) / 2 - exp(-s2)) / exp(-s2) / count,
                exp(s2) * (1 - exp(-s2)) ** 2 / (2 * count),
            ),
        ),
    ),
    symbolic=_integrals,
    symbolic_range="all s > 0, and all r (means of r independent features)",
    controls=(
        scaled("1/2", "positive features, from E exp(s g) = exp(s^2/2)"),
        scaled("1/2", "trigonometric features, from E cos(s g) = exp(-s^2/2)"),
    ),
    related=("np2024.prf",),
    notices=("s^2 stands for beta |x + y|^2 in the first formula and for beta |x - y|^2 in the second.",),
)

TEMPERATURE = Scaling(
    id="restated.prf-effective-temperature",
    title="Effective temperature of few random features",
    source=OWN,
    provenance="derived (heuristic)",
    printed=r"\beta m^2>2\ln r\ \Rightarrow\ \text{weights like a softmax at }\beta_{eff}\approx\sqrt{2\beta\ln r}/m",
    event=prf_temperature_off,
    arguments={"d": Integer(32), "M": Integer(20), "features": r, "beta": beta, "factor": Integer(2)},
    points=tuple({"beta": inverse, "features": size} for inverse in (16, 32, 64) for size in (64, 512, 4096)),
    hypotheses=(Hypothesis(Gt(beta, 2 * log(r)), "beta m^2 > 2 log r, m = 1"),),
    bound=Rational(1, 2),
    trials=320,
    controls=(Control("a tenth", Rational(1, 100), description="P(not within a factor 2) <= 1/100"),),
    related=("np2024.prf",),
    notices=(
        "'About' is read as: for the median draw, 1 - p_mu of T_PRF at x = xi_mu lies between those of the dense map at "
        "2 beta_eff and at beta_eff/2.",
    ),
)

# -- the linear model -----------------------------------------------------------------------


def linear_weights(b: Instances, name: str) -> Array:
    """Weights of a linear model at the query, (B, M)."""
    variant = b.named(name)
    return variant.weights(variant.scores(b.memories, b.query, b.beta), np)


@quantity("linear_least", "smallest weight of the linear model with elu + 1", real=True)
def linear_least(b: Instances) -> Array:
    return smallest(linear_weights(b, "linear"))


@quantity("linear_sum", "sum of the weights of the linear model with elu + 1")
def linear_sum(b: Instances) -> Array:
    return np.sum(linear_weights(b, "linear"), axis=-1)


@quantity(
    "identity_sum", "sum of <xi_nu, x>: the denominator of the linear model with identity features", real=True
)
def identity_sum(b: Instances) -> Array:
    variant = b.named("linear:features=identity")
    return np.sum(variant.scores(b.memories, b.query, b.beta / b.beta), axis=-1)


@quantity("err_linear", "error of the linear model", log=lambda b: log_error(b, "linear"))
def err_linear(b: Instances) -> Array:
    return error(b, "linear")


ON_A_LINE = Hypothesis(Eq(d, 1), "d = 1, where T is constant: its value is the limit of every start")

LINEAR = Definition(
    id="np2024.linear",
    title="The linear model as a member of the family",
    source=Source(PAPER, "linear modern Hopfield model (counterpart of linear attention)"),
    provenance="secondary (exact feature map uncertain)",
    printed=r"\mathcal T_{Lin}(x)=\frac{\sum_\mu\langle\phi(\xi_\mu),\phi(x)\rangle\xi_\mu}{\sum_\nu\langle\phi(\xi_\nu),\phi(x)\rangle};"
    r"\ \text{member of the family with the storage and capacity statements}",
    arena=Patterns(query="free", min_memories=2, max_size=200, search=False),
    parts=(
        Part("elu + 1: weights sum to 1", Eq(linear_sum, 1, evaluate=False)),
        Part("elu + 1: weights are positive", Gt(linear_least, 0), scale=Integer(1)),
        Part("elu + 1: every memory is stored", Le(err_linear, R), given=(ON_A_LINE,)),
        Part(
            "identity: the denominator is not 0",
            Gt(identity_sum**2, 0),
            scale=Integer(1),
            headline=False,
        ),
    ),
    controls=(
        scaled("9/10", "elu + 1: weights sum to 1"),
        Control("weights above 1/2", Gt(linear_least, Rational(1, 2)), "elu + 1: weights are positive"),
    ),
    related=("np2024.def-stored", "np2024.lemma4.2-capacity", "restated.linear-target-weight"),
    notices=(
        "The definition can be evaluated for elu + 1 everywhere, for the identity where x is not orthogonal to the sum of "
        "the memories.",
        "That it shares the storage statements is part of the entry. On a line T_Lin with elu + 1 does not depend on "
        "x, so that its one value is the only limit there is, and lies in the balls of all stored memories.",
    ),
)


@quantity("unit_weight", "linear weight of the target e_1 among the d unit vectors, at x = e_1")
def unit_weight(b: Instances) -> Array:
    size = round(float(b.scalars["d"][0]))
    rows = np.eye(size, dtype=int)
    one = Instances(
        1,
        memories=exact_array(rows[None]),
        query=exact_array(rows[:1]),
        beta=exact_array([1]),
        target=np.array([0]),
        models=b.models,
        exact=True,
    )
    return linear_weights(one, "linear")[:, 0] + number(one, 0)


TARGET_WEIGHT = Identity(
    id="restated.linear-target-weight",
    title="Target weight of the linear model with orthonormal memories",
    source=OWN,
    provenance="derived",
    printed=r"p_\mu=\frac{d+3}{d(d+2)+1}",
    arena=Points(tuple({"d": n} for n in (*range(1, 9), 16, 31, 64, 128))),
    parts=(Part("target weight", Eq(unit_weight, (d + 3) / (d * (d + 2) + 1))),),
    controls=(Control("d + 2 in the numerator", Eq(unit_weight, (d + 2) / (d * (d + 2) + 1))),),
    related=("np2024.linear",),
)

STATEMENTS: tuple[Definition | Identity | Probability, ...] = (
    PRF,
    VARIANCE,
    TEMPERATURE,
    LINEAR,
    TARGET_WEIGHT,
)
