"""The sparse-structured retrieval map and its two readings.

Hu et al. 2024 (ICML 2025), arXiv 2404.03900: Theorem 3.2, and a statement of this project beside it.
"""

from __future__ import annotations

import numpy as np
from sympy import Eq, Ge, Le

from simulations.variants import dense
from verify.arena import Patterns
from verify.controls import scaled
from verify.instances import Array, Instances
from verify.papers.np2024.shared import OWN, PAPER, READINGS, SQUARES
from verify.papers.np2024.supports import (
    SUPPORT,
    chosen,
    k_S,
    masses,
    members,
    scores,
    sizes,
)
from verify.papers.ramsauer2021.energy import along
from verify.statement import Control, Definition, Hypothesis, Identity, Part, Source
from verify.vocabulary import (
    M,
    beta,
    m,
    quantity,
    update,
)


@quantity("mass_A", "sum of the weights of reading A")
def mass_A(b: Instances) -> Array:
    return np.sum(masses(b, chosen(b), "A")[0], axis=-1)


@quantity("mass_B", "sum of the weights of reading B")
def mass_B(b: Instances) -> Array:
    return np.sum(masses(b, chosen(b), "B")[0], axis=-1)


def reading_gap(b: Instances) -> Array:
    """T_A(x) - T_B(x), shape (B, d)."""
    w, v = masses(b, chosen(b), "A")[0], masses(b, chosen(b), "B")[0]
    return np.sum((w - v)[..., None] * b.memories, axis=-2)


@quantity("T_gap", "|T_A(x) - T_B(x)|")
def T_gap(b: Instances) -> Array:
    return np.sum(np.abs(reading_gap(b)), axis=-1)


def jacobian_of(b: Instances, reading: str) -> Array:
    """beta sum over S of p_nu xi_nu (xi_nu - c)^T with c the mean under the softmax that is used, (B, d, d)."""
    w, _ = masses(b, chosen(b), reading)
    p = dense.softmax(scores(b), np) if reading == "A" else w
    c = np.sum(p[..., None] * b.memories, axis=-2)
    away = b.memories - c[:, None, :]
    return b.beta[:, None, None] * np.sum(
        w[..., None, None] * b.memories[..., :, None] * away[..., None, :], axis=-3
    )


def skew(jacobian: Array) -> Array:
    """Sum of |J_ij - J_ji|."""
    return np.sum(np.abs(jacobian - np.swapaxes(jacobian, -1, -2)), axis=(-1, -2))


@quantity("skew_A", "size of the antisymmetric part of the Jacobian of reading A")
def skew_A(b: Instances) -> Array:
    return skew(jacobian_of(b, "A"))


@quantity("skew_B", "size of the antisymmetric part of the Jacobian of reading B")
def skew_B(b: Instances) -> Array:
    return skew(jacobian_of(b, "B"))


SMALL = Patterns(query="free", params=SUPPORT, max_size=200)
ALL_KEPT = Hypothesis(Ge(k_S, M), "S holds all memories")

MAP = Definition(
    id="np2024.thm3.2-sparse-structured-map",
    title="The sparse-structured retrieval map",
    source=Source(PAPER, "Thm 3.2"),
    provenance="secondary (shape of the formula)",
    printed=r"\mathcal T_{Sparse}(x)=\sum_{\mu\in S}[\mathrm{softmax}(\beta\Xi_\delta^Tx)]_\mu\,\xi_\mu",
    arena=SMALL,
    parts=(
        Part("weights of reading A sum to at most 1", Le(mass_A, 1, evaluate=False)),
        Part("weights of reading B sum to 1", Eq(mass_B, 1, evaluate=False)),
        Part("both readings agree at k = M", Eq(T_gap, 0), scale=m, given=(ALL_KEPT,)),
        Part("reading: A and B are one map", Eq(T_gap, 0), scale=m, headline=False),
        Part("reading: the weights of A sum to 1", Eq(mass_A, 1, evaluate=False), headline=False),
        Part(
            "reading: the Jacobian of A is symmetric",
            Eq(skew_A, 0),
            scale=beta * m**2,
            headline=False,
        ),
        Part("reading: the Jacobian of B is symmetric", Eq(skew_B, 0), scale=beta * m**2, headline=False),
    ),
    controls=(
        scaled("9/10", "weights of reading A sum to at most 1"),
        scaled("9/10", "weights of reading B sum to 1"),
    ),
    related=("restated.masked-map-is-dense", "np2024.thm4.1-bound-others"),
    notices=(
        READINGS,
        "The readings say where A and B differ, and that A is no gradient map (its Jacobian is not symmetric).",
    ),
)


def by_size(b: Instances, measure_one: object) -> Array:
    """Apply a function of (sub-batch, k, members) to the rows of each size k and collect (B,)."""
    k, inside = sizes(b), members(b)
    out = np.empty(b.size, dtype=object if b.exact else float)
    for size in np.unique(k):
        rows = np.flatnonzero(k == size)
        out[rows] = measure_one(b.take(rows), int(size), inside[rows])  # type: ignore[operator]
    return out


def sub_memory(b: Instances, k: int, inside: Array) -> Instances:
    """The instances with the members of S as their only memories; b holds rows of one size k."""
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    kept = memories[inside].reshape(b.size, k, memories.shape[-1])
    return Instances(
        b.size,
        memories=kept,
        query=b.query,
        beta=b.beta,
        target=np.zeros(b.size, dtype=int),
        models=b.models,
        exact=b.exact,
    )


def image_B(b: Instances) -> Array:
    """T_B(x), shape (B, d)."""
    return np.sum(masses(b, chosen(b), "B")[0][..., None] * b.memories, axis=-2)


@quantity("masked_along_v", "<T_B(x), v>", real=True)
def masked_along_v(b: Instances) -> Array:
    return along(b, image_B(b))


@quantity("sub_along_v", "<T_Dense(x), v> of the memories in S alone", real=True)
def sub_along_v(b: Instances) -> Array:
    return by_size(b, lambda c, k, inside: along(c, update(sub_memory(c, k, inside), "dense")))


@quantity("masked_step2", "|x - T_B(x)|^2")
def masked_step2(b: Instances) -> Array:
    away = b.query - image_B(b)
    return np.sum(away * away, axis=-1)


def _drop(c: Instances, k: int, inside: Array) -> Array:
    sub = sub_memory(c, k, inside)
    energy = c.named("dense").energy
    after = image_B_of(c, inside)
    return energy(sub.memories, sub.query, sub.beta) - energy(sub.memories, after, sub.beta)


def image_B_of(c: Instances, inside: Array) -> Array:
    """T_B(x) of rows whose support is given."""
    share = inside.astype(int).astype(object) if c.exact else inside.astype(float)
    return np.sum(masses(c, share, "B")[0][..., None] * c.memories, axis=-2)


@quantity("sub_energy_drop", "E_S(x) - E_S(T_B(x)) of the energy of the memories in S", real=True)
def sub_energy_drop(b: Instances) -> Array:
    return by_size(b, _drop)


MASKED_IS_DENSE = Identity(
    id="restated.masked-map-is-dense",
    title="Reading B is the dense model of the memories in S",
    source=OWN,
    provenance="derived",
    printed=r"T_B=T_{Dense}[\Xi_S],\ E_S(x)=\tfrac12|x|^2-\beta^{-1}\mathrm{lse}(\beta\Xi_S^Tx),"
    r"\ E_S(x)-E_S(T_B(x))\ge\tfrac12|x-T_B(x)|^2",
    arena=SMALL,
    parts=(
        Part("the map", Eq(masked_along_v, sub_along_v), scale=m),
        Part("quadratic descent", Ge(sub_energy_drop, masked_step2 / 2), scale=SQUARES),
        Part("symmetric Jacobian", Eq(skew_B, 0), scale=beta * m**2),
    ),
    controls=(
        Control("the map, halved", Eq(masked_along_v, sub_along_v / 2), "the map"),
        Control("twice the descent", Ge(sub_energy_drop, 2 * masked_step2), "quadratic descent"),
        Control("Jacobian of reading A", Eq(skew_A, 0), "symmetric Jacobian"),
    ),
    related=("np2024.thm3.2-sparse-structured-map", "restated.quadratic-descent"),
)

STATEMENTS = (
    MAP,
    MASKED_IS_DENSE,
)
