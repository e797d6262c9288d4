"""The separation loss of U-Hop on given features (Wu et al. 2024, Definition 2.2): conventions, identities, bounds.

Features are the memories of an instance, brought to unit length; t ranges over a box. The loss without
normalisation is looked at on exact points.
"""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from scipy.special import gammaln, ive
from sympy import Eq, Ge, Gt, Le, Symbol, exp

from bounds.exact import Real
from simulations.rational_sets import KINDS, memory_set
from verify.arena import Param, Patterns, Points
from verify.instances import Array, Instances
from verify.papers.khm2024.linear_maps import integer
from verify.statement import Control, Definition, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import M, d, norms, number, quantity

DERIVED = Source("wu2024", "a related statement of this project")
DEFINITION = Source("wu2024", "Definition 2.2")
t = Symbol("t", positive=True)

SETS = Patterns(
    norms="equal",
    query="pattern",
    families=("sphere", "antipodal", "simplex", "circle", "clusters", "orthonormal", "duplicates", "code"),
    params=(Param(t, 1e-3, 200.0, log=True),),
    beta_m2=(1.0,),
    sizes=((1, 2), (2, 2), (2, 3), (2, 5), (3, 4), (3, 8), (4, 5), (5, 10), (8, 9)),
    min_memories=2,
)

IDENTITIES = dataclasses.replace(SETS, search=False)

# -- losses of an instance ---------------------------------------------------------------------------


def pair_cosines(b: Instances) -> Array:
    """Cosines of the pairs mu < nu, shape (B, K)."""
    if "uhop cosines" not in b.cache:
        y = b.memories / norms(b)[..., None]
        i, j = np.triu_indices(y.shape[-2], 1)
        b.cache["uhop cosines"] = np.sum(y[:, i] * y[:, j], axis=-1)
    return b.cache["uhop cosines"]


def log_mean_exp(score: Array) -> Array:
    """log of the mean of exp along the last axis; in balls for exact numbers."""
    count = score.shape[-1]
    if score.dtype == object:
        return np.log(np.sum(np.exp(score), axis=-1) / count)
    top = np.max(score, axis=-1)
    return top + np.log(np.mean(np.exp(score - top[..., None]), axis=-1))


def _t(b: Instances) -> Array:
    return b.scalars["t"][:, None]


def _squares(b: Instances) -> Array:
    """|y_mu - y_nu|^2 from the features themselves, (B, K)."""
    y = b.memories / norms(b)[..., None]
    i, j = np.triu_indices(y.shape[-2], 1)
    away = y[:, i] - y[:, j]
    return np.sum(away * away, axis=-1)


@quantity("uhop_loss", "U-Hop loss: log mean over pairs of exp(-t |y_mu - y_nu|^2)", real=True)
def loss(b: Instances) -> Array:
    return log_mean_exp(-_t(b) * _squares(b))


@quantity("uhop_loss_half", "the same with the factor 1/2 in the exponent, at 2 t", real=True)
def loss_half(b: Instances) -> Array:
    return log_mean_exp(-(2 * _t(b)) * _squares(b) / 2)


@quantity("uhop_loss_all", "the same over all M^2 ordered pairs, mu = nu included", real=True)
def loss_all(b: Instances) -> Array:
    squares = _squares(b)
    zero = squares[:, :1] * 0
    own = np.repeat(zero, b.memories.shape[-2], axis=1)
    return log_mean_exp(np.concatenate([-_t(b) * squares, -_t(b) * squares, own], axis=1))


@quantity("uhop_loss_cosines", "log mean over pairs of exp(-2 t (1 - cos))", real=True)
def loss_cosines(b: Instances) -> Array:
    return log_mean_exp(-2 * _t(b) * (1 - pair_cosines(b)))


@quantity(
    "uhop_pair", "pair form of U-Hop+ at tau = 1/(2 t): (1/M) log mean over pairs of exp(cos/tau)", real=True
)
def pair(b: Instances) -> Array:
    return log_mean_exp(pair_cosines(b) * (2 * _t(b))) / number(b, b.memories.shape[-2])


def _log_crosstalk(b: Instances) -> Array:
    """log of (1/M) sum_mu X_mu at beta = 2 t, from the overlaps of every memory with the others."""
    y = b.memories / norms(b)[..., None]
    gram = np.sum(y[:, :, None] * y[:, None], axis=-1)
    count = gram.shape[-1]
    rest = gram[:, ~np.eye(count, dtype=bool)].reshape(len(gram), count, count - 1)
    crosstalk = log_mean_exp((-2 * b.scalars["t"])[:, None, None] * (1 - rest))
    return log_mean_exp(crosstalk) + np.log(number(b, count - 1))


@quantity("uhop_mean_crosstalk", "mean over mu of X_mu at beta = 2 t", log=_log_crosstalk)
def mean_crosstalk(b: Instances) -> Array:
    return np.exp(_log_crosstalk(b))


def _log_sphere_mean(b: Instances) -> Array:
    """log of e^(-2t) 0F1(; n/2; t^2) = Gamma(n/2) t^(1 - n/2) e^(-2t) I_(n/2 - 1)(2t)."""
    half, at = b.memories.shape[-1] / 2, b.scalars["t"]
    if b.exact:
        return np.log(sphere_mean_exact(b))
    with np.errstate(divide="ignore"):
        return gammaln(half) + (1 - half) * np.log(at) + np.log(ive(half - 1, 2 * at))


def sphere_mean_exact(b: Instances) -> Array:
    """The same, not its logarithm, as a ball."""
    at, n = b.scalars["t"][0], b.memories.shape[-1]
    value = (at * at).ball.hypgeom_0f1(Real(Fraction(n, 2)).ball)
    return np.array([Real(value) * (-2 * at).exp()], dtype=object)


@quantity("uhop_sphere_mean", "mean of exp(-t |u - v|^2) over the sphere", log=_log_sphere_mean)
def sphere_mean(b: Instances) -> Array:
    return sphere_mean_exact(b) if b.exact else np.exp(_log_sphere_mean(b))


# -- statements --------------------------------------------------------------------------------------

ALL_PAIRS = "with the pairs mu = nu"

DEF_2_2 = Definition(
    id="wu2024.def2.2",
    title="Average separation loss of U-Hop",
    source=DEFINITION,
    provenance="secondary",
    printed=r"\mathcal L_\Phi(\Xi;t)=\log\mathop{\mathbb E}_{\mu<\nu}\exp\big(-t\|\Phi(\xi_\mu)-\Phi(\xi_\nu)\|^2\big)",
    arena=IDENTITIES,
    parts=(
        Part("by cosines: exp(-t |y - y'|^2) = exp(-2t(1 - cos))", Eq(loss, loss_cosines), scale=1 + t),
        Part("factor 1/2: the loss at 2t", Eq(loss_half, loss), scale=1 + t),
        Part(ALL_PAIRS, Eq(exp(loss_all), (1 + (M - 1) * exp(loss)) / M)),
        Part("at most 0", Le(loss, 0), scale=1 + t),
        Part("at least -4t", Le(-loss, 4 * t)),
    ),
    controls=(
        Control("mu = nu makes no difference", Eq(exp(loss_all), exp(loss)), ALL_PAIRS),
        Control("at least -3t", Le(-loss, 3 * t), "at least -4t"),
    ),
    related=("restated.b6.temperature", "restated.b9.link"),
    notices=("Convention of the entry: unit features, pairs mu < nu, no factor 1/2 in the exponent.",),
)


def _pairs_symbolic(form: str) -> dict[str, Any]:
    """Both sides of the exponential of an identity, for M = 2, 3, 4 and all cosines."""
    out: dict[str, Any] = {}
    for count in (2, 3, 4):
        cosines = sp.symbols(f"c0:{count * (count - 1) // 2}", real=True)
        mean = sum(exp(-t * (2 - 2 * c)) for c in cosines) / len(cosines)
        if form == "temperature":
            other = exp(-2 * t) * sum(exp(c * 2 * t) for c in cosines) / len(cosines)
        else:
            crosstalk = 2 * sum(exp(-2 * t * (1 - c)) for c in cosines)
            other = crosstalk / (count * (count - 1))
        out[f"M = {count}"] = sp.expand(mean - other)
    return out


TEMPERATURE = Identity(
    id="restated.b6.temperature",
    title="U-Hop loss and pair log-sum-exp",
    source=DERIVED,
    provenance="derived",
    printed=r"\mathcal L_\Phi(\Xi;t)=-2t+M\,\mathcal L^{\rm pair}_\tau,\quad\tau=\tfrac1{2t}",
    arena=IDENTITIES,
    parts=(Part("the identity", Eq(loss, -2 * t + M * pair), scale=1 + t),),
    controls=(
        Control("without M", Eq(loss, -2 * t + pair)),
        Control("without the constant", Eq(loss, M * pair)),
    ),
    symbolic=lambda: _pairs_symbolic("temperature"),
    symbolic_range="M = 2, 3, 4 and all cosines; larger M have the same terms",
    related=("wu2024.def2.2", "hu2024.loss.lse"),
)

LINK = Identity(
    id="restated.b9.link",
    title="U-Hop loss as mean crosstalk",
    source=DERIVED,
    provenance="derived",
    printed=r"\frac1M\sum_\mu X_\mu(\beta=2t)=(M-1)\,e^{\mathcal L_\Phi(\Xi;t)}",
    arena=IDENTITIES,
    parts=(Part("the identity", Eq(mean_crosstalk, (M - 1) * exp(loss))),),
    controls=(Control("M in place of M - 1", Eq(mean_crosstalk, M * exp(loss))),),
    symbolic=lambda: _pairs_symbolic("crosstalk"),
    symbolic_range="M = 2, 3, 4 and all cosines; larger M have the same terms",
    related=("wu2024.def2.2", "wu2024.capacity"),
)

SPHERE = Hypothesis(Ge(d, 2), "n >= 2")
POSITIVE = Hypothesis(Gt(M * sphere_mean, 1), "the argument of the logarithm is positive")

LOWER = Inequality(
    id="restated.b6.lower",
    title="Lower bound on the U-Hop loss",
    source=DERIVED,
    provenance="derived",
    printed=r"\mathcal L_\Phi\ge\log\frac{M e^{-2t}\,{}_0F_1(;\frac n2;t^2)-1}{M-1}",
    arena=SETS,
    hypotheses=(SPHERE, POSITIVE),
    parts=(Part("exponentials of both sides", Le((M * sphere_mean - 1) / (M - 1), exp(loss))),),
    controls=(
        Control("without the own pairs", Le(M * sphere_mean / (M - 1), exp(loss))),
        Control("twice", Le(2 * (M * sphere_mean - 1) / (M - 1), exp(loss))),
    ),
    related=("wu2024.def2.2", "restated.b9.lower"),
    notices=(
        "Compared as exponentials: the argument of the logarithm is positive where the hypothesis holds.",
    ),
)

# -- the loss without normalisation ------------------------------------------------------------------


def _rows(b: Instances) -> list[tuple[Fraction, ...]]:
    size, count = integer(b, "d"), integer(b, "M")
    if size == 1:
        return [(Fraction(k),) for k in range(count)]
    return list(memory_set(KINDS[integer(b, "set")], size, count, 0))


def raw_loss(b: Instances, factor: int, diagonal: bool) -> Array:
    """Loss of the features factor * xi_mu as they are."""
    rows = _rows(b)
    rate = b.scalars["t"][0] * factor**2
    scores = [
        -rate * sum((x - y) ** 2 for x, y in zip(u, v, strict=True))
        for i, u in enumerate(rows)
        for v in rows[:i]
    ]
    if diagonal:
        scores = [*scores, *scores, *(Real(0) for _ in rows)]
    return log_mean_exp(np.array([scores], dtype=object))


@quantity("uhop_raw", "loss of the raw features, W = I", real=True)
def raw(b: Instances) -> Array:
    return raw_loss(b, 1, False)


@quantity("uhop_raw_all", "loss of the raw features with the pairs mu = nu, W = I", real=True)
def raw_all(b: Instances) -> Array:
    return raw_loss(b, 1, True)


@quantity("uhop_raw_doubled", "loss of the raw features, W = 2 I", real=True)
def raw_doubled(b: Instances) -> Array:
    return raw_loss(b, 2, False)


@quantity("uhop_raw_all_doubled", "loss of the raw features with the pairs mu = nu, W = 2 I", real=True)
def raw_all_doubled(b: Instances) -> Array:
    return raw_loss(b, 2, True)


MINIMISER = Definition(
    id="wu2024.loss.minimiser",
    title="The un-normalised loss has a minimiser",
    source=Source("wu2024", "Definition 2.2, features not normalised"),
    provenance="secondary",
    printed=r"\min_W\mathcal L_\Phi(\Xi;t)\ \text{is attained}",
    arena=Points(
        tuple(
            {"d": size, "M": count, "set": kind, "t": time}
            for size, count in ((1, 2), (1, 3), (2, 2), (2, 3), (2, 8), (5, 8), (8, 12))
            for kind in (0, 1)
            for time in ("1/1000", "1", "50")
        )
    ),
    parts=(
        Part("pairs mu < nu: no map has a loss below 0", Ge(raw, 0)),
        Part("with the pairs mu = nu: no map has a loss below 0", Ge(raw_all, 0)),
        Part("pairs mu < nu: the loss falls along W -> cW", Gt(raw, raw_doubled), headline=False),
        Part(
            "with the pairs mu = nu: the loss falls along W -> cW",
            Gt(raw_all, raw_all_doubled),
            headline=False,
        ),
    ),
    controls=(
        Control("the loss rises along W -> cW", Le(raw, raw_doubled)),
        Control("the loss rises along W -> cW, with mu = nu", Le(raw_all, raw_all_doubled)),
    ),
    related=("wu2024.def2.2",),
    notices=(
        "A minimiser would be stationary along W -> cW: sum |W(xi_mu - xi_nu)|^2 exp(-t |W(xi_mu - xi_nu)|^2) = 0, so "
        "all features coincide and the loss is 0. Every map that keeps two memories apart has less: the minimum is "
        "attained only if no map has a loss below 0. Smallest witness: the memories 0 and 1 on the line.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (DEF_2_2, MINIMISER, LOWER, TEMPERATURE, LINK)
