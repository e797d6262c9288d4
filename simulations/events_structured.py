"""Random events of the sparse-structured and random-feature models (Hu et al. 2024, arXiv 2404.03900).

As in :mod:`simulations.events` an event returns one int8 per trial: 1 failure, 0 held, -1 undecided.
Memories are independent and uniform on the unit sphere in R^d unless said otherwise.
"""

import math

import numpy as np
from numpy.typing import NDArray

from simulations import geometry
from simulations.ensembles import sphere
from simulations.variants.dense import softmax
from simulations.variants.masked import renormalised
from simulations.variants.prf import log_kernel

Floats = NDArray[np.float64]
Outcome = NDArray[np.int8]

# Elements of the largest temporary of one block of draws.
BLOCK = 1 << 18
TIE = 1e-12


def masked_noise_fails(
    stream: np.random.Generator, trials: int, *, d: int, k: int, beta: float, s: float, q: float
) -> Outcome:
    """Failure: Gaussian noise of size s costs the query more than ``restated.masked-noise`` allows.

    S holds k memories, the query is the target plus a tenth of a random unit vector.  Failure if
    Delta_S(x + eta) < Delta_S(x) - s diam_S sqrt(2 log((k-1)/q)), or if the error at x + eta exceeds
    diam_S (k-1) exp(-beta (Delta_S(x) - |eta| diam_S)).

    Raises:
        ValueError: k < 2.
    """
    if k < 2:
        raise ValueError(f"k: expected at least 2 memories in the support, found {k}")
    out = []
    size = max(1, BLOCK // (k * (d + k)))
    for first in range(0, trials, size):
        n = min(size, trials - first)
        x = sphere(stream, n, k, d)
        query = x[:, 0] + 0.1 * sphere(stream, n, 1, d)[:, 0]
        noise = s * stream.standard_normal((n, d))
        diam = np.asarray(geometry.diameter(x))

        def separation(at: Floats, x: Floats = x) -> Floats:
            z = np.matmul(x, at[..., None])[..., 0]
            return np.asarray(z[:, 0] - np.max(z[:, 1:], axis=1))

        before, after = separation(query), separation(query + noise)
        loss = s * diam * math.sqrt(2 * math.log((k - 1) / q))
        short = after < before - loss - TIE
        v = beta * np.matmul(x, (query + noise)[..., None])[..., 0]
        p = renormalised(v, np.ones_like(v), np)
        error = np.linalg.norm(np.sum(p[..., None] * (x - x[:, :1]), axis=1), axis=-1)
        exponent = -beta * (before - np.linalg.norm(noise, axis=-1) * diam)
        # Memories that coincide leave no error; below exp(-650) floats say nothing.
        over = error * (1 - 1e-9) > diam * (k - 1) * np.exp(np.clip(exponent, -650, 650))
        out.append((short | over).astype(np.int8))
    return np.concatenate(out)


def random_mask_misses(
    stream: np.random.Generator, trials: int, *, d: int, M: int, k: int, beta: float, reading: str = "B"
) -> Outcome:
    """Failure: one update from the target with a random support of k memories leaves the ball S_mu.

    S_mu has half the smallest distance of the M memories as its radius.
    """
    if M < 2:
        return np.zeros(trials, dtype=np.int8)
    out = np.empty(trials, dtype=np.int8)
    size = max(1, BLOCK // (M * (d + M)))
    for first in range(0, trials, size):
        n = min(size, trials - first)
        x = sphere(stream, n, M, d)
        share = np.argsort(np.argsort(stream.random((n, M)), axis=1), axis=1) < k
        v = beta * np.matmul(x, x[:, 0, :, None])[..., 0]
        p = share * softmax(v, np) if reading == "A" else renormalised(v, share.astype(float), np)
        there = np.matmul(p[:, None, :], x)[:, 0]
        away = np.linalg.norm(there - x[:, 0], axis=-1)
        out[first : first + n] = away > np.asarray(geometry.half_min_distance(x))
    return out


def sparse_not_all_stored(
    stream: np.random.Generator,
    trials: int,
    *,
    d: int,
    M: int,
    m: float,
    beta: float,
    k: int,
    steps: int = 512,
) -> Outcome:
    """Failure: for the softmax over the first k of M memories, some memory is not within reach of its limit.

    The limit of the iteration from a stored memory lies in its ball S_mu, of radius half the smallest
    distance.  Failure where, after ``steps`` updates, a state has come to rest outside; success is not
    certified and counts as -1.
    """
    out = np.full(trials, -1, dtype=np.int8)
    if M < 2:
        out[:] = 0
        return out
    size = max(1, BLOCK // (M * max(M, d)))
    for first in range(0, trials, size):
        n = min(size, trials - first)
        x = sphere(stream, n, M, d, m=m)
        kept = x[:, :k]
        state, before = x, x
        for _ in range(steps):
            before = state
            state = np.matmul(softmax(beta * np.matmul(state, np.swapaxes(kept, -1, -2)), np), kept)
        rests = np.linalg.norm(state - before, axis=-1) <= 1e-9 * m
        half = np.asarray(geometry.half_min_distance(x))[:, None]
        outside = rests & (np.linalg.norm(state - x, axis=-1) > half * (1 + 1e-6))
        out[first : first + n] = np.where(np.any(outside, axis=1), 1, -1)
    return out


# -- random features -----------------------------------------------------------------------


def _target_weights(
    stream: np.random.Generator, *, d: int, M: int, features: int, beta: float
) -> tuple[Floats, Floats, Floats]:
    """One draw of memories and iid features at x = xi_1: memories, log kernel estimates, exact scores."""
    x = sphere(stream, 1, M, d)[0]
    w = stream.standard_normal((features, d))
    return x, np.asarray(log_kernel(x, x[0], beta, w)), np.asarray(beta * (x @ x[0]))


def prf_far(
    stream: np.random.Generator, trials: int, *, d: int, M: int, features: int, beta: float
) -> Outcome:
    """Failure: |T_PRF - T_Dense| at x = xi_1 exceeds its root mean square to first order.

    To first order T_PRF - T_Dense is the sum of p_nu e_nu (xi_nu - T), e_nu the relative errors of the kernel
    values, whose covariances are (exp(beta <x + xi_nu, x + xi_nu'>) - 1)/features: the error falls as
    features^(-1/2), and the share of failures does not depend on their number.
    """
    out = np.empty(trials, dtype=np.int8)
    for i in range(trials):
        x, log_k, v = _target_weights(stream, d=d, M=M, features=features, beta=beta)
        p = softmax(v, np)
        away = x - p @ x
        covariance = np.expm1(beta * (x + x[0]) @ (x + x[0]).T) / features
        square = (p[:, None] * away * (covariance @ (p[:, None] * away))).sum()
        gap = softmax(log_k, np) @ x - p @ x
        out[i] = gap @ gap > square
    return out


def prf_temperature_off(
    stream: np.random.Generator, trials: int, *, d: int, M: int, features: int, beta: float, factor: float
) -> Outcome:
    """Failure: 1 - p_1 of T_PRF at x = xi_1 is not that of a softmax at about sqrt(2 beta log(features)).

    About: within ``factor`` of that inverse temperature, on either side.
    """
    out = np.empty(trials, dtype=np.int8)
    centre = math.sqrt(2 * beta * math.log(features))
    for i in range(trials):
        x, log_k, _ = _target_weights(stream, d=d, M=M, features=features, beta=beta)
        z = x @ x[0]
        rest = _log_rest(log_k)
        out[i] = not _log_rest(factor * centre * z) <= rest <= _log_rest(centre / factor * z)
    return out


def _log_rest(v: Floats) -> float:
    """log(1 - p_1) of the softmax of v."""
    rest = float(np.logaddexp.reduce(v[1:]))
    return rest - float(np.logaddexp(rest, v[0]))
