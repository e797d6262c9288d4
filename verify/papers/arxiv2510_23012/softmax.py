"""Lipschitz constants of softmax and of the dense retrieval map.

Nair 2025, arXiv 2510.23012 (abstract), and statements of this project beside it.  v = beta Xi^T x runs over score
vectors, n = M is their length, J = diag(p) - p p^T the Jacobian of softmax at v.
"""

from __future__ import annotations

import numpy as np
from sympy import Eq, Ge, Le, Lt, Min, Rational

from bounds.exact import directional_derivative, spectral_norm
from verify.arena import Patterns
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.ramsauer2021.energy import IMAGINARY, probe
from verify.statement import Control, Hypothesis, Inequality, Part, Source, Statement
from verify.vocabulary import (
    J_norm,
    M,
    beta,
    diam,
    largest,
    m,
    norm,
    norm_x,
    number,
    quantity,
    target_memory,
    update,
    weights,
)

PAPER = "arxiv2510.23012"
OWN = Source(PAPER, "a related statement of this project")
HALF = Rational(1, 2)
LARGEST_IN_BALLS = 5
"""Order of matrices beyond which spectral norms are not enclosed: near ties take seconds there."""


def matrix_norm(b: Instances, matrix: Array) -> Array:
    """Spectral norm of symmetric matrices (B, n, n), shape (B,)."""
    if b.exact:
        if matrix.shape[-1] > LARGEST_IN_BALLS:
            raise ArithmeticError(f"a matrix of order {matrix.shape[-1]} is too large for balls")
        return np.array([spectral_norm(matrix[0])], dtype=object)
    found = np.max(np.abs(np.linalg.eigvalsh(matrix)), axis=-1)
    # Weights near the smallest float have lost their relative accuracy.
    return np.where(found < 1e-290, 0.0, found)


def centred_form(s: Array) -> Array:
    """diag(s) - s s^T/sum(s) for s (B, n) with a positive sum, shape (B, n, n)."""
    total = np.sum(s, axis=-1)[..., None, None]
    return (
        s[..., None] * np.eye(s.shape[-1], dtype=int).astype(s.dtype)
        - s[..., :, None] * s[..., None, :] / total
    )


def softmax_jacobian(p: Array) -> Array:
    """diag(p) - p p^T for weights p (B, n) with sum 1, shape (B, n, n)."""
    identity = np.eye(p.shape[-1], dtype=int).astype(p.dtype)
    return (p * other_weights(p))[..., None] * identity - p[..., :, None] * p[..., None, :] * (1 - identity)


def other_weights(p: Array) -> Array:
    """1 - p_i for weights (B, n) with sum 1, as the sum of the others: no cancellation."""
    return p - p if p.shape[-1] == 1 else np.matmul(p, (1 - np.eye(p.shape[-1], dtype=int)).astype(p.dtype))


def largest_row_sum(p: Array) -> Array:
    """max_i sum_j |J_ij|, the operator norm of J for p = 1 and (J is symmetric) for p = infinity, shape (B,)."""
    return largest(np.sum(np.abs(softmax_jacobian(p)), axis=-1))


@quantity("J_row", "|J|_1 = |J|_inf, the largest absolute row sum of the Jacobian of softmax")
def J_row(b: Instances) -> Array:
    return largest_row_sum(weights(b, "dense"))


@quantity("J_2", "spectral norm of the Jacobian of softmax")
def J_2(b: Instances) -> Array:
    return matrix_norm(b, softmax_jacobian(weights(b, "dense")))


@quantity("two_p_q", "largest 2 p_i (1 - p_i)")
def two_p_q(b: Instances) -> Array:
    p = weights(b, "dense")
    return largest(2 * p * other_weights(p))


def pair_power(b: Instances, p: Array, power: int) -> Array:
    """(|J w|_k/|w|_k)^k for w = e_i - e_j at two of the largest weights p (B, n), k the power, shape (B,).

    A rational function of the weights, so that equality can be certified.
    """
    middles = np.array([[float(v) for v in row] for row in p]) if b.exact else p
    order = np.argsort(-middles, axis=-1, kind="stable")[:, :2]
    rows, jacobian = np.arange(b.size), softmax_jacobian(p)
    image = jacobian[rows, order[:, 0]] - jacobian[rows, order[:, 1]]
    return np.sum(np.abs(image) ** power, axis=-1) / 2


@quantity("J_2_squared", "(|J w|_2/|w|_2)^2 for w = e_i - e_j: at most the square of |J|_2")
def J_2_squared(b: Instances) -> Array:
    return pair_power(b, weights(b, "dense"), 2)


@quantity("J_3_cubed", "(|J w|_3/|w|_3)^3 for w = e_i - e_j: at most the cube of |J|_3 = |J|_{3/2}")
def J_3_cubed(b: Instances) -> Array:
    return pair_power(b, weights(b, "dense"), 3)


def at_zero(b: Instances, power: int) -> Array:
    """The same at v = 0, where all weights of the model are equal."""
    zero = 0 * b.memories[..., 0]
    return pair_power(b, b.named("dense").weights(np.broadcast_to(zero, (b.size, zero.shape[-1])), np), power)


@quantity("J_2_at_0", "(|J w|_2/|w|_2)^2 for w = e_i - e_j at v = 0")
def J_2_at_0(b: Instances) -> Array:
    return at_zero(b, 2)


@quantity("J_3_at_0", "(|J w|_3/|w|_3)^3 for w = e_i - e_j at v = 0")
def J_3_at_0(b: Instances) -> Array:
    return at_zero(b, 3)


@quantity("J_4_at_0", "(|J w|_4/|w|_4)^4 for w = e_i - e_j at v = 0")
def J_4_at_0(b: Instances) -> Array:
    return at_zero(b, 4)


def half_and_rest(b: Instances) -> Array:
    """The weights (1/2, 1/(2(n-1)), ...), shape (B, n): softmax of (log(n-1), 0, ..., 0)."""
    n = b.memories.shape[-2]
    p = [number(b, 1) / 2] + [number(b, 1) / (2 * (n - 1))] * (n - 1)
    return np.stack(p, axis=-1)


def two_halves(b: Instances) -> Array:
    """The softmax of (8, 8, 0, ..., 0), shape (B, n)."""
    n = b.memories.shape[-2]
    e = np.exp(np.stack([number(b, 8)] * 2 + [number(b, 0)] * (n - 2), axis=-1))
    return e / np.sum(e, axis=-1, keepdims=True)


@quantity("J_row_attained", "|J|_1 = |J|_inf at v = (log(n-1), 0, ..., 0)")
def J_row_attained(b: Instances) -> Array:
    return largest_row_sum(half_and_rest(b))


@quantity("J_2_near", "|J|_2 at v = (8, 8, 0, ..., 0)")
def J_2_near(b: Instances) -> Array:
    return matrix_norm(b, softmax_jacobian(two_halves(b)))


# -- the dense map ---------------------------------------------------------------------------------------


@quantity("T_slope_v", "slope of <T(x), v> at x along v", real=True)
def T_slope_v(b: Instances) -> Array:
    direction = probe(b)
    if b.exact:
        _, slope = directional_derivative(
            lambda x: np.sum(b.variant.update(b.memories, x[None, :], b.beta)[0] * direction),
            b.query[0],
            direction,
        )
        return np.array([slope], dtype=object)
    moved = b.variant.update(b.memories.astype(complex), b.query + 1j * IMAGINARY * direction, b.beta)
    return np.imag(np.sum(moved * direction, axis=-1)) / IMAGINARY


@quantity("cov_slope", "beta times the variance of <xi, v> under the weights p(x)")
def cov_slope(b: Instances) -> Array:
    p, y = weights(b), np.sum(b.memories * probe(b), axis=-1)
    away = y - np.sum(p * y, axis=-1, keepdims=True)
    return b.beta * np.sum(p * away * away, axis=-1)


def spread_about(b: Instances, centre: Array) -> Array:
    """|Xi - c 1^T|_2^2 for centres (B, d), shape (B,)."""
    away = b.memories - centre[:, None, :]
    return matrix_norm(b, np.matmul(np.swapaxes(away, -1, -2), away))


@quantity("spread_mean", "|Xi - c 1^T|_2^2 for c the mean of the memories")
def spread_mean(b: Instances) -> Array:
    return spread_about(b, np.sum(b.memories, axis=-2) / b.memories.shape[-2])


@quantity("spread_zero", "|Xi|_2^2")
def spread_zero(b: Instances) -> Array:
    return spread_about(b, 0 * target_memory(b))


@quantity("spread_T", "|Xi - c 1^T|_2^2 for c = T(x)")
def spread_T(b: Instances) -> Array:
    return spread_about(b, update(b))


@quantity("T_moved", "|T(x) - T(x/2)|")
def T_moved(b: Instances) -> Array:
    return norm(update(b) - update(b.with_query(b.query / 2)))


SCORES = Patterns(
    min_memories=2,
    sizes=((1, 2), (2, 2), (1, 3), (2, 3), (2, 4), (3, 4), (4, 10), (5, 40)),
    search=False,
)
STRICT = "strictly below 1/2"
"""Decided at v = 0, where the pairs (n = 2) are an exact tie; for n >= 3 at every v."""

HALF_LIPSCHITZ = Inequality(
    id="arxiv2510.23012.softmax-half",
    title="Softmax is 1/2-Lipschitz in every l_p norm, attained for p = 1 and infinity only",
    source=Source(PAPER, "abstract"),
    provenance="primary (abstract only)",
    printed=r"\sup_v\|J(v)\|_p=\tfrac12\ (p\ge1);\quad \text{attained for }p\in\{1,\infty\};\quad"
    r" \|J(v)\|_p<\tfrac12\ \text{for all }v\in\mathbb{R}^n,\ 1<p<\infty",
    arena=SCORES,
    parts=(
        Part("p = 1 and infinity, at most 1/2", Le(J_row, HALF)),
        Part("p = 2, at most 1/2", Le(J_2, HALF)),
        Part("p = 3 and 3/2, at most 1/2", Le(J_3_cubed, Rational(1, 8))),
        Part("attained for p = 1 and infinity", Eq(J_row_attained, HALF)),
        Part("approached for p = 2", Ge(J_2_near, Rational(499, 1000)), given=(Hypothesis(Le(M, 10)),)),
        Part(f"p = 2, {STRICT}", Lt(J_2_at_0, Rational(1, 4))),
        Part(f"p = 3 and 3/2, {STRICT}", Lt(J_3_at_0, Rational(1, 8))),
        Part(f"p = 4 and 4/3, {STRICT}", Lt(J_4_at_0, Rational(1, 16))),
        Part(
            f"p = 2, n >= 3, {STRICT}",
            Lt(J_2, HALF),
            given=(Hypothesis(Ge(M, 3)),),
            headline=False,
        ),
    ),
    controls=(
        scaled("99/100", "p = 1 and infinity, at most 1/2"),
        scaled("9/10", "p = 2, at most 1/2"),
        scaled("9/10", "p = 3 and 3/2, at most 1/2"),
        Control("attained at 1/4", Eq(J_row_attained, Rational(1, 4)), "attained for p = 1 and infinity"),
        Control("above 1/2", Ge(J_2_near, Rational(501, 1000)), "approached for p = 2"),
        scaled("9/10", f"p = 2, {STRICT}"),
        scaled("9/10", f"p = 2, n >= 3, {STRICT}"),
    ),
    related=("restated.softmax-jacobian", "restated.dense-map-lipschitz"),
    notices=(
        "The scores v = beta Xi^T x of memory sets stand for arbitrary vectors of R^n, n = M >= 2.",
        "For 2 < p < infinity |J|_p is seen from below, on e_i - e_j for two of the largest weights; from above it "
        "is at most |J|_1 by interpolation. |J|_p = |J|_q for 1/p + 1/q = 1 because J is symmetric.",
        "No restriction on n beyond n >= 2 stands in the abstract. With n = 2, J = p_1 p_2 (1, -1)(1, -1)^T has the "
        "norm 2 p_1 p_2 in every l_p, which is 1/2 at v = 0.",
    ),
)

SOFTMAX_JACOBIAN = Inequality(
    id="restated.softmax-jacobian",
    title="The Jacobian of softmax by Gershgorin's circles",
    source=OWN,
    provenance="derived",
    printed=r"\|J\|_2\le\max_i2p_i(1-p_i)\le\tfrac12",
    arena=SCORES,
    parts=(
        Part("circles", Le(J_2, two_p_q), trivial=HALF),
        Part("half", Le(two_p_q, HALF)),
    ),
    controls=(scaled("99/100", "circles"), scaled("99/100", "half")),
    related=("arxiv2510.23012.softmax-half", "ramsauer2021.lemma-a2"),
    notices=("Equality for two scores, at every v.",),
)

DENSE_MAP = Inequality(
    id="restated.dense-map-lipschitz",
    title="The dense map is Lipschitz by the spread of the memories",
    source=OWN,
    provenance="derived",
    printed=r"J_T=\beta\,\mathrm{Cov}_p(\xi),\ \|J_T\|\le\tfrac\beta4\mathrm{diam}^2,\ \|J_T\|\le\tfrac\beta2\|\Xi-c"
    r"\mathbf1^T\|_2^2\ \forall c,\ \|J_T\|\le\beta m^2;\quad\beta\,\mathrm{diam}^2<4:\ \text{a contraction}",
    arena=Patterns(sizes=((1, 1), (1, 2), (2, 2), (2, 3), (3, 4), (3, 8), (8, 16)), search=False),
    parts=(
        Part("Jacobian", Eq(T_slope_v, cov_slope), scale=beta * m**2),
        Part("diameter", Le(J_norm, beta * diam**2 / 4), trivial=beta * m**2),
        Part(
            "spectral norm",
            Le(J_norm, beta / 2 * Min(spread_mean, spread_zero, spread_T)),
            trivial=beta * m**2,
        ),
        Part("largest norm", Le(J_norm, beta * m**2)),
        Part("distances", Le(T_moved, beta * diam**2 / 4 * norm_x / 2), scale=m),
        Part(
            "contraction",
            Le(T_moved, norm_x / 2),
            scale=m,
            given=(Hypothesis(Lt(beta * diam**2, 4)),),
        ),
    ),
    controls=(
        scaled("99/100", "Jacobian"),
        scaled("99/100", "diameter"),
        scaled("9/10", "spectral norm"),
        scaled("9/10", "largest norm"),
        scaled("9/10", "distances"),
        scaled("3/4", "contraction"),
    ),
    related=("ramsauer2021.lemma-a3", "np2024.lemma4.1-fixed-point", "restated.softmax-jacobian"),
    notices=(
        "The Jacobian is compared along v = (1, 1/2, 1/3, ...); memory sets come in random orientations.",
        "Distances are those of x and x/2. Every c: the mean of the memories, the origin and T(x) are tried.",
        "Contraction by the factor beta diam^2/4 gives the unique fixed point. The antipodal pair attains "
        "beta diam^2/4 at the origin.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (HALF_LIPSCHITZ, SOFTMAX_JACOBIAN, DENSE_MAP)
