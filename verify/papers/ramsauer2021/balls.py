"""What the storage statements measure: limits, spheres about memories, spread of weights and of memories."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logsumexp

from bounds.exact import Real, directional_derivative, exact_array, spectral_norm
from simulations.variants import base
from verify.instances import Array, Instances
from verify.papers.ramsauer2021.energy import IMAGINARY, probe
from verify.vocabulary import (
    Delta_mu,
    R,
    centred,
    diam,
    fixed_point,
    largest,
    limit_from,
    m,
    measure,
    norm,
    number,
    overlaps,
    quantity,
    target_memory,
    target_overlaps,
    weights,
)

# -- limits -------------------------------------------------------------------------------------------


@quantity("limit_gap", "distance between the limits of the iteration from x and from xi_mu")
def limit_gap(b: Instances) -> Array:
    return norm(limit_from(b, b.query) - fixed_point(b))


def mean(b: Instances) -> Array:
    """Mean of all memories, shape (B, d)."""
    return np.sum(b.memories, axis=-2) / b.memories.shape[-2]


@quantity("m_max_all", "largest distance of a memory to the mean of all memories")
def m_max_all(b: Instances) -> Array:
    away = b.memories - mean(b)[:, None, :]
    return np.sqrt(largest(np.sum(away * away, axis=-1)))


@quantity("mean_gap", "distance of the limit from xi_mu to the mean of the memories")
def mean_gap(b: Instances) -> Array:
    return norm(fixed_point(b) - mean(b))


# -- spheres about a memory ----------------------------------------------------------------------------


@quantity("r_stored", "radius r of a sphere: a share of R (of m for a single memory)")
def r_stored(b: Instances) -> Array:
    unit = m if b.memories.shape[-2] == 1 else R
    return b.scalars["r_share"] * measure(b, unit)


def _shares(b: Instances) -> tuple[Array, Array]:
    """Upper bounds on p_nu over B(xi_mu, r), and the distances |xi_nu - xi_mu|, both (B, M-1)."""
    away = centred(b)
    lengths = np.sqrt(np.sum(away * away, axis=-1))
    own = np.arange(lengths.shape[-1]) == b.target[:, None]
    z = target_overlaps(b)
    # <xi_mu - xi_nu, x> falls by at most r |xi_mu - xi_nu| from the centre of the ball to x.
    margin = z[np.arange(b.size), b.target][:, None] - z - measure(b, r_stored)[:, None] * lengths
    scores = b.beta[:, None] * margin
    share = 1 / (1 + np.exp(scores)) if b.exact else expit(-scores)
    rest = (b.size, lengths.shape[-1] - 1)
    return share[~own].reshape(rest), lengths[~own].reshape(rest)


@quantity("ball_image", "a radius about xi_mu that T(B(xi_mu, r)) certainly does not leave")
def ball_image(b: Instances) -> Array:
    share, lengths = _shares(b)
    return np.sum(share * lengths, axis=-1) if lengths.shape[-1] else number(b, 0)


@quantity("ball_slope", "a certain Lipschitz constant of T on B(xi_mu, r)")
def ball_slope(b: Instances) -> Array:
    share, lengths = _shares(b)
    return b.beta * np.sum(share * lengths * lengths, axis=-1) if lengths.shape[-1] else number(b, 0)


@quantity("score_shift", "largest change of a score beta <xi_nu, .> between xi_mu and x")
def score_shift(b: Instances) -> Array:
    return b.beta * largest(np.abs(overlaps(b) - target_overlaps(b)))


def neighbour(b: Instances) -> Array:
    """Index of the memory nearest to the target (M >= 2), shape (B,)."""
    away = centred(b)
    squares = np.array(np.sum(away * away, axis=-1))
    squares[np.arange(b.size), b.target] = Real(10**30) if b.exact else np.inf
    return np.argmin(squares, axis=-1)


@quantity("near_dist", "distance of xi_mu to the nearest other memory")
def near_dist(b: Instances) -> Array:
    return norm(centred(b)[np.arange(b.size), neighbour(b)])


@quantity("Delta_near", "separation of the memory nearest to xi_mu", real=True)
def Delta_near(b: Instances) -> Array:
    other = b.take(np.arange(b.size))
    other.target = neighbour(b)
    return measure(other, Delta_mu)


# -- weights and memories -------------------------------------------------------------------------------


def _largest_and_rest(b: Instances) -> tuple[Array, Array]:
    """Largest weight and the sum of the others (no difference 1 - p), for float batches."""
    p = weights(b)
    top = np.arange(p.shape[-1]) == np.argmax(p, axis=-1)[:, None]
    return np.sum(np.where(top, p, 0.0), axis=-1), np.sum(np.where(top, 0.0, p), axis=-1)


@quantity("p_rest", "1 minus the largest weight")
def p_rest(b: Instances) -> Array:
    return 1 - largest(weights(b)) if b.exact else _largest_and_rest(b)[1]


@quantity("p_spread", "largest p_nu (1 - p_nu)")
def p_spread(b: Instances) -> Array:
    p = weights(b)
    if b.exact:
        return largest(p * (1 - p))
    # p (1 - p) is largest where p is, whether or not that exceeds 1/2.
    top, rest = _largest_and_rest(b)
    return top * rest


@quantity("Xi_norm2", "squared spectral norm of the matrix of memories")
def Xi_norm2(b: Instances) -> Array:
    if b.exact:
        gram = np.sum(b.memories[0][:, :, None] * b.memories[0][:, None, :], axis=0)
        return np.array([spectral_norm(gram)], dtype=object)
    return np.linalg.norm(b.memories, 2, axis=(-2, -1)) ** 2


def _log_second_moment(b: Instances) -> Array:
    lengths = norm(centred(b))
    with np.errstate(divide="ignore"):
        return logsumexp(
            b.variant.log_weights(b.beta[:, None] * overlaps(b), np) + 2 * np.log(lengths), axis=-1
        )


@quantity("second_moment", "sum of p_nu |xi_nu - xi_mu|^2", log=_log_second_moment)
def second_moment(b: Instances) -> Array:
    away = centred(b)
    return np.sum(weights(b) * np.sum(away * away, axis=-1), axis=-1)


@quantity("T_slope", "slope of <T(.), v> at x along v", real=True)
def T_slope(b: Instances) -> Array:
    v = probe(b)
    if b.exact:
        _, slope = directional_derivative(
            lambda x: base.update(b.variant, b.memories, x[None, :], b.beta)[0], b.query[0], v
        )
        return np.array([np.sum(slope * v)], dtype=object)
    moved = base.update(b.variant, b.memories, b.query + 1j * IMAGINARY * v, b.beta)
    return np.sum(np.imag(moved) / IMAGINARY * v, axis=-1)


@quantity("variance_v", "variance of <xi_nu, v> under the weights p(x)")
def variance_v(b: Instances) -> Array:
    p, heights = weights(b), np.sum(b.memories * probe(b), axis=-1)
    away = heights - np.sum(p * heights, axis=-1)[:, None]
    return np.sum(p * away * away, axis=-1)


@quantity("map_gap", "|T(x) - T(xi_mu)|")
def map_gap(b: Instances) -> Array:
    there = weights(b.with_query(target_memory(b)))
    return norm(np.sum((weights(b) - there)[..., None] * centred(b), axis=-2))


CENTRE_STEPS = 200


def centre(memories: Array) -> Array:
    """A centre of a nearly smallest ball about float memories (B, M, d), shape (B, d).

    Badoiu and Clarkson, "Smaller core-sets for balls", SODA 2003: move towards the farthest point by 1/(i+1).
    """
    place = memories[:, 0]
    for i in range(1, CENTRE_STEPS + 1):
        away = memories - place[:, None, :]
        farthest = np.argmax(np.sum(away * away, axis=-1), axis=-1)
        place = place + away[np.arange(len(away)), farthest] / (i + 1)
    return place


@quantity("rho", "radius of the smallest ball that holds all memories")
def rho(b: Instances) -> Array:
    floats = np.asarray(b.memories, dtype=float)
    place = exact_array(centre(floats)) if b.exact else centre(floats)
    away = b.memories - place[:, None, :]
    outer = np.sqrt(largest(np.sum(away * away, axis=-1)))
    if not b.exact:
        return outer
    # No ball of radius below half the diameter holds all memories; the one about the centre found does.
    inner = measure(b, diam) / 2
    return np.array(
        [Real.between(lo.lower(), hi.upper()) for lo, hi in zip(inner, outer, strict=True)], dtype=object
    )
