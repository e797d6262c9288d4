"""Batches of instances and what is measured on them, in floating point or in exact and ball arithmetic.

The same measuring code runs in both readings: a float batch holds NumPy arrays, an exact instance is a batch
of one whose arrays have dtype ``object`` with elements :class:`bounds.exact.Real`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.exact import Real, exact_array
from simulations.backends import NUMPY, Backend
from simulations.variants import variant

Array = Any

MODELS: Mapping[str, Any] = {}
"""Models that stand in for those of the same name: a test puts a broken one here."""


class Instances:
    """A batch of instances of one arena.

    ``memories`` (B, M, d) or (1, M, d); ``query`` (B, d) or ``None``; ``beta`` (B,); ``target`` int (B,);
    ``hull`` (B, M) convex weights of the query where it was made from them; ``scalars`` further
    scalars by name, each (B,).  Measured quantities are cached by symbol.

    All of these are NumPy arrays on the host.  ``backend`` says where the retrieval map and what belongs to
    it are computed in float reading (:func:`verify.vocabulary.compute`).
    """

    def __init__(
        self,
        size: int,
        *,
        memories: Array = None,
        query: Array = None,
        beta: Array = None,
        target: Array = None,
        hull: Array = None,
        scalars: Mapping[str, Array] | None = None,
        model: str = "dense",
        models: Mapping[str, Any] = MODELS,
        exact: bool = False,
        backend: Backend = NUMPY,
    ) -> None:
        self.size = size
        self.memories = memories
        self.query = query
        self.beta = beta
        self.target = target
        self.hull = hull
        self.scalars = dict(scalars or {})
        self.model = model
        self.models = models
        self.exact = exact
        self.backend = backend
        self.cache: dict[Any, Any] = {}

    @property
    def variant(self) -> Any:
        """The model the statement is about."""
        return self.named(self.model)

    def named(self, name: str) -> Any:
        """The model of that name; one under test takes the place of the shipped one."""
        return self.models[name] if name in self.models else variant(name)

    def arrays(self, backend: Backend) -> tuple[Array, Array, Array, Array]:
        """Memories, query, beta and target on a backend, sent there once."""
        fields = (self.memories, self.query, self.beta, self.target)
        if backend == NUMPY:
            return fields
        if backend not in self.cache:
            # Memories that all instances share travel as one set.
            shared = self.memories.ndim == 3 and self.memories.strides[0] == 0
            sent = (self.memories[:1] if shared else self.memories, *fields[1:])
            self.cache[backend] = tuple(None if a is None else backend.array(a) for a in sent)
        found: tuple[Array, Array, Array, Array] = self.cache[backend]
        return found

    def take(self, index: Array) -> Instances:
        """The sub-batch of the given integer positions (shared memories stay shared)."""

        def rows(a: Array) -> Array:
            if a is None:
                return None
            return a if a.shape[0] == 1 and self.size != 1 else a[index]

        return Instances(
            len(index),
            memories=rows(self.memories),
            query=rows(self.query),
            beta=rows(self.beta),
            target=rows(self.target),
            hull=rows(self.hull),
            scalars={name: rows(value) for name, value in self.scalars.items()},
            model=self.model,
            models=self.models,
            exact=self.exact,
            backend=self.backend,
        )

    def with_query(self, query: Array) -> Instances:
        """The same memories, temperature and target at another query."""
        return Instances(
            self.size,
            memories=self.memories,
            query=query,
            beta=self.beta,
            target=self.target,
            scalars=self.scalars,
            model=self.model,
            models=self.models,
            exact=self.exact,
            backend=self.backend,
        )


Point = dict[str, Any]
"""One exact instance: ``memories``, ``query``, ``beta``, ``hull`` and scalars as (nested lists of) Fractions,
``target`` as int."""


def exact_instance(
    point: Point, model: str = "dense", models: Mapping[str, Any] = MODELS, backend: Backend = NUMPY
) -> Instances:
    """The exact batch of one for a point; ``backend`` matters to statements on floating point alone."""
    fields = {"memories", "query", "beta", "target", "hull"}
    parts: dict[str, Any] = {
        name: exact_array([point[name]]) if point.get(name) is not None else None
        for name in ("memories", "query", "beta", "hull")
    }
    return Instances(
        1,
        target=np.array([int(point.get("target", 0))]),
        scalars={k: exact_array([v]) for k, v in point.items() if k not in fields},
        model=model,
        models=models,
        exact=True,
        backend=backend,
        **parts,
    )


def point_of(batch: Instances, index: int) -> Point:
    """The instance at ``index`` as exact numbers (floats are dyadic rationals, taken as they are)."""

    def fractions(a: Array) -> Any:
        if np.ndim(a) == 0:
            return Fraction(float(a))
        return [fractions(x) for x in a]

    def row(a: Array) -> Array:
        return a[0] if a.shape[0] == 1 else a[index]

    point: Point = {name: fractions(row(value)) for name, value in batch.scalars.items()}
    for name in ("memories", "query", "beta", "hull"):
        value = getattr(batch, name)
        if value is not None:
            point[name] = fractions(row(value))
    if batch.target is not None:
        point["target"] = int(row(batch.target))
    return point


def as_float(value: Any) -> float:
    """Midpoint of an exact or ball number."""
    return float(value) if isinstance(value, Real) else float(np.float64(value))
