"""Instances from the common grid, and the map between instances and search vectors.

Draws are stratified: every cell (d, M) visits all families of memory sets, kinds of queries,
temperatures and norms of the arena, so that no statement is judged on convenient instances only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bounds import expr
from simulations.ensembles import ENSEMBLES
from simulations.queries import QUERIES
from simulations.streams import stream
from verify.arena import EQUAL_NORM_FAMILIES, PATTERN_FAMILIES, QUERY_KINDS, Box, Param, Patterns, sizes
from verify.instances import MODELS, Array, Instances
from verify.margins import symbols_of
from verify.vocabulary import R, measure, norm, target_memory

NORMS = (0.5, 1.0, 3.0)
RHO = (0.05, 0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.9, 0.95, 0.99)
PER_CELL = {"quick": 168, "standard": 504, "full": 2016}
CELL_WORK = {"quick": 1_500_000, "standard": 6_000_000, "full": 24_000_000}
"""Largest number of memory coordinates drawn at once: big cells get fewer instances."""


def draw_scalars(rng: np.random.Generator, params: tuple[Param, ...], size: int) -> dict[str, Array]:
    """Scalars of a box, a tenth of them at each end; log-uniform where asked; integers as floats."""
    drawn = {}
    for p in params:
        share = rng.random(size)
        share = np.where(rng.random(size) < 0.1, 0.0, np.where(rng.random(size) < 0.1, 1.0, share))
        drawn[str(p.symbol)] = from_unit(p, share)
    return drawn


def from_unit(p: Param, share: Array) -> Array:
    """Map [0, 1] onto the range of a parameter."""
    if p.log:
        value = np.exp(np.log(p.low) + share * (np.log(p.high) - np.log(p.low)))
    else:
        value = p.low + share * (p.high - p.low)
    return np.clip(np.round(value) if p.integer else value, p.low, p.high)


def draw_box(box: Box, seed: int, name: str, size: int) -> Instances:
    """A batch of scalars."""
    return Instances(size, scalars=draw_scalars(stream(seed, name, "box"), box.params, size))


def cells(
    arena: Patterns,
    profile: str,
    seed: int,
    name: str,
    models: Mapping[str, Any] = MODELS,
    largest: int = 10**9,
) -> Iterator[Instances]:
    """The batches of the common grid, one per (d, M) of at most ``largest`` coordinates."""
    for d, count in sizes(arena, profile):
        if d * count <= largest:
            size = max(24, min(arena.more * PER_CELL[profile], CELL_WORK[profile] // (d * count)))
            yield draw_cell(arena, d, count, size, stream(seed, name, "cell", d, count), models)


def draw_cell(
    arena: Patterns,
    d: int,
    count: int,
    size: int,
    rng: np.random.Generator,
    models: Mapping[str, Any] = MODELS,
) -> Instances:
    """One batch of ``size`` instances with ``count`` memories in dimension ``d``."""
    m = rng.choice(NORMS, size)
    scalars = draw_scalars(rng, arena.params, size)
    memories = draw_memories(arena, d, count, size, rng, scalars) * m[:, None, None]
    largest = np.max(norm(memories), axis=-1)
    beta = rng.choice(arena.beta_m2, size) / np.where(largest > 0, largest, 1.0) ** 2
    target = rng.integers(0, count, size)
    if arena.clustered:
        target = np.zeros(size, dtype=int)
    batch = Instances(
        size, memories=memories, beta=beta, target=target, scalars=scalars, model=arena.model, models=models
    )
    add_queries(arena, batch, rng)
    return batch


def draw_memories(
    arena: Patterns, d: int, count: int, size: int, rng: np.random.Generator, scalars: Mapping[str, Array]
) -> Array:
    """Memory sets of all families of the arena in turn, largest norm about 1, shape (size, count, d)."""
    if arena.clustered:
        return clustered_sets(rng, size, count, d, scalars)
    names = arena.families or (EQUAL_NORM_FAMILIES if arena.norms == "equal" else PATTERN_FAMILIES)
    usable = [n for n in names if family_fits(n, d, count)] or ["sphere"]
    parts = []
    for i, name in enumerate(usable):
        part = size // len(usable) + (1 if i < size % len(usable) else 0)
        if part:
            parts.append(np.asarray(ENSEMBLES[name](rng, part, count, d)))
    memories = np.concatenate(parts)[rng.permutation(size)]
    if arena.norms == "equal":
        lengths = norm(memories)[..., None]
        memories = memories / np.where(lengths > 0, lengths, 1.0)
    return memories


def family_fits(name: str, d: int, count: int) -> bool:
    """Whether a family exists for ``count`` memories in dimension ``d``."""
    if name == "orthonormal":
        return count <= d
    if name == "simplex":
        return count <= d + 1
    if name == "circle":
        return d >= 2
    if name == "hull":
        return count >= 2
    return not (name == "code" and count > 64)


def clustered_sets(
    rng: np.random.Generator, size: int, count: int, d: int, scalars: Mapping[str, Array]
) -> Array:
    """Sets whose first ``l`` memories lie within ``spread`` of a common centre, the others at random.

    The centre lies at distance up to 1 from the origin, the background on the unit sphere or opposite to
    the centre, so that the separation of the cluster from it ranges up to its largest value.
    """

    def directions(*shape: int) -> Array:
        v = rng.standard_normal((*shape, d))
        return v / norm(v)[..., None]

    centre = directions(size)
    spread = rng.choice([0.0, 1e-3, 1e-2, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.9], size)
    memories = directions(size, count)
    opposite = rng.random((size, count, 1)) < rng.choice([0.0, 0.5, 1.0], size)[:, None, None]
    memories = np.where(opposite, -centre[:, None, :] + 0.1 * memories, memories)
    member = np.arange(count)[None, :] < scalars["l"][:, None]
    near = centre[:, None, :] + spread[:, None, None] * directions(size, count)
    memories = np.where(member[..., None], near, memories)
    return memories / np.max(norm(memories), axis=-1)[:, None, None]


def add_queries(arena: Patterns, batch: Instances, rng: np.random.Generator) -> None:
    """Draw the query of every instance, all kinds of the arena in turn (changes ``batch``)."""
    size, count, d = batch.memories.shape
    kinds = QUERY_KINDS[arena.query]
    kind = rng.integers(0, len(kinds), size)
    rho = rng.choice(RHO, size)
    query = np.empty((size, d))
    if arena.query == "hull":
        batch.hull = convex_weights(rng, size, count)
        query = np.sum(batch.hull[..., None] * batch.memories, axis=-2)
    else:
        for i, name in enumerate(kinds):
            chosen = np.flatnonzero(kind == i)
            if chosen.size:
                query[chosen] = QUERIES[name](rng, batch.memories[chosen], batch.target[chosen], rho[chosen])
    if arena.query == "ball":
        batch.query = target_memory(batch)
        offset = query - target_memory(batch)
        length = norm(offset)[:, None]
        direction = np.where(length > 0, offset / np.where(length > 0, length, 1.0), 0.0)
        query = target_memory(batch) + (rho * ball_radius(arena, batch))[:, None] * direction
        batch.cache.clear()
    batch.query = query


def ball_radius(arena: Patterns, batch: Instances) -> Array:
    """Radius of the ball the query is drawn from; nowhere negative or undefined."""
    if arena.radius is None:
        return measure(batch, R)
    env = {str(s): measure(batch, s) for s in symbols_of(arena.radius)}
    reading = expr.arrays(arena.radius, env)
    return np.where(reading.defined, np.maximum(np.nan_to_num(reading.value, posinf=1e6), 0.0), 0.0)


def convex_weights(rng: np.random.Generator, size: int, count: int) -> Array:
    """Points of the simplex: vertices, edges, faces and the inside, shape (size, count)."""
    sharpness = rng.choice([0.1, 1.0, 10.0], size)[:, None]
    w = rng.gamma(sharpness, 1.0, (size, count)) + 1e-300
    keep = rng.integers(1, count + 1, size)[:, None]
    order = np.argsort(np.argsort(rng.random((size, count)), axis=-1), axis=-1)
    w = np.where(order < keep, w, 0.0)
    w = np.where(np.sum(w, axis=-1, keepdims=True) > 0, w, 1.0)
    return w / np.sum(w, axis=-1, keepdims=True)


# -- search vectors -----------------------------------------------------------------------------------


def vector_size(arena: Patterns | Box, d: int, count: int) -> int:
    """Length of the search vector of one instance."""
    if isinstance(arena, Box):
        return len(arena.params)
    query = {"ball": d, "free": d, "hull": count, "pattern": 0}[arena.query]
    return d * count + query + 1 + len(arena.params)


def unpack(
    arena: Patterns | Box, vectors: Array, d: int, count: int, models: Mapping[str, Any] = MODELS
) -> Instances:
    """Search vectors (B, n) in the cube [-1, 1]^n as instances; constraints are met by construction."""
    size = vectors.shape[0]
    params = arena.params
    shares = (vectors[:, vectors.shape[1] - len(params) :] + 1) / 2 if params else np.empty((size, 0))
    scalars = {str(p.symbol): from_unit(p, shares[:, i]) for i, p in enumerate(params)}
    if isinstance(arena, Box):
        return Instances(size, scalars=scalars)
    memories = vectors[:, : d * count].reshape(size, count, d) * 2.0
    if arena.norms == "equal":
        lengths = norm(memories)[..., None]
        memories = np.where(lengths > 0, memories / np.where(lengths > 0, lengths, 1.0), 1.0 / np.sqrt(d))
    rest = vectors[:, d * count : vectors.shape[1] - len(params)]
    low, high = np.log(max(min(arena.beta_m2), 1e-3)), np.log(min(max(arena.beta_m2), 300.0))
    beta = np.exp(low + (rest[:, -1] + 1) / 2 * (high - low))
    batch = Instances(
        size,
        memories=memories,
        beta=beta,
        target=np.zeros(size, dtype=int),
        scalars=scalars,
        model=arena.model,
        models=models,
    )
    place_query(arena, batch, rest[:, :-1])
    return batch


def place_query(arena: Patterns, batch: Instances, coordinates: Array) -> None:
    """Set the query of unpacked instances (changes ``batch``)."""
    centre = batch.memories[:, 0]
    if arena.query == "pattern":
        batch.query = centre
    elif arena.query == "free":
        batch.query = 2.0 * coordinates
    elif arena.query == "hull":
        w = np.maximum(coordinates + 0.5, 0.0) + 1e-12
        batch.hull = w / np.sum(w, axis=-1, keepdims=True)
        batch.query = np.sum(batch.hull[..., None] * batch.memories, axis=-2)
    else:
        batch.query = centre
        radius = ball_radius(arena, batch)
        batch.cache.clear()
        length = norm(coordinates)[:, None]
        inside = coordinates / np.maximum(length, 1.0)
        batch.query = centre + 0.999999 * radius[:, None] * inside
