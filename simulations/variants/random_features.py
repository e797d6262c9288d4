"""Dense associative memory in random features (DrDAM; Hoover et al. 2024, NeurIPS, arXiv 2410.24153).

The memories enter only through one vector t = sum_mu phi(sqrt(beta) xi_mu) of fixed size 2 Y, with
phi(x) = (cos <w_k, x>, sin <w_k, x>)_{k <= Y} / sqrt(Y), w_k standard normal (Rahimi and Recht 2007):
<phi(sqrt(beta) x), phi(sqrt(beta) y)> estimates exp(-(beta/2)|x - y|^2). Energy
E~(x) = -(1/beta) log <phi(sqrt(beta) x), t> of the estimate, retrieval by gradient descent.
"""

import math
from functools import lru_cache

import numpy as np
from array_api_compat import array_namespace, device
from numpy.typing import NDArray

from simulations.streams import stream
from simulations.variants.base import BLOCK, Array, Namespace, Rule, log_or_minus_inf, per_row

CITATION = "Hoover et al. 2024 (NeurIPS), arXiv 2410.24153"


@lru_cache(maxsize=32)
def frequencies(features: int, d: int, seed: int) -> NDArray[np.float64]:
    """Return the frequencies (Y, d), standard normal, of the stream named by all three; read-only."""
    w = stream(seed, "random features", features, d).standard_normal((features, d))
    w.flags.writeable = False
    return w


def _frequencies(features: int, seed: int, like: Array, xp: Namespace) -> Array:
    # A copy, because some libraries refuse to wrap read-only memory.
    w = np.array(frequencies(features, like.shape[-1], seed))
    return xp.astype(xp.asarray(w, device=device(like)), like.dtype)


def _phases(w: Array, x: Array, root: Array, xp: Namespace) -> Array:
    """Return sqrt(beta) <w_k, x> (..., Y)."""
    return xp.matmul(root * x, xp.matrix_transpose(w))


def _root(beta: Array, xp: Namespace) -> Array:
    return xp.sqrt(beta) if hasattr(beta, "dtype") else math.sqrt(beta)


def remember(memories: Array, beta: Array, features: int = 4096, seed: int = 0) -> tuple[Array, Array]:
    """Return the cosine and the sine half of sqrt(Y) t, each (..., Y), for memories (..., M, d).

    beta is a number or an array (...) that broadcasts with the leading axes. Memories are summed in blocks.
    """
    xp = array_namespace(memories)
    w, root = _frequencies(features, seed, memories, xp), per_row(per_row(_root(beta, xp)))
    lead = np.broadcast_shapes(memories.shape[:-2], getattr(beta, "shape", ()))
    size = max(1, BLOCK // (features * max(1, math.prod(lead))))
    cos = sin = None
    for start in range(0, memories.shape[-2], size):
        block = memories[..., start : min(start + size, memories.shape[-2]), :]
        angle = _phases(w, block, root, xp)
        c, s = xp.sum(xp.cos(angle), axis=-2), xp.sum(xp.sin(angle), axis=-2)
        cos, sin = (c, s) if cos is None else (cos + c, sin + s)
    return cos, sin


def kernel_sum(memory: tuple[Array, Array], query: Array, beta: Array, seed: int = 0) -> tuple[Array, Array]:
    """Return the estimate S~ (...) of sum_mu exp(-(beta/2)|x - xi_mu|^2), and its gradient (..., d).

    ``memory`` is what :func:`remember` made with the same beta and seed. The estimate may be negative: one
    term has the variance (1 - exp(-beta |x - xi|^2))^2/(2 Y) (``restated.sincos-variance``).
    """
    xp = array_namespace(query)
    cos, sin = memory
    features, root = cos.shape[-1], _root(beta, xp)
    w = _frequencies(features, seed, query, xp)
    angle = _phases(w, query, per_row(root), xp)
    c, s = xp.cos(angle), xp.sin(angle)
    total = xp.sum(c * cos + s * sin, axis=-1) / features
    slope = xp.matmul(c * sin - s * cos, w)
    return total, per_row(root) * slope / features


def _trusted(total: Array, count: int, xp: Namespace) -> Array:
    """Tell where the estimate is above its own rounding error, so that it has a logarithm."""
    return total > 16 * count * float(xp.finfo(total.dtype).eps)


def energy(memories: Array, query: Array, beta: Array, features: int = 4096, seed: int = 0) -> Array:
    """Return E~(x) (...); +inf where the estimate of the kernel sum is not positive (beyond rounding)."""
    xp = array_namespace(memories, query)
    total, _ = kernel_sum(remember(memories, beta, features, seed), query, beta, seed)
    good = _trusted(total, memories.shape[-2], xp)
    return -log_or_minus_inf(xp.where(good, total, xp.zeros_like(total)), xp) / beta


def gradient(memories: Array, query: Array, beta: Array, features: int = 4096, seed: int = 0) -> Array:
    """Return grad E~(x) (..., d); 0 where E~ is infinite."""
    memory = remember(memories, beta, features, seed)
    return _gradient(memory, memories.shape[-2], query, beta, seed)


def _gradient(memory: tuple[Array, Array], count: int, query: Array, beta: Array, seed: int) -> Array:
    xp = array_namespace(query)
    total, slope = kernel_sum(memory, query, beta, seed)
    good = _trusted(total, count, xp)
    ratio = slope / xp.where(good, total, xp.ones_like(total))[..., None]
    return xp.where(good[..., None], -ratio / per_row(beta), xp.zeros_like(ratio))


def descend(
    memories: Array,
    query: Array,
    beta: Array,
    steps: int = 1,
    step: float = 1.0,
    features: int = 4096,
    seed: int = 0,
) -> Array:
    """Return x (..., d) after ``steps`` gradient steps x - step grad E~(x), the memories summed once.

    For exact kernels step 1 is one step of Gaussian mean shift (``universal:similarity=euclidean``).
    """
    memory = remember(memories, beta, features, seed)
    for _ in range(steps):
        query = query - step * _gradient(memory, memories.shape[-2], query, beta, seed)
    return query


def random_feature_memory(features: int = 4096, seed: int = 0, step: float = 1.0) -> Rule:
    """Return one gradient step with Y = ``features`` frequencies drawn from ``stream(seed, ...)``.

    Far from all memories the estimate is noise: E~ may be infinite there and the step arbitrary, so neither
    descent nor a limit is promised. The frequencies have no symmetry, hence no rotation either.

    Raises:
        ValueError: features below 1 or a step that is not positive.
    """
    if features < 1:
        raise ValueError(f"features: expected a positive integer, found {features}")
    if not step > 0:
        raise ValueError(f"step: expected a positive number, found {step}")
    return Rule(
        name=f"random-features:features={features},seed={seed},step={step:g}",
        citation=CITATION,
        step=lambda memories, query, beta: descend(memories, query, beta, 1, step, features, seed),
        energy=lambda memories, query, beta: energy(memories, query, beta, features, seed),
        supports=frozenset({"smooth", "arrays"}),
        promises=frozenset({"permutation", "scaling"}),
        statements=("drdam2024.*", "restated.drdam-energy-error", "restated.sincos-variance"),
    )
