"""Measured quantities of the log-sum-ReLU energy, in floats and in exact rationals alike.

Everything is written in squared distances and in rho^2 = 2/beta, so that rational inputs give rational values
and the set B(x) of active memories, |x - xi_mu| < rho, is decided exactly.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

from bounds.exact import Real, directional_derivative
from verify.instances import Array, Instances
from verify.papers.ramsauer2021.energy import IMAGINARY, along, probe
from verify.vocabulary import column, largest, measure, number, quantity, smallest, target_memory

share = sp.Symbol("share", positive=True)
"""Delta/r, or rho/r where a statement says so."""
factor = sp.Symbol("factor", positive=True)
"""beta divided by 2/(r - Delta)^2."""
eps = sp.Symbol("eps_lsr", nonnegative=True)
"""The constant under the logarithm."""

REST_STEPS = 24
"""Mean steps towards a resting point; whether it rests is a hypothesis of its own."""


def only(mask: Array, values: Array) -> Array:
    """``values`` where ``mask``, else 0 in their own arithmetic."""
    zero: Any = Real(0) if values.dtype == object else 0.0
    return np.where(mask, values, zero)


def positive(values: Array) -> Any:
    """Which values are positive, as a bool array."""
    return np.asarray(values > 0, dtype=bool)


def size2(v: Array) -> Array:
    """Squared Euclidean norm along the last axis."""
    return np.sum(v * v, axis=-1)


def square_distances(b: Instances, x: Array) -> Array:
    """|xi_nu - x|^2, shape (B, M)."""
    return size2(b.memories - x[:, None, :])


def rho2(b: Instances) -> Array:
    """The squared radius 2/beta of the supports, shape (B,)."""
    return 2 / b.beta


def active(b: Instances, x: Array, radius2: Array) -> Array:
    """Which memories are in B(x), bool (B, M)."""
    return positive(radius2[:, None] - square_distances(b, x))


def pull(b: Instances, x: Array, mask: Array) -> Array:
    """The sum of xi_nu - x over the memories of ``mask`` (B, M): -grad E times eps + S; shape (B, d)."""
    return np.sum(only(mask[..., None], b.memories - x[:, None, :]), axis=1)


def count_of(b: Instances, mask: Array) -> Array:
    """Number of memories in ``mask``, in the batch's own arithmetic, shape (B,)."""
    found = np.sum(mask, axis=-1)
    return np.array([Real(int(n)) for n in found], dtype=object) if b.exact else found.astype(float)


def mean_step(b: Instances, x: Array, radius2: Array) -> Array:
    """The centroid of B(x), x itself where B(x) is empty, shape (B, d)."""
    mask = active(b, x, radius2)
    count = count_of(b, mask)
    safe: Array = np.where(positive(count), count, number(b, 1))
    return x + pull(b, x, mask) / safe[:, None]


def rest(b: Instances) -> Array:
    """Where mean steps from the query lead, shape (B, d)."""
    if "lsr rest" not in b.cache:
        x = b.query
        for _ in range(REST_STEPS):
            x = mean_step(b, x, rho2(b))
        b.cache["lsr rest"] = x
    found: Array = b.cache["lsr rest"]
    return found


def kernel_sum(b: Instances, x: Array) -> Array:
    """S(x), shape (B,)."""
    value = 1 - b.beta[:, None] * square_distances(b, x) / 2
    return np.sum(only(positive(value), value), axis=-1)


# -- distances ----------------------------------------------------------------------------------------


@quantity("lsr_r2", "r^2, the squared smallest distance between two memories")
def r2(b: Instances) -> Array:
    i, j = np.triu_indices(b.memories.shape[-2], 1)
    return smallest(size2(b.memories[:, i] - b.memories[:, j]))


@quantity("lsr_dist2", "|x - xi_mu|^2")
def dist2(b: Instances) -> Array:
    return size2(b.query - target_memory(b))


# -- retrieval of a memory ----------------------------------------------------------------------------


def miss2_at(b: Instances, radius2: Array) -> Array:
    """Squared distance from xi_mu to the ray x - eta grad E(x), eta >= 0; shape (B,).

    It is 0 exactly if one gradient step of a suitable size leads from x to xi_mu.
    """
    wanted = target_memory(b) - b.query
    force = pull(b, b.query, active(b, b.query, radius2))
    power, forward = size2(force), np.sum(force * wanted, axis=-1)
    moving = positive(power) & positive(forward)
    gain = forward * forward / np.where(moving, power, number(b, 1))
    return size2(wanted) - only(moving, gain)


@quantity("lsr_miss2", "squared distance from xi_mu to all single gradient steps from x, rho = r - Delta")
def miss2(b: Instances) -> Array:
    left = 1 - b.scalars["share"]
    return miss2_at(b, measure(b, r2) * left * left)


@quantity("lsr_miss2_wide", "the same with rho = r + Delta")
def miss2_wide(b: Instances) -> Array:
    left = 1 + b.scalars["share"]
    return miss2_at(b, measure(b, r2) * left * left)


@quantity("lsr_worst_pull2", "largest |sum over B(xi_nu) of xi - xi_nu|^2 over the memories, beta as given")
def worst_pull2(b: Instances) -> Array:
    left = 1 - b.scalars["share"]
    radius2 = measure(b, r2) * left * left / b.scalars["factor"]
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    found = []
    for k in range(memories.shape[1]):
        x = memories[:, k]
        found.append(size2(pull(b, x, active(b, x, radius2))))
    return largest(np.stack(found, axis=-1))


def step_gap2(b: Instances, extra: Array) -> Array:
    """|x - eta grad E(x) - xi_mu|^2 with eta = extra + relu(1 - |x - xi_mu|^2/rho^2), rho = share r."""
    radius2 = measure(b, r2) * b.scalars["share"] * b.scalars["share"]
    # Equal memories (r = 0) are not admissible; they get a radius of 1 here.
    radius2 = np.where(positive(radius2), radius2, number(b, 1))
    value = 1 - square_distances(b, b.query) / radius2[:, None]
    value = only(positive(value), value)
    eta = extra + column(b, value)
    total = b.scalars["eps_lsr"] + np.sum(value, axis=-1)
    force = pull(b, b.query, positive(value))
    scale = eta / np.where(positive(total), total, number(b, 1))
    return size2(b.query + scale[:, None] * force - target_memory(b))


@quantity("lsr_step_gap2", "|x - eta grad E(x) - xi_mu|^2, eta = eps + relu(...)")
def exact_step_gap2(b: Instances) -> Array:
    return step_gap2(b, b.scalars["eps_lsr"])


@quantity("lsr_short_step_gap2", "|x - eta grad E(x) - xi_mu|^2, eta = relu(...)")
def short_step_gap2(b: Instances) -> Array:
    return step_gap2(b, number(b, 0))


# -- centroids ----------------------------------------------------------------------------------------


@quantity("lsr_count_x", "number of memories in B(x)")
def count_x(b: Instances) -> Array:
    return count_of(b, active(b, b.query, rho2(b)))


@quantity("lsr_centroid_pull2", "|sum over B(c) of xi - c|^2, c the centroid of B(x)")
def centroid_pull2(b: Instances) -> Array:
    c = mean_step(b, b.query, rho2(b))
    return size2(pull(b, c, active(b, c, rho2(b))))


@quantity("lsr_target_pull2", "the same at the target memory in the place of c")
def target_pull2(b: Instances) -> Array:
    c = target_memory(b)
    return size2(pull(b, c, active(b, c, rho2(b))))


@quantity("lsr_count_c", "number of memories in B(c), c the resting point of the mean step from x")
def count_c(b: Instances) -> Array:
    return count_of(b, active(b, rest(b), rho2(b)))


@quantity("lsr_rest_pull2", "|sum over B(c) of xi - c|^2 at that c")
def rest_pull2(b: Instances) -> Array:
    c = rest(b)
    return size2(pull(b, c, active(b, c, rho2(b))))


@quantity("lsr_nearest2", "squared distance from c to the nearest memory")
def nearest2(b: Instances) -> Array:
    return smallest(square_distances(b, rest(b)))


@quantity("lsr_inside", "smallest weight of a memory in x as a convex combination of the memories")
def inside(b: Instances) -> Array:
    return smallest(b.hull)


@quantity("lsr_gap2", "smallest difference between a squared distance from c and rho^2")
def gap2(b: Instances) -> Array:
    return smallest(np.abs(square_distances(b, rest(b)) - rho2(b)[:, None]))


@quantity("lsr_basin", "smallest distance from c to a sphere |x - xi_nu| = rho")
def basin(b: Instances) -> Array:
    return smallest(np.abs(np.sqrt(square_distances(b, rest(b))) - np.sqrt(rho2(b))[:, None]))


@quantity("lsr_printed_basin", "sqrt(D_max^2 + min(delta_min, gamma_min)) - D_max at c")
def printed_basin(b: Instances) -> Array:
    distances = square_distances(b, rest(b))
    inside = positive(rho2(b)[:, None] - distances)
    reach2, gap = largest(only(inside, distances)), measure(b, gap2)
    outer, inner = np.sqrt(reach2 + gap), np.sqrt(reach2)
    total = outer + inner
    return gap / np.where(positive(total), total, number(b, 1))


@quantity(
    "lsr_gap_outside", "by how much the smallest gap inside exceeds the smallest gap outside", real=True
)
def gap_outside(b: Instances) -> Array:
    gaps = rho2(b)[:, None] - square_distances(b, rest(b))
    inside, far = positive(gaps), 4 * largest(np.abs(gaps))[:, None] + 1
    return smallest(np.where(inside, gaps, far)) - smallest(np.where(inside, far, -gaps))


# -- stationary points ----------------------------------------------------------------------------------


def _log_energy(b: Instances, x: Array, mask: Array) -> Array:
    """E(x) from the memories of ``mask`` alone, which is E where B(x) is ``mask``."""
    value = 1 - b.beta[:, None] * square_distances(b, x) / 2
    return -np.log(b.scalars["eps_lsr"] + np.sum(only(mask, value), axis=-1)) / b.beta


@quantity("lsr_slope", "slope of E at x along v", real=True)
def slope(b: Instances) -> Array:
    mask, direction = active(b, b.query, rho2(b)), probe(b)
    if b.exact:
        _, found = directional_derivative(
            lambda x: _log_energy(b, x[None, :], mask)[0], b.query[0], direction
        )
        return np.array([found], dtype=object)
    return np.imag(_log_energy(b, b.query + 1j * IMAGINARY * direction, mask)) / IMAGINARY


@quantity("lsr_centroid_slope", "|B(x)| <x - mean of B(x), v>/(eps + S(x))", real=True)
def centroid_slope(b: Instances) -> Array:
    away = b.query - mean_step(b, b.query, rho2(b))
    total = b.scalars["eps_lsr"] + kernel_sum(b, b.query)
    return measure(b, count_x) * along(b, away) / np.where(positive(total), total, number(b, 1))


def _nudge(b: Instances) -> Array:
    """A displacement h along v which keeps B(c + h) = B(c): 2 D|h| + |h|^2 is below the smallest gap."""
    gap, far = measure(b, gap2), largest(square_distances(b, rest(b)))
    direction = probe(b)
    return (gap / (8 * (far + 1 + gap)))[:, None] * direction / (1 + size2(direction))


@quantity("lsr_drop", "S(c) - S(c + h) for a small h", real=True)
def drop(b: Instances) -> Array:
    return kernel_sum(b, rest(b)) - kernel_sum(b, rest(b) + _nudge(b))


@quantity("lsr_square_drop", "(beta/2) |B(c)| |h|^2")
def square_drop(b: Instances) -> Array:
    return b.beta * measure(b, count_c) * size2(_nudge(b)) / 2


# -- counts -------------------------------------------------------------------------------------------


def _subset_centroids(b: Instances) -> tuple[Array, Array]:
    """All non-empty subsets (2^M - 1, M) and their centroids (B, 2^M - 1, d)."""
    count = b.memories.shape[-2]
    chosen = (np.arange(1, 2**count)[:, None] >> np.arange(count)) & 1 == 1
    sizes = np.sum(chosen, axis=-1)
    if b.exact:
        sizes = np.array([Real(int(n)) for n in sizes], dtype=object)
    total = np.sum(only(chosen[None, :, :, None], b.memories[:, None]), axis=2)
    return chosen, total / sizes[None, :, None]


def _seen(b: Instances) -> tuple[Array, Array]:
    chosen, centres = _subset_centroids(b)
    away = b.memories[:, None] - centres[:, :, None, :]
    return chosen, positive(rho2(b)[:, None, None] - size2(away))


@quantity("lsr_minima", "number of sets of memories that are B(c) at their own centroid c")
def minima(b: Instances) -> Array:
    chosen, seen = _seen(b)
    return count_of(b, np.all(seen == chosen, axis=-1))


@quantity("lsr_cells", "number of different non-empty B(x) at the centroids of all subsets")
def cells(b: Instances) -> Array:
    _, seen = _seen(b)
    codes = np.sum(seen * 2 ** np.arange(seen.shape[-1]), axis=-1)
    found = [len(set(row.tolist()) - {0}) for row in codes]
    return np.array([Real(n) for n in found], dtype=object) if b.exact else np.array(found, dtype=float)


def binomial_sum(b: Instances, top: int) -> Array:
    """The sum of C(M, i) over i <= top, shape (B,)."""
    return number(b, sum(math.comb(b.memories.shape[-2], i) for i in range(top + 1)))


@quantity("lsr_cell_bound", "sum of C(M, i) over i <= d + 1")
def cell_bound(b: Instances) -> Array:
    return binomial_sum(b, b.memories.shape[-1] + 1)


# -- the Gaussian kernel beside it -----------------------------------------------------------------------


def _scores(b: Instances, x: Array, name: str) -> Array:
    if name == "dense":
        return b.beta[:, None] * np.sum(b.memories * x[:, None, :], axis=-1)
    return -b.beta[:, None] * square_distances(b, x) / 2


def soft_step(b: Instances, index: Any, name: str) -> Array:
    """|T(xi) - xi| at the memory ``index`` (B,), of the map with Gaussian or exponential dot-product weights."""
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    x = memories[np.arange(b.size), index]
    weights = np.exp(_scores(b, x, name))
    away = memories - x[:, None, :]
    moved = np.sum(weights[..., None] * away, axis=1) / np.sum(weights, axis=-1)[:, None]
    return np.sqrt(size2(moved))


def log_soft_step(b: Instances, index: Any, name: str) -> Array:
    """log |T(xi) - xi| in floats, which does not underflow."""
    memories = np.broadcast_to(b.memories, (b.size, *b.memories.shape[1:]))
    x = memories[np.arange(b.size), index]
    scores = _scores(b, x, name)
    away = memories - x[:, None, :]
    rest_scores = np.where(positive(size2(away)), scores, -np.inf)
    top = np.max(rest_scores, axis=-1)
    safe = np.where(np.isfinite(top), top, 0.0)
    moved = np.sum(np.exp(rest_scores - safe[:, None])[..., None] * away, axis=1)
    most = np.max(scores, axis=-1)
    total = most + np.log(np.sum(np.exp(scores - most[:, None]), axis=-1))
    with np.errstate(divide="ignore"):
        return safe - total + np.log(size2(moved)) / 2


def _largest_step(b: Instances, name: str) -> Array:
    return largest(np.stack([soft_step(b, k, name) for k in range(b.memories.shape[-2])], axis=-1))


def _log_largest_step(b: Instances, name: str) -> Array:
    return np.max(np.stack([log_soft_step(b, k, name) for k in range(b.memories.shape[-2])]), axis=0)


def _soft_quantities(name: str, text: str) -> tuple[Any, Any]:
    def everywhere(b: Instances) -> Array:
        return _largest_step(b, name)

    def target(b: Instances) -> Array:
        return soft_step(b, b.target, name)

    return (
        quantity(
            f"lsr_largest_{name}_step",
            f"largest |T(xi) - xi| of a memory, {text}",
            log=lambda b: _log_largest_step(b, name),
        )(everywhere),
        quantity(
            f"lsr_{name}_step",
            f"|T(xi_mu) - xi_mu|, {text}",
            log=lambda b: log_soft_step(b, b.target, name),
        )(target),
    )


largest_gauss_step, gauss_step = _soft_quantities("gauss", "Gaussian kernel")
largest_dense_step, dense_step = _soft_quantities("dense", "softmax of inner products")


@quantity("lsr_far_gap", "largest |xi_nu - x|^2 minus |xi_mu - x|^2: 0 makes xi_mu an extreme point")
def far_gap(b: Instances) -> Array:
    distances = square_distances(b, b.query)
    return largest(distances) - column(b, distances)
