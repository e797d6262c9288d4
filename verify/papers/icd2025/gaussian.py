"""Bayes risk of denoising, and Gaussian signals on a linear subspace.

M. Smart, A. Bietti, A. M. Sengupta, ICML 2025: Propositions 1 and 2, and a statement of this project beside
them.  Second moments are exact: the subspace is spanned by columns of a rational Householder reflection.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from sympy import Eq, Ge, Symbol

from bounds.exact import Real
from verify.arena import Param, Patterns, Points
from verify.controls import replaced, scaled
from verify.instances import Array, Instances
from verify.statement import Control, Identity, Part, Source, Statement
from verify.vocabulary import d, m, norm, number, quantity, target_memory

RELATED = "a related statement of this project"

# -- Proposition 1: a discrete signal, memories of prior weight 1, 2, ..., M; noise of variance 1/beta ----------


def posterior(b: Instances) -> Array:
    """P(X = xi_i | x~ = query), shape (B, M)."""
    away = b.memories - b.query[:, None, :]
    scores = -b.beta[:, None] * np.sum(away * away, axis=-1) / 2
    if not b.exact:
        scores = scores - np.max(scores, axis=-1, keepdims=True)
    prior = np.arange(1, b.memories.shape[-2] + 1)
    masses = np.exp(scores) * (np.array([Real(int(n)) for n in prior], dtype=object) if b.exact else prior)
    return masses / np.sum(masses, axis=-1, keepdims=True)


def posterior_mean(b: Instances) -> Array:
    """E(X | x~ = query), shape (B, d)."""
    return np.sum(posterior(b)[..., None] * b.memories, axis=1)


def conditional_risk(b: Instances, answer: Array) -> Array:
    """E(|X - answer|^2 | x~ = query), shape (B,)."""
    away = b.memories - answer[:, None, :]
    return np.sum(posterior(b) * np.sum(away * away, axis=-1), axis=-1)


@quantity("icd_risk_mean", "E(|X - f|^2 | x~) of the posterior mean f")
def risk_of_mean(b: Instances) -> Array:
    return conditional_risk(b, posterior_mean(b))


@quantity("icd_risk_memory", "E(|X - xi_mu|^2 | x~) of the target memory as the answer")
def risk_of_memory(b: Instances) -> Array:
    return conditional_risk(b, target_memory(b))


@quantity("icd_trace_cov", "Tr Cov(X | x~), the sum over pairs of p_i p_j |xi_i - xi_j|^2")
def trace_cov(b: Instances) -> Array:
    p = posterior(b)
    i, j = np.triu_indices(p.shape[-1], 1)
    away = b.memories[:, i] - b.memories[:, j]
    return np.sum(p[:, i] * p[:, j] * np.sum(away * away, axis=-1), axis=-1) + number(b, 0)


@quantity("icd_answer_gap", "|xi_mu - f|, f the posterior mean")
def answer_gap(b: Instances) -> Array:
    return norm(target_memory(b) - posterior_mean(b))


s0, sz, factor = (Symbol(name, positive=True) for name in ("s0", "sz", "factor"))
RISK = s0 * sz / (s0 + sz)

PROP1 = Identity(
    id="icd2025.prop1",
    title="Bayes risk of denoising",
    source=Source("icd2025", "Prop. 1"),
    provenance="primary",
    printed=r"\min_f E\|f(\tilde X)-X\|^2=E\,\mathrm{Tr}\,\mathrm{Cov}(X\mid\tilde X),\quad f=E(X\mid\tilde X)",
    arena=Patterns(
        sizes=((1, 1), (1, 2), (2, 3), (2, 5), (8, 5)),
        beta_m2=(0.1, 1.0, 4.0, 10.0, 40.0),
        params=(Param(s0, 0.5, 2.0), Param(sz, 0.1, 4.0), Param(factor, 0.0, 1.0)),
    ),
    parts=(
        Part("risk of the posterior mean, given the input", Eq(risk_of_mean, trace_cov), scale=m**2 + 1),
        Part(
            "risk of any other answer, given the input",
            Eq(risk_of_memory, trace_cov + answer_gap**2),
            scale=m**2 + 1,
        ),
        Part(
            "Gaussian signal: risk of shrinking is at least the posterior variance",
            Ge(d * ((1 - factor) ** 2 * s0 + factor**2 * sz), d * RISK),
        ),
    ),
    controls=(
        Control("half the trace", Eq(risk_of_mean, trace_cov / 2)),
        Control(
            "every answer as good", Eq(risk_of_memory, trace_cov), "risk of any other answer, given the input"
        ),
        scaled("9/10", part="Gaussian signal: risk of shrinking is at least the posterior variance"),
    ),
    notices=(
        "For every value of the input; averaging over it gives the printed identity.  "
        "The signal takes the values xi_i with probabilities proportional to i, the noise has variance 1/beta.",
    ),
)

# -- Proposition 2 --------------------------------------------------------------------------------------


@cache
def projector(n: int, rank: int) -> tuple[Array, int]:
    """Integers (n, n) and a denominator: a projector of that rank in general position."""
    v = np.array([[k] for k in range(1, n + 1)], dtype=object)
    square = int((v * v).sum())
    reflection = square * np.eye(n, dtype=int).astype(object) - 2 * (v @ v.T)
    columns = reflection[:, :rank]
    return columns @ columns.T, square * square


def _moments(b: Instances) -> tuple[Array, Array, Array]:
    """P, Cov(X, x~) and Cov(x~), as arrays of exact numbers (n, n)."""
    key = "icd moments"
    if key not in b.cache:
        n, rank = (int(b.scalars[name][0].fraction) for name in ("n", "dim"))
        numerators, denominator = projector(n, rank)
        p = np.array([[Real(int(c)) / denominator for c in row] for row in numerators], dtype=object)
        signal, noise = b.scalars["s0"][0], b.scalars["sz"][0]
        identity = np.array([[Real(int(i == j)) for j in range(n)] for i in range(n)], dtype=object)
        b.cache[key] = p, signal * p, signal * p + noise * identity
    found: tuple[Array, Array, Array] = b.cache[key]
    return found


def _one(value: Any) -> Array:
    return np.array([value], dtype=object)


def _form(matrix: Array) -> Array:
    """u^T A w for two fixed vectors u and w."""
    n = len(matrix)
    u = np.array([Real(k) for k in range(1, n + 1)], dtype=object)
    w = np.array([Real(1) / k for k in range(1, n + 1)], dtype=object)
    return _one(u @ matrix @ w)


def _loss(b: Instances, shrink: Any) -> Array:
    """E|shrink P x~ - X|^2 = Tr(A Cov(x~) A^T) - 2 Tr(A Cov(x~, X)) + Tr Cov(X), A = shrink P."""
    p, cross, whole = _moments(b)
    a = shrink * p
    first, second = np.sum((a @ whole) * a), np.sum(a * cross.T)
    return _one(first - 2 * second + np.trace(cross))


@quantity("icd_cross", "u^T Cov(X, x~) w", real=True)
def cross_form(b: Instances) -> Array:
    return _form(_moments(b)[1])


@quantity("icd_projected", "u^T P Cov(x~) w", real=True)
def projected_form(b: Instances) -> Array:
    p, _, whole = _moments(b)
    return _form(p @ whole)


@quantity("icd_loss_projector", "E|P x~ - X|^2")
def loss_of_projector(b: Instances) -> Array:
    return _loss(b, Real(1))


@quantity("icd_loss_shrunk", "E|c P x~ - X|^2 with c = s0/(s0 + sz)")
def loss_of_shrunk(b: Instances) -> Array:
    signal, noise = b.scalars["s0"][0], b.scalars["sz"][0]
    return _loss(b, signal / (signal + noise))


@quantity("icd_loss_factor", "E|c P x~ - X|^2 with c = factor")
def loss_of_factor(b: Instances) -> Array:
    return _loss(b, b.scalars["factor"][0])


dim = Symbol("dim", positive=True)
SUBSPACES = Points(
    tuple(
        {"n": n, "dim": k, "s0": a, "sz": c, "factor": f}
        for n, k, a, c, f in (
            *((16, k, a, c, "1/2") for k in (1, 4, 8) for a in ("1/2", 1, 2) for c in ("1/10", 1, 4)),
            *((3, k, 1, c, f) for k in (1, 3) for c in ("1/10", 4) for f in (0, "1/4", "9/10", 1)),
        )
    )
)
SHRINK = s0 / (s0 + sz)

PREDICTOR = Identity(
    id="icd2025.prop2-predictor",
    title="Optimal denoiser of a Gaussian signal on a subspace",
    source=Source("icd2025", "Prop. 2, predictor"),
    provenance="primary",
    printed=r"f_{opt}(\tilde x)=\frac{s_0^2}{s_0^2+s_Z^2}P\tilde x",
    arena=SUBSPACES,
    parts=(
        Part("normal equations", Eq(SHRINK * projected_form, cross_form)),
        Part("no other factor does better", Ge(loss_of_factor, loss_of_shrunk)),
    ),
    controls=(
        replaced(SHRINK, 1, name="no shrinking", part="normal equations"),
        scaled("9/10", part="no other factor does better"),
    ),
    related=("icd2025.prop2-loss",),
    notices=(
        "X and x~ are jointly Gaussian, so the posterior mean is A x~ with A Cov(x~) = Cov(X, x~), which is "
        "tested exactly for projectors of rank dim in R^n; s0 and sz are variances.",
    ),
)

LOSS = Identity(
    id="icd2025.prop2-loss",
    title="Expected loss on a subspace",
    source=Source("icd2025", "Prop. 2, expected loss"),
    provenance="primary",
    printed=r"E\|P\tilde x-X\|^2=d\,\frac{s_0^2s_Z^2}{s_0^2+s_Z^2}",
    arena=SUBSPACES,
    parts=(
        Part("loss of the projection, as printed", Eq(loss_of_projector, dim * RISK)),
        Part("loss of the optimal denoiser", Eq(loss_of_shrunk, dim * RISK), headline=False),
    ),
    controls=(
        Control("half the loss", Eq(loss_of_shrunk, dim * RISK / 2), "loss of the optimal denoiser"),
        Control("no loss", Eq(loss_of_projector, 0)),
    ),
    related=("icd2025.prop2-predictor", "restated.icd-projector-loss"),
)

PROJECTOR_LOSS = Identity(
    id="restated.icd-projector-loss",
    title="Losses of the projection and of the optimal denoiser",
    source=Source("icd2025", RELATED),
    provenance="derived",
    printed=r"E\|P\tilde x-X\|^2=d\,s_Z^2,\qquad E\|f_{opt}(\tilde x)-X\|^2=d\,\frac{s_0^2s_Z^2}{s_0^2+s_Z^2}",
    arena=SUBSPACES,
    parts=(
        Part("projection", Eq(loss_of_projector, dim * sz)),
        Part("optimal denoiser", Eq(loss_of_shrunk, dim * RISK)),
    ),
    controls=(
        Control("loss of the other one", Eq(loss_of_projector, dim * RISK), "projection"),
        Control("loss of the other one", Eq(loss_of_shrunk, dim * sz), "optimal denoiser"),
    ),
    related=("icd2025.prop2-loss",),
)

STATEMENTS: tuple[Statement, ...] = (PROP1, PREDICTOR, LOSS, PROJECTOR_LOSS)
