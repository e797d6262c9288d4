"""Energy, update rule and convergence of the dense continuous model.

H. Ramsauer, B. Schaefl, J. Lehner et al., "Hopfield Networks is All You Need", ICLR 2021, arXiv 2008.02217:
Eqs. (2) and (3), Lemma A1, Theorems 1 and 2 (A1 and A2), and statements of this project beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from scipy.special import softmax
from sympy import Eq, Ge, Le, Rational

from bounds.exact import Real, directional_derivative
from verify.arena import Patterns
from verify.controls import replaced, scaled
from verify.instances import Array, Instances
from verify.orbits import (
    PATH,
    STEPS,
    late_diameter,
    late_energy_drop,
    late_step,
    path_squares,
    shortest_step,
)
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source, Statement
from verify.vocabulary import (
    E_Tx,
    E_x,
    M,
    beta,
    hull_defect,
    m,
    norm_spread,
    norm_x,
    overlaps,
    quantity,
    smallest,
    step,
    update,
    weights,
)

IMAGINARY = 1e-30
"""Complex step: the imaginary part of an analytic function at x + i h v is h times its slope along v."""


# -- gradient and alternative forms -------------------------------------------------------------------


def probe(b: Instances) -> Array:
    """The direction v = (1, 1/2, 1/3, ...) along which vectors are compared, shape (d,)."""
    indices = range(1, b.memories.shape[-1] + 1)
    if b.exact:
        return np.array([Real(1) / k for k in indices], dtype=object)
    return np.array([1.0 / k for k in indices])


def along(b: Instances, vectors: Array) -> Array:
    """<y, v> for vectors y (B, d), shape (B,)."""
    return np.sum(vectors * probe(b), axis=-1)


@quantity("E_slope", "slope of the energy at x along v", real=True)
def E_slope(b: Instances) -> Array:
    energy, direction = b.variant.energy, probe(b)
    if energy is None:
        raise ValueError(f"variant {b.variant.name!r} has no energy")
    if b.exact:
        _, slope = directional_derivative(
            lambda x: energy(b.memories, x[None, :], b.beta)[0], b.query[0], direction
        )
        return np.array([slope], dtype=object)
    return np.imag(energy(b.memories, b.query + 1j * IMAGINARY * direction, b.beta)) / IMAGINARY


@quantity("x_along_v", "<x, v>", real=True)
def x_along_v(b: Instances) -> Array:
    return along(b, b.query)


@quantity("T_along_v", "<T(x), v>", real=True)
def T_along_v(b: Instances) -> Array:
    return along(b, update(b))


def mixture(b: Instances, scores: Array) -> Array:
    """sum_j p_j <xi_j, v> with p the softmax of scores (B, M), not taken from the model under test."""
    if b.exact:
        e = np.exp(scores)
        p = e / np.sum(e, axis=-1, keepdims=True)
    else:
        p = softmax(scores, axis=-1)
    return np.sum(p * np.sum(b.memories * probe(b), axis=-1), axis=-1)


@quantity("softmax_along_v", "<Xi softmax(beta Xi^T x), v>", real=True)
def softmax_along_v(b: Instances) -> Array:
    return mixture(b, b.beta[:, None] * overlaps(b))


def kernel_scores(b: Instances) -> Array:
    """-beta |x - xi_j|^2/2, shape (B, M)."""
    away = b.memories - b.query[:, None, :]
    return -b.beta[:, None] * np.sum(away * away, axis=-1) / 2


@quantity("shift_along_v", "<mean-shift step of x for a Gaussian kernel of variance 1/beta, v>", real=True)
def shift_along_v(b: Instances) -> Array:
    return mixture(b, kernel_scores(b))


@quantity("log_kernel_mean", "log of (1/M) times the sum of exp(-beta |x - xi_j|^2/2)", real=True)
def log_kernel_mean(b: Instances) -> Array:
    scores = kernel_scores(b)
    if b.exact:
        return np.log(np.sum(np.exp(scores), axis=-1) / scores.shape[-1])
    top = np.max(scores, axis=-1)
    return top + np.log1p(np.mean(np.expm1(scores - top[:, None]), axis=-1))


@quantity("weight_sum", "sum of all weights")
def weight_sum(b: Instances) -> Array:
    return np.sum(weights(b), axis=-1)


@quantity("weight_min", "smallest weight", real=True)
def weight_min(b: Instances) -> Array:
    return smallest(weights(b))


# -- symbolic proofs for small sizes -------------------------------------------------------------------


def _gradient_proof() -> Mapping[str, Any]:
    """dE/dx_k - (x - T(x))_k, sum of the weights minus 1, |p_i| - p_i for generic memories."""
    claims: dict[str, Any] = {}
    b = sp.Symbol("beta", positive=True)
    for count, dim in ((2, 1), (3, 2)):
        x = sp.symbols(f"x:{dim}", real=True)
        rows = [sp.symbols(f"xi{i}_:{dim}", real=True) for i in range(count)]
        z = [sum(a * c for a, c in zip(row, x, strict=True)) for row in rows]
        total = sum(sp.exp(b * v) for v in z)
        p = [sp.exp(b * v) / total for v in z]
        m2 = sp.Max(*(sum(a * a for a in row) for row in rows))
        energy = -sp.log(total) / b + sum(v * v for v in x) / 2 + sp.log(count) / b + m2 / 2
        for k in range(dim):
            mapped = sum(w * row[k] for w, row in zip(p, rows, strict=True))
            claims[f"slope {k}, M = {count}, d = {dim}"] = sp.diff(energy, x[k]) - (x[k] - mapped)
        claims[f"sum of weights, M = {count}"] = sum(p) - 1
        claims[f"sign of weights, M = {count}"] = sum(sp.Abs(w) - w for w in p)
    return claims


def _kernel_proof() -> Mapping[str, Any]:
    """Kernel times the common factor exp(beta (|x|^2 + m^2)/2) is exp(beta <x, xi>), for |xi| = m.

    Summed over the memories, and taken to the logarithm or normalised, this is both claims for every M.
    """
    b, radius = sp.symbols("beta m", positive=True)
    x = sp.symbols("x:3", real=True)
    phi, psi = sp.symbols("phi psi", real=True)
    circle = (radius * sp.cos(phi), radius * sp.sin(phi))
    globe = (*(c * sp.sin(psi) for c in circle), radius * sp.cos(psi))
    claims: dict[str, Any] = {}
    for xi in ((radius,), (-radius,), circle, globe):
        point = x[: len(xi)]
        away = sum((a - c) ** 2 for a, c in zip(point, xi, strict=True))
        common = b * (sum(a * a for a in point) + radius**2) / 2
        score = b * sum(a * c for a, c in zip(point, xi, strict=True))
        claims[f"kernel at {xi}"] = sp.exp(sp.simplify(sp.expand(common - b * away / 2 - score))) - 1
    return claims


# -- statements --------------------------------------------------------------------------------------

PAPER = "ramsauer2021"
OWN = Source(PAPER, "a related statement of this project")
SQUARES = m**2 + norm_x**2
DISTRIBUTION = ("weights", "distribution")
MONOTONE = ("energy", "monotone")
FOLLOWED = ("limit", "jacobian", "smooth")
"""What following a trajectory needs: boxes around it are carried on by derivatives."""
OBSERVED = (
    f"A limit is observed, not reached: trajectories are followed for {STEPS} updates from every start.",
    "The finite form that decides: one of these steps is shorter than m/10. Every sequence whose squared "
    "steps sum to at most 2 E meets it; an iteration that keeps jumping does not.",
)
EVERYWHERE = Patterns(max_size=800, search=False)

eq2_energy_bounds = Inequality(
    id="ramsauer2021.eq2-energy-bounds",
    title="The energy lies between 0 and 2 m^2",
    source=Source(PAPER, "Eq. (2) and the sentence on it"),
    provenance="primary",
    printed=r"E(\xi)=-\beta^{-1}\ln\sum_{i=1}^N e^{\beta x_i^T\xi}+\tfrac12\xi^T\xi+\beta^{-1}\ln N"
    r"+\tfrac12M^2,\qquad 0\le E(\xi)\le 2M^2",
    arena=Patterns(),
    parts=(
        Part("lower bound", Ge(E_x, 0), scale=SQUARES),
        Part("upper bound", Le(E_x, 2 * m**2), scale=SQUARES),
    ),
    controls=(
        Control("bounded away from 0", Ge(E_x, m**2 / 100), "lower bound"),
        scaled("1/2", "upper bound"),
    ),
    related=("restated.energy-two-sided", "ramsauer2021.lemma-a1"),
    notices=("No condition on the state is printed beside the bound; Lemma A1 asks for the convex hull.",),
)

lemma_a1 = Inequality(
    id="ramsauer2021.lemma-a1",
    title="Energy bounds in the convex hull of the memories",
    source=Source(PAPER, "Lemma A1 (appendix), second half"),
    provenance="primary (second half of the lemma)",
    printed=r"0\le E(\xi)\le \beta^{-1}\ln N+\tfrac12M^2,\qquad E(\xi)\le 2M^2",
    arena=Patterns(query="hull"),
    hypotheses=(Hypothesis(Eq(hull_defect, 0), "x is a convex combination of the memories"),),
    parts=(
        Part("lower bound", Ge(E_x, 0), scale=m**2),
        Part("upper bound", Le(E_x, sp.log(M) / beta + m**2 / 2), scale=m**2, trivial=2 * m**2),
        Part("upper bound 2 m^2", Le(E_x, 2 * m**2), scale=m**2),
    ),
    controls=(
        Control("bounded away from 0", Ge(E_x, m**2 / 100), "lower bound"),
        replaced(sp.log(M), 0, "without log M", "upper bound"),
        scaled("1/4", "upper bound 2 m^2"),
    ),
    related=("ramsauer2021.eq2-energy-bounds",),
)

energy_two_sided = Inequality(
    id="restated.energy-two-sided",
    title="The energy between two parabolas in the norm of the state",
    source=OWN,
    provenance="derived",
    printed=r"\tfrac12(M-|\xi|)^2\le E(\xi)\le\tfrac12(M+|\xi|)^2",
    arena=Patterns(),
    parts=(
        Part("lower bound", Ge(E_x, (m - norm_x) ** 2 / 2), scale=SQUARES),
        Part("upper bound", Le(E_x, (m + norm_x) ** 2 / 2), scale=SQUARES),
    ),
    controls=(
        Control("a hundredth more", Ge(E_x, Rational(101, 100) * (m - norm_x) ** 2 / 2), "lower bound"),
        scaled("99/100", "upper bound"),
    ),
    related=("ramsauer2021.eq2-energy-bounds",),
    notices=("With one memory E(x) = |x - xi|^2/2, and both bounds are attained on the line through it.",),
)

eq3_update = Identity(
    id="ramsauer2021.eq3-update",
    title="The update rule, its range, and the gradient of the energy",
    source=Source(PAPER, "Eq. (3)"),
    provenance="primary",
    printed=r"\xi^{new}=f(\xi)=X\,\mathrm{softmax}(\beta X^T\xi);\quad f:\mathbb{R}^d\to\mathrm{hull};"
    r"\quad\nabla E(\xi)=\xi-f(\xi)",
    arena=Patterns(),
    parts=(
        Part("gradient", Eq(E_slope, x_along_v - T_along_v, evaluate=False), scale=m + norm_x),
        Part("update", Eq(T_along_v, softmax_along_v, evaluate=False), scale=m),
        Part("weights sum to one", Eq(weight_sum, 1, evaluate=False), needs=DISTRIBUTION),
        Part("weights are not negative", Ge(weight_min, 0, evaluate=False), needs=DISTRIBUTION),
    ),
    controls=(
        Control("gradient without the update", Eq(E_slope, x_along_v, evaluate=False), "gradient"),
        scaled("99/100", "gradient"),
        scaled("99/100", "update"),
        Control(
            "weights sum to 99/100", Eq(weight_sum, Rational(99, 100), evaluate=False), "weights sum to one"
        ),
        Control("weights above 1/1000", Ge(weight_min, Rational(1, 1000)), "weights are not negative"),
    ),
    symbolic=_gradient_proof,
    symbolic_range="M = 2 memories in dimension 1 and M = 3 in dimension 2, at any state and temperature",
    notices=("Vectors are compared along v = (1, 1/2, 1/3, ...); memory sets come in random orientations.",),
)

mean_shift_identity = Identity(
    id="restated.mean-shift-identity",
    title="With equal norms the update is a mean-shift step",
    source=OWN,
    provenance="derived",
    printed=r"E(\xi)=-\beta^{-1}\ln\sum_i e^{-\beta|\xi-x_i|^2/2}+\beta^{-1}\ln N",
    arena=Patterns(norms="equal"),
    hypotheses=(Hypothesis(Eq(norm_spread, 0), "all memories have norm m"),),
    parts=(
        Part("energy", Eq(E_x, -log_kernel_mean / beta, evaluate=False), scale=SQUARES),
        Part("mean-shift step", Eq(T_along_v, shift_along_v, evaluate=False), scale=m),
    ),
    controls=(
        Control("without log M", Eq(E_x, -(log_kernel_mean + sp.log(M)) / beta, evaluate=False), "energy"),
        scaled("99/100", "energy"),
        Control("the state does not move", Eq(T_along_v, x_along_v, evaluate=False), "mean-shift step"),
    ),
    symbolic=_kernel_proof,
    symbolic_range="memories of one norm in dimensions 1, 2 and 3, any number of them",
    related=("ramsauer2021.eq3-update",),
)

thm1 = Inequality(
    id="ramsauer2021.thm1",
    title="Global convergence of the energy",
    source=Source(PAPER, "Theorem 1 = A1"),
    provenance="primary",
    printed=r"E(\xi^t)\to E(\xi^*)\ (t\to\infty),\qquad f(\xi^*)=\xi^*",
    arena=EVERYWHERE,
    parts=(
        Part("the energy does not rise", Le(E_Tx, E_x), scale=SQUARES, needs=MONOTONE),
        Part("the iteration settles", Le(shortest_step, m / 10), needs=FOLLOWED),
        Part(
            "the energy has settled",
            Le(late_energy_drop, m**2 / 1000),
            scale=m**2,
            headline=False,
            needs=MONOTONE + FOLLOWED,
        ),
    ),
    controls=(
        Control("falls by more than half the squared step", Le(E_Tx, E_x - Rational(11, 20) * step**2)),
        Control("the very first step is short", Le(step, m / 10), "the iteration settles"),
    ),
    related=("restated.dense-sequence-convergence",),
    notices=OBSERVED,
)

thm2 = Inequality(
    id="ramsauer2021.thm2",
    title="Convergence of the sequence of states",
    source=Source(PAPER, "Theorem 2 = A2"),
    provenance="primary",
    printed=r"|\xi^{t+1}-\xi^t|\to0;\ \text{either }\xi^t\text{ converges, or its limit points form a "
    r"connected compact set of stationary points on one energy level}",
    arena=EVERYWHERE,
    parts=(
        Part("steps become short", Le(shortest_step, m / 10), needs=FOLLOWED),
        Part("late step", Le(late_step, m / 50), headline=False, needs=FOLLOWED),
        Part("late states stay together", Le(late_diameter, m / 10), headline=False, needs=FOLLOWED),
        Part(
            "late states share an energy",
            Le(late_energy_drop, m**2 / 1000),
            scale=m**2,
            headline=False,
            needs=MONOTONE + FOLLOWED,
        ),
    ),
    controls=(Control("the very first step is short", Le(step, m / 10)),),
    related=("restated.dense-sequence-convergence",),
    notices=OBSERVED,
)

dense_sequence_convergence = Inequality(
    id="restated.dense-sequence-convergence",
    title="Every step is paid for by the energy, and the sequence converges",
    source=OWN,
    provenance="derived",
    printed=r"E(\xi^t)-E(\xi^{t+1})\ge\tfrac12|\xi^{t+1}-\xi^t|^2,\quad\sum_t|\xi^{t+1}-\xi^t|^2\le2E(\xi^0),"
    r"\quad\xi^t\to\xi^*",
    arena=Patterns(max_size=800),
    parts=(
        Part("decrease", Ge(E_x - E_Tx, step**2 / 2), scale=SQUARES, needs=("energy", "descent")),
        Part("sum of squared steps", Le(path_squares, 2 * E_x), scale=SQUARES),
    ),
    controls=(scaled("9/10", "decrease"), scaled("99/100", "sum of squared steps")),
    related=("ramsauer2021.thm2",),
    notices=(
        f"The sum is taken over {PATH} steps; any state may be a start: the rest follows from the decrease.",
        "That the whole sequence converges comes without a rate, so no number of steps could refute it; "
        "what late states do is measured beside ramsauer2021.thm2.",
    ),
)

STATEMENTS: tuple[Statement, ...] = (
    eq2_energy_bounds,
    lemma_a1,
    energy_two_sided,
    eq3_update,
    mean_shift_identity,
    thm1,
    thm2,
    dense_sequence_convergence,
)
