"""Retrieval maps and energies with the mistakes people make, beside their correct versions."""

import numpy as np


def softmax(v):
    e = np.exp(v - np.max(v))
    return e / np.sum(e)


def sparsemax(v, off_by=0):
    order = np.sort(v)[::-1]
    total = np.cumsum(order)
    k = int(np.sum(np.arange(1, len(v) + 1) * order > total - 1))
    k = min(len(v), k + off_by)
    return np.maximum(v - (total[k - 1] - 1) / k, 0)


def dense(memories, query, beta):
    return softmax(beta * (memories @ query)) @ memories


def dense_weights(memories, query, beta):
    return softmax(beta * (memories @ query))


def dense_energy(memories, query, beta):
    v = beta * (memories @ query)
    return query @ query / 2 - (np.max(v) + np.log(np.sum(np.exp(v - np.max(v))))) / beta


def energy_without_beta(memories, query, beta):
    v = beta * (memories @ query)
    return query @ query / 2 - (np.max(v) + np.log(np.sum(np.exp(v - np.max(v)))))


def sparse(memories, query, beta):
    return sparsemax(beta * (memories @ query)) @ memories


def sparse_that_calls_softmax(memories, query, beta):
    return softmax(beta * (memories @ query)) @ memories


def sparse_off_by_one(memories, query, beta):
    return sparsemax(beta * (memories @ query), off_by=1) @ memories


def beta_squared(memories, query, beta):
    return softmax(beta**2 * (memories @ query)) @ memories


def two_largest(memories, query, beta, fill=-np.inf):
    v = beta * (memories @ query)
    keep = np.zeros(len(v), dtype=bool)
    keep[np.argsort(-v, kind="stable")[:2]] = True
    return softmax(np.where(keep, v, fill)) @ memories


def two_largest_filled_with_zero(memories, query, beta):
    return two_largest(memories, query, beta, fill=0.0)


def two_largest_energy(memories, query, beta):
    v = np.sort(beta * (memories @ query))[-2:]
    return query @ query / 2 - (v[-1] + np.log(np.sum(np.exp(v - v[-1])))) / beta


def _length(a):
    return np.sqrt(np.sum(a * a, axis=-1))


def cosine(memories, query, beta):
    norms = _length(memories) * _length(query)
    return softmax(beta * np.where(norms > 0, memories @ query / np.where(norms > 0, norms, 1), 0)) @ memories


def cosine_by_matrix_norm(memories, query, beta):
    norm = np.linalg.norm(memories) * np.linalg.norm(query)
    return softmax(beta * (memories @ query) / (norm or 1)) @ memories


def changes_its_query(memories, query, beta):
    query *= beta
    return softmax(memories @ query) @ memories


def unshifted(memories, query, beta):
    with np.errstate(all="ignore"):
        e = np.exp(beta * (memories @ query))
        return e / np.sum(e) @ memories


def unnormalised(memories, query, beta):
    return np.exp(beta * (memories @ query)) @ memories / len(memories)


class Redrawn:
    """Softmax over a random half of the memories, another one at each call."""

    def __init__(self):
        self.rng = np.random.Generator(np.random.Philox(key=7))

    def __call__(self, memories, query, beta):
        keep = self.rng.random(len(memories)) < 0.5
        keep[self.rng.integers(len(memories))] = True
        return softmax(np.where(keep, beta * (memories @ query), -np.inf)) @ memories


redrawn = Redrawn()


def overshooting(memories, query, beta):
    """Twice the step: goes round a cycle where a fixed point of the plain map turns unstable."""
    return 3 * dense(memories, query, beta) - 2 * query


def narrow(memories, query, beta):
    """Right but for a small neighbourhood of |x| = 0.37, m = 1.21."""
    off = (np.linalg.norm(query) - 0.37) ** 2 + (np.max(_length(memories)) - 1.21) ** 2
    step = dense(memories, query, beta) - query
    return query + step * (1 + 1.5 * np.exp(-800 * off))


def hebb(memories, query, beta):
    """One synchronous step of signs; refuses other entries, as layers for spins do."""
    if not np.all(np.abs(memories) == 1) or not np.all(np.abs(query) == 1):
        raise ValueError("expected signs")
    field = memories.T @ (memories @ query)
    return np.where(field < 0, -1.0, 1.0)


def hebb_energy(memories, query, beta):
    return -np.sum((memories @ query) ** 2) / 2


def hebb_upside_down(memories, query, beta):
    return -hebb(memories, query, beta)


def interrupted(memories, query, beta):
    raise KeyboardInterrupt


not_callable = 3
