"""One task: one statement checked under one seed and profile.  Runs in this process or in a worker."""

from __future__ import annotations

import signal
import time
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from simulations.backends import NUMPY, Backend
from simulations.memories_file import load_memories
from verify import chunks
from verify.checkers import forall, probability, scaling_law
from verify.context import Context
from verify.evidence import Evidence
from verify.loader import find, place
from verify.record import statement_record
from verify.statement import Probability, ScalingLaw


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to know: everything else follows from the id (``id@variant`` on a variant)."""

    id: str
    file: str
    profile: str
    seed: int
    memories: str
    betas: tuple[float, ...]
    threshold: float
    backend: Backend = NUMPY
    draws: str = "host"


@lru_cache(maxsize=1)
def _memories(path: str) -> Any:
    return load_memories(path)


def context_of(task: Task) -> Context:
    """The context a task runs in."""
    return Context(
        profile=task.profile,
        seed=task.seed,
        memories=_memories(task.memories) if task.memories else None,
        betas=task.betas,
        backend=task.backend if _pinned is None else replace(task.backend, device=_pinned),
        draws=task.draws,
    )


def measure(statement: Any, context: Context) -> Evidence:
    """Run the checker of the statement's kind."""
    if isinstance(statement, Probability):
        return probability.check(statement, context)
    if isinstance(statement, ScalingLaw):
        return scaling_law.check(statement, context)
    return forall.check(statement, context)


def run_task(task: Task) -> dict[str, Any]:
    """Check one statement.  Returns its record entry as JSON, the seconds it took and its log e-value.

    An exception inside the statement becomes the verdict ``error`` with the place; nothing is raised.
    """
    started = time.perf_counter()
    loaded = find(task.id, task.file)
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        try:
            evidence = measure(loaded.statement, context_of(task))
        except Exception as error:  # whatever a statement raises must not end the run
            file = Path(task.file) if task.file else None
            evidence = Evidence([], [], error=place(error, file))
    entry = statement_record(
        loaded.statement,
        evidence,
        task.threshold,
        seed=task.seed,
        profile=task.profile,
        file=task.file,
        backend=task.backend,
        draws=task.draws,
    )
    log_e = max((p.log_e_against or 0.0 for p in evidence.parts), default=0.0)
    return {
        "statement": entry.model_dump(),
        "seconds": time.perf_counter() - started,
        "log_e": log_e,
        "device": _pinned or task.backend.device,
    }


_pinned: str | None = None
"""The device of this worker, where a run has several."""


def prepare_worker(known: dict[str, Any], queue: Any, devices: Any = None) -> None:
    """Workers leave Ctrl-C to the coordinator and send it every chunk they finish.

    Each takes one device from the queue ``devices``, if there is one.
    """
    global _pinned
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A worker that ends must not wait for a coordinator that is gone; the statement's result holds all.
    queue.cancel_join_thread()
    chunks.start(known, lambda name, value: queue.put((name, value)))
    _pinned = None if devices is None else devices.get()
