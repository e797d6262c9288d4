"""Energy and dynamics of the sparse model.

J. Y.-C. Hu et al., "On Sparse Modern Hopfield Model", NeurIPS 2023, arXiv 2309.12673: the energy, Lemma 2.1 and
Theorem 2.1, and statements of this project beside them.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from sympy import Eq, Ge, Le, Rational

from simulations.variants.sparse import printed_energy
from verify.arena import Patterns
from verify.controls import flipped
from verify.instances import Array, Instances
from verify.orbits import STEPS, late_step, shortest_step
from verify.statement import Control, Hypothesis, Identity, Inequality, Part, Source
from verify.vocabulary import (
    Delta_x,
    E_Tx,
    E_x,
    at_fixed_point,
    at_update,
    beta,
    err_sparse,
    fixed_point,
    largest,
    limit_from,
    m,
    measure,
    norm,
    norm_x,
    overlaps,
    quantity,
    step,
    update,
    weights,
)

PAPER = "hu2023"
OWN = "a related statement of this project"
SPARSE_FREE = Patterns(model="sparse", query="free", max_size=2000)


@quantity("H_x", "the printed energy -Psi*(beta Xi^T x) + |x|^2/2 at the query", real=True)
def H_x(b: Instances) -> Array:
    return printed_energy(b.memories, b.query, b.beta)


@quantity("H_Tx", "the printed energy at T(x)", real=True)
def H_Tx(b: Instances) -> Array:
    return measure(at_update(b), H_x)


@quantity("grad_H_star", "norm of the gradient x - beta T(x) of the printed energy at x*_mu")
def grad_H_star(b: Instances) -> Array:
    star = fixed_point(b)
    return norm(star - b.beta[:, None] * update(at_fixed_point(b)))


@quantity("residual_star", "|x*_mu - T(x*_mu)|")
def residual_star(b: Instances) -> Array:
    return measure(at_fixed_point(b), step)


@quantity("residual_limit", "|x - T(x)| at the limit of the iteration from the query")
def residual_limit(b: Instances) -> Array:
    end = limit_from(b, b.query)
    return norm(update(b.with_query(end)) - end)


@quantity("err_half_beta", "sparse retrieval error at half the inverse temperature")
def err_half_beta(b: Instances) -> Array:
    cooler = b.with_query(b.query)
    cooler.beta = b.beta / 2
    return measure(cooler, err_sparse)


def _scores(b: Instances) -> Array:
    return b.beta[:, None] * overlaps(b)


@quantity("psi_direct", "<p, z> - Psi(p) at p = sparsemax(z), z the scores", real=True)
def psi_direct(b: Instances) -> Array:
    z, p = _scores(b), weights(b, "sparse")
    return np.sum(p * z, axis=-1) + (1 - np.sum(p * p, axis=-1)) / 2


@quantity(
    "psi_dual",
    "tau + sum_i max(z_i - tau, 0)^2/2 + 1/2, an upper bound on the conjugate for every tau",
    real=True,
)
def psi_dual(b: Instances) -> Array:
    z, p = _scores(b), weights(b, "sparse")
    top = np.argmax(p, axis=-1)
    rows = np.arange(b.size)
    tau = z[rows, top] - p[rows, top]
    above = np.where(z > tau[:, None], z - tau[:, None], 0 * z)
    return tau + np.sum(above * above, axis=-1) / 2 + _half(b)


def _half(b: Instances) -> Array:
    return (b.beta * 0 + 1) / 2


@quantity("psi_closed", "|z|^2/2 - |z - sparsemax(z)|^2/2, the closed form without its constant", real=True)
def psi_closed(b: Instances) -> Array:
    z, p = _scores(b), weights(b, "sparse")
    # As <p, z> - |p|^2/2: the difference of two squares cancels for large scores.
    return np.sum(p * (z - p / 2), axis=-1)


@quantity("z_scale", "1 + largest absolute score")
def z_scale(b: Instances) -> Array:
    return largest(np.abs(_scores(b))) + 1


LEMMA21 = Inequality(
    id="hu2023.lemma2.1-energy",
    title="The sparse update decreases the energy",
    source=Source(PAPER, "energy and Lemma 2.1 (retrieval dynamics)"),
    provenance="secondary (formulas), recalled (numbering)",
    printed=r"\mathcal H(x)=-\Psi^*(\beta\Xi^Tx)+\tfrac12\langle x,x\rangle,\ \mathcal T(x)=\Xi\,\mathrm{Sparsemax}(\beta\Xi^Tx):\ \mathcal H(\mathcal T(x))\le\mathcal H(x)",
    arena=SPARSE_FREE,
    parts=(Part("decrease", Le(H_Tx, H_x), scale=m**2 + norm_x**2),),
    controls=(flipped(),),
    related=("restated.sparse-energy",),
    notices=(
        "Psi* is read as the plain convex conjugate at beta Xi^T x; its 1/beta version is restated.sparse-energy.",
    ),
)

_p, _z = sp.symbols("p z", real=True)
CONSTANT = Rational(1, 2)

PSI_STAR = Identity(
    id="hu2023.psi-star-closed-form",
    title="Closed form of the conjugate of the Gini entropy",
    source=Source(PAPER, "closed form of the conjugate"),
    provenance="recalled",
    printed=r"\Psi^*(z)=\tfrac12|z|^2-\tfrac12|z-\mathrm{Sparsemax}(z)|^2+\mathrm{const}",
    arena=Patterns(model="sparse", query="free", max_size=2000),
    parts=(
        Part("closed form, constant 1/2", Eq(psi_direct, psi_closed + CONSTANT), scale=z_scale),
        Part("the value is the maximum (dual bound)", Eq(psi_direct, psi_dual), scale=z_scale),
    ),
    symbolic=lambda: {
        "one coordinate": _p * _z - _p**2 / 2 - (_z**2 / 2 - (_z - _p) ** 2 / 2),
        # p = z - tau on the support, and tau = tau (sum of the weights): dual minus primal value.
        "dual bound, one coordinate of the support": ((_z - _p) * _p + _p**2 / 2 - (_p * _z - _p**2 / 2)),
        "dual bound, one coordinate off the support": (_p * _z - _p**2 / 2).subs(_p, 0),
    },
    symbolic_range="every M: the identity of values holds coordinate by coordinate, "
    "and the dual bound certifies the maximum",
    controls=(
        Control("constant 0", Eq(psi_direct, psi_closed), "closed form, constant 1/2"),
        Control(
            "dual bound without 1/2",
            Eq(psi_direct, psi_dual - CONSTANT),
            "the value is the maximum (dual bound)",
        ),
    ),
    related=("hu2023.lemma2.1-energy",),
    notices=("The constant is 1/2 for Psi(p) = (|p|^2 - 1)/2.",),
)

SPARSE_ENERGY = Inequality(
    id="restated.sparse-energy",
    title="Quadratic descent of the sparse energy with 1/beta",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"H_\beta(x)=-\beta^{-1}\Psi^*(\beta\Xi^Tx)+\tfrac12|x|^2:\ H_\beta(x)-H_\beta(T(x))\ge\tfrac12|x-T(x)|^2",
    arena=SPARSE_FREE,
    parts=(Part("drop", Ge(E_x - E_Tx, step**2 / 2), scale=m**2 + norm_x**2, needs=("energy", "descent")),),
    controls=(Control("twice the drop", Ge(E_x - E_Tx, step**2 * Rational(11, 10))),),
    related=("hu2023.lemma2.1-energy",),
)

THM21 = Inequality(
    id="hu2023.thm2.1-convergence",
    title="Limit points are stationary points of the energy",
    source=Source(PAPER, "Theorem 2.1 (number recalled)"),
    provenance="recalled",
    printed=r"\text{all limit points of }\{x_t\}\text{ are stationary points of }\mathcal H",
    arena=Patterns(model="sparse", query="pattern", sizes=((1, 1), (1, 2), (2, 2), (2, 3), (3, 4), (5, 10))),
    parts=(
        Part("gradient of the printed energy at the limit", Eq(grad_H_star, 0), scale=m),
        Part("the limit is a fixed point", Le(residual_star, m / 10**9), scale=m, headline=False),
    ),
    controls=(Control("half the gradient the other way", Eq(grad_H_star, -m)),),
    related=("restated.sparse-sequence-convergence", "hu2023.lemma2.1-energy"),
    notices=("The energy is the printed one, without 1/beta: its gradient is x - beta T(x).",),
)

SEQUENCE = Inequality(
    id="restated.sparse-sequence-convergence",
    title="The whole sparse sequence converges, in one step under a margin",
    source=Source(PAPER, OWN),
    provenance="derived",
    printed=r"x_t\to x^*=T(x^*),\ \nabla H_\beta(x^*)=0;\ \beta(z_\mu-z_\nu)\ge1\ \forall\nu\ \Rightarrow\ T(x)=\xi_\mu",
    arena=Patterns(model="sparse", query="free", min_memories=2, max_size=400),
    parts=(
        Part(
            "one step under the margin",
            Le(err_sparse, 0),
            scale=m,
            given=(Hypothesis(Ge(beta * Delta_x, 1)),),
        ),
        Part("steps become short", Le(shortest_step, m / 10), needs=("descent", "jacobian")),
        Part("late step", Le(late_step, m / 50), headline=False),
        Part("the iteration ends in a fixed point", Le(residual_limit, m / 10**9), scale=m, headline=False),
    ),
    controls=(
        Control("one step at half the temperature", Le(err_half_beta, 0), "one step under the margin"),
        Control("the very first step is short", Le(step, m / 10), "steps become short"),
    ),
    related=("hu2023.thm2.1-convergence", "restated.sparse-energy"),
    notices=(
        "That the whole sequence converges comes without a rate, so no number of steps could refute it. "
        f"Decided is what the descent (restated.sparse-energy) implies: among {STEPS} steps there are short ones.",
        "Next to a saddle an iteration may not have settled after thousands of steps; the residual at its end "
        "is reported and does not decide.  The gradient of H_beta is x - T(x): the residual is its norm.",
    ),
)

STATEMENTS = (LEMMA21, PSI_STAR, SPARSE_ENERGY, THM21, SEQUENCE)
