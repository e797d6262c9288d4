"""Biased memory normalisation of Memformer without input (Wu et al. 2020, arXiv 2010.06891).

A memory slot x is moved by a learned bias v and put back on the sphere: x <- (x + v)/|x + v|. Here v is the
sum of the memories, so that a single row is the bias itself, and x is the query.
"""

from array_api_compat import array_namespace

from simulations.variants.base import Array, Rule
from simulations.variants.similarities import unit


def step(memories: Array, query: Array, beta: Array) -> Array:
    """Return (x + v)/|x + v| (..., d), v the sum of the memories (..., M, d); 0 where x = -v.

    beta is ignored.
    """
    xp = array_namespace(memories, query)
    return unit(query + xp.sum(memories, axis=-2), xp)


def energy(memories: Array, query: Array, beta: Array) -> Array:
    """Return minus the cosine of the angle between x and v (...), 0 where one of them is 0."""
    xp = array_namespace(memories, query)
    return -xp.sum(unit(query, xp) * unit(xp.sum(memories, axis=-2), xp), axis=-1)


NORMALISED_BIAS = Rule(
    name="normalised-bias",
    citation="Wu et al. 2020, arXiv 2010.06891",
    step=step,
    energy=energy,
    supports=frozenset({"arrays"}),
    promises=frozenset({"monotone", "rotation", "permutation", "limit"}),
    statements=("memformer2020.bmn",),
)
