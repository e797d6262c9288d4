"""Similarity, separation, projection: the instances of the factorisation.

B. Millidge et al., "Universal Hopfield Networks", ICML 2022, arXiv 2202.04557.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import Eq, Ge, Rational

from bounds.exact import Real
from simulations.variants.universal import heteroassociative, universal_network
from verify.arena import Patterns
from verify.instances import Array, Instances
from verify.papers.krotov2021 import SMOOTH_BETA
from verify.papers.ramsauer2021.energy import along, softmax_along_v
from verify.statement import (
    Control,
    Definition,
    Part,
    Source,
)
from verify.vocabulary import (
    beta,
    dist,
    m,
    norm_x,
    quantity,
)

DEGREE = 3


# -- the factorisation ------------------------------------------------------------------------------------


def network_along_v(name: str, separation: str, **options: Any) -> Any:
    """The symbol of <P sep(beta <Xi, x>), v>, v = (1, 1/2, ...), with the inner product as similarity."""
    network = universal_network("dot", separation, **options)
    return quantity(f"uhn_{name}", f"the {name} instance of P sep(sim(Xi, x)), along v", real=True)(
        lambda b: along(b, network.update(b.memories, b.query, b.beta))
    )


uhn_classical = network_along_v("classical", "identity")
uhn_power = network_along_v("power", "power", degree=DEGREE)
uhn_softmax = network_along_v("softmax", "softmax")


def _coupled(b: Instances, diagonal: bool) -> Array:
    """beta W x along v, with W = sum_mu xi_mu xi_mu^T, its diagonal kept or set to 0."""
    w = np.sum(b.memories[:, :, :, None] * b.memories[:, :, None, :], axis=1)
    if not diagonal:
        d = w.shape[-1]
        w = np.where(np.eye(d, dtype=bool), 0 * w, w)
    return b.beta * along(b, np.sum(w * b.query[:, None, :], axis=-1))


@quantity("hebb_along_v", "beta W x for the Hebbian matrix W, along v", real=True)
def hebb_along_v(b: Instances) -> Array:
    return _coupled(b, True)


@quantity("hebb_zero_along_v", "beta W x for the Hebbian matrix W without its diagonal, along v", real=True)
def hebb_zero_along_v(b: Instances) -> Array:
    return _coupled(b, False)


@quantity("power_along_v", f"sum_mu xi_mu (beta <xi_mu, x>)^{DEGREE}, along v", real=True)
def power_along_v(b: Instances) -> Array:
    z = [b.beta * np.sum(b.memories[:, k] * b.query, axis=-1) for k in range(b.memories.shape[1])]
    return sum(along(b, b.memories[:, k]) * z[k] * z[k] * z[k] for k in range(len(z)))


def _mismatches(b: Instances) -> Array:
    """Number of coordinates of other sign, as ints (B, M)."""
    count = np.zeros(b.memories.shape[:2], dtype=int) + np.zeros((b.size, 1), dtype=int)
    for i in range(b.memories.shape[-1]):
        a, x = b.memories[:, :, i], b.query[:, None, i]
        sign_a = np.asarray(a > 0, dtype=int) - np.asarray(a < 0, dtype=int)
        sign_x = np.asarray(x > 0, dtype=int) - np.asarray(x < 0, dtype=int)
        count += sign_a != sign_x
    return count


@quantity("uhn_distributed", "the (Hamming, threshold) instance of P sep(sim(Xi, x)), along v", real=True)
def uhn_distributed(b: Instances) -> Array:
    # Unit vectors as values give the weights, 0 or 1: floats are exact enough for signs.
    count, d = b.memories.shape[-2:]
    rule = heteroassociative(np.eye(count), "hamming", "threshold", threshold=-(d // 2) - 0.5)
    signs = [np.asarray(a > 0, dtype=float) - np.asarray(a < 0, dtype=float) for a in (b.memories, b.query)]
    active = rule.update(signs[0], signs[1], np.ones(b.size))
    if b.exact:
        active = np.vectorize(lambda w: Real(int(w)), otypes=[object])(active)
    return np.sum(active * along_rows(b), axis=-1)


def along_rows(b: Instances) -> Array:
    """<xi_mu, v> for all mu, (B, M)."""
    return np.stack([along(b, b.memories[:, k]) for k in range(b.memories.shape[1])], axis=-1)


@quantity(
    "neighbours_along_v", "sum of the memories within Hamming distance d/2 of the query, along v", real=True
)
def neighbours_along_v(b: Instances) -> Array:
    near = _mismatches(b) <= b.memories.shape[-1] // 2
    rows = along_rows(b) + np.zeros((b.size, 1), dtype=int)
    return np.sum(np.where(near, rows, 0 * rows), axis=-1)


SQUARES = (1 + m + norm_x) ** 2 * (1 + beta)
FACTORISATION = Definition(
    id="uhn2022.factorisation",
    title="Similarity, separation, projection",
    source=Source("uhn2022", "abstract; general form"),
    provenance="primary (abstract)",
    printed=r"z=P\,\mathrm{sep}(\mathrm{sim}(M,q))",
    arena=Patterns(
        sizes=((1, 2), (2, 2), (2, 3), (3, 4), (5, 10), (16, 20)), beta_m2=SMOOTH_BETA, search=False
    ),
    parts=(
        Part(
            "classical network (dot, identity)",
            Eq(uhn_classical, hebb_along_v, evaluate=False),
            scale=SQUARES**2,
        ),
        Part(
            "sparse distributed memory (Hamming, threshold)",
            Eq(uhn_distributed, neighbours_along_v, evaluate=False),
            scale=1 + m * 20,
        ),
        Part(
            "dense associative memory (dot, polynomial)",
            Eq(uhn_power, power_along_v, evaluate=False),
            scale=SQUARES**4,
        ),
        Part(
            "continuous model (dot, softmax)", Eq(uhn_softmax, softmax_along_v, evaluate=False), scale=1 + m
        ),
        Part(
            "classical network without self-coupling",
            Eq(uhn_classical, hebb_zero_along_v, evaluate=False),
            scale=SQUARES**2,
            headline=False,
        ),
        Part("reciprocal similarity has a value", Ge(1 / dist**2, 0), headline=False),
    ),
    controls=(
        Control("half the coupling", Eq(uhn_classical, hebb_along_v / 2, evaluate=False)),
        Control(
            "softmax in the place of the threshold",
            Eq(uhn_distributed, softmax_along_v, evaluate=False),
            "sparse distributed memory (Hamming, threshold)",
        ),
        Control(
            "the power's sign lost",
            Eq(uhn_power, -power_along_v, evaluate=False),
            "dense associative memory (dot, polynomial)",
        ),
        Control(
            "a hundredth less",
            Eq(uhn_softmax, Rational(99, 100) * softmax_along_v, evaluate=False),
            "continuous model (dot, softmax)",
        ),
    ),
    related=("ramsauer2021.eq3-update",),
    notices=(
        "Binary models take signs after the projection; what is compared is what the sign is taken of. The "
        "original classical network sets the diagonal of W to 0, which no similarity of whole patterns does.",
        "The polynomial instance is compared with the gradient of a power of the overlaps; the spin update by "
        "energy differences is another map for degrees above 2.",
        "Can be evaluated everywhere, but for reciprocal similarities at a query equal to a memory.",
        "Vectors are compared along v = (1, 1/2, 1/3, ...).",
    ),
)
