"""One attention head as a gradient step, and its expansion for small weights.

M. Smart, A. Bietti, A. M. Sengupta, ICML 2025: Proposition 3.2 and the gradient step used in the paper.
"""

from __future__ import annotations

import numpy as np
from sympy import Eq, Le, Symbol, exp

from bounds.exact import directional_derivative
from verify.arena import Param, Patterns
from verify.controls import replaced
from verify.instances import Array, Instances
from verify.papers.ramsauer2021.energy import IMAGINARY, probe, softmax_along_v, x_along_v
from verify.statement import Control, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import beta, diam, m, norm, norm_x, overlaps, quantity

SIZES = ((1, 1), (1, 2), (2, 3), (3, 4), (2, 5), (5, 10))
alpha = Symbol("alpha", positive=True)
small = Symbol("small", positive=True)

# -- gradient step ----------------------------------------------------------------------------------------


def _energy(b: Instances, s: Array) -> Array:
    """|s|^2/(2 alpha) - lse(beta Xi^T s)/beta, shape (B,)."""
    scores = b.beta[:, None] * np.sum(b.memories * s[:, None, :], axis=-1)
    if b.exact:
        log_sum = np.log(np.sum(np.exp(scores), axis=-1))
    else:
        top = np.max(np.real(scores), axis=-1)
        log_sum = top + np.log(np.sum(np.exp(scores - top[:, None]), axis=-1))
    return np.sum(s * s, axis=-1) / (2 * b.scalars["alpha"]) - log_sum / b.beta


@quantity("icd_energy_slope", "slope of |s|^2/(2 alpha) - lse(beta Xi^T s)/beta at s = x along v", real=True)
def energy_slope(b: Instances) -> Array:
    v = probe(b)
    if b.exact:
        _, slope = directional_derivative(lambda s: _energy(b, s[None, :])[0], b.query[0], v)
        return np.array([slope], dtype=object)
    return np.imag(_energy(b, b.query + 1j * IMAGINARY * v)) / IMAGINARY


STEP = x_along_v - alpha * energy_slope

GRADIENT_STEP = Identity(
    id="icd2025.gradient-step",
    title="Attention as one gradient step",
    source=Source("icd2025", "identity used in the paper"),
    provenance="primary",
    printed=r"s-\alpha\nabla\Big(\frac{\|s\|^2}{2\alpha}-\beta^{-1}\mathrm{lse}(\beta X^Ts)\Big)"
    r"=\alpha X\,\mathrm{softmax}(\beta X^Ts)",
    arena=Patterns(
        sizes=SIZES, beta_m2=(0.1, 1.0, 4.0, 10.0, 100.0), params=(Param(alpha, 0.25, 4.0, log=True),)
    ),
    parts=(
        Part("attention with value weight alpha", Eq(STEP, alpha * softmax_along_v), scale=m + norm_x + 1),
        Part("attention without alpha", Eq(STEP, softmax_along_v), scale=m + norm_x + 1, headline=False),
    ),
    controls=(
        replaced(alpha * softmax_along_v, 2 * alpha * softmax_along_v, name="twice the output"),
        Control("a step of another size", Eq(x_along_v - energy_slope, alpha * softmax_along_v)),
    ),
    notices=(
        "The normalisation by alpha as printed is to be compared with the paper: the headline has the output "
        "alpha Xi softmax(beta Xi^T s), the second part the retrieval map alone, which is the case alpha = 1.",
    ),
)

# -- expansion --------------------------------------------------------------------------------------------


def _centred(b: Instances) -> tuple[Array, Array]:
    """Memories minus their mean (B, M, d), scores beta z minus their mean (B, M)."""
    count = b.memories.shape[-2]
    scores = b.beta[:, None] * overlaps(b)
    rows = b.memories - np.sum(b.memories, axis=1, keepdims=True) / count
    return rows, scores - np.sum(scores, axis=-1, keepdims=True) / count


def _first_order(b: Instances) -> Array:
    """small beta Cov x under equal weights, shape (B, d)."""
    rows, scores = _centred(b)
    t = b.scalars["small"]
    return t[:, None] * np.sum(scores[..., None] * rows, axis=1) / b.memories.shape[-2]


@quantity("icd_first_order", "|small beta Cov x|")
def first_order(b: Instances) -> Array:
    return norm(_first_order(b))


def _remainder(b: Instances, share: int) -> Array:
    """T(x; small beta) - mean - share times the first-order term, from second-order weights, (B, d)."""
    rows, scores = _centred(b)
    scaled = b.scalars["small"][:, None] * scores
    if b.exact:
        masses = np.exp(scaled)
        weights = masses / np.sum(masses, axis=-1, keepdims=True)
        return np.sum(weights[..., None] * rows, axis=1) - share * _first_order(b)
    growth = np.expm1(scaled)
    total = 1 + np.mean(growth, axis=-1, keepdims=True)
    # sum_i e^{u_i} rows_i = sum_i (e^{u_i} - 1) rows_i because the rows add up to 0.
    numerator = (growth - share * scaled * total) / total
    return np.mean(numerator[..., None] * rows, axis=1)


@quantity("icd_remainder", "|T(x; small beta) - mean - small beta Cov x|")
def remainder(b: Instances) -> Array:
    return norm(_remainder(b, 1))


@quantity("icd_zeroth_remainder", "|T(x; small beta) - mean|")
def zeroth_remainder(b: Instances) -> Array:
    return norm(_remainder(b, 0))


REACH = small * beta * diam * norm_x

EXPANSION = Inequality(
    id="icd2025.prop3.2",
    title="Attention with small weights",
    source=Source("icd2025", "Prop. 3.2"),
    provenance="primary (constants not recorded)",
    printed=r"T(x;\epsilon\beta)=\bar\xi+\epsilon\beta\,\mathrm{Cov}\,x\,(1+O(\epsilon))",
    arena=Patterns(
        sizes=((1, 2), (1, 3), (2, 3), (3, 4), (2, 5), (5, 10)),
        beta_m2=(0.1, 1.0, 4.0, 10.0),
        params=(Param(small, 1e-3, 1e-1, log=True),),
        min_memories=2,
    ),
    parts=(
        Part(
            "the remainder is of first order relative to the first-order term",
            Le(remainder, REACH / 2 * exp(REACH) * first_order),
            scale=m,
            trivial=first_order,
        ),
    ),
    controls=(
        Control("no term of second order", Le(remainder, REACH**2 / 1000 * first_order)),
        Control("no term of first order", Le(zeroth_remainder, REACH / 2 * exp(REACH) * first_order)),
    ),
    notices=(
        "The constants are not recorded: O(eps) is read with the constant beta diam |x| exp(eps beta diam |x|)/2, "
        "which is ours and holds for no other reason than the third cumulant; it does not depend on eps as eps -> 0.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (EXPANSION, GRADIENT_STEP)
