"""A run: plan, tasks through an executor, results into the store, the record at the end."""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from queue import Empty
from typing import Any

import numpy as np

from reports import schema
from simulations.backends import NUMPY, Backend, BackendError
from simulations.memories_file import load_memories
from verify import chunks, codes_report, known
from verify.arena import Patterns
from verify.chunks import code_fingerprint
from verify.context import arrays_key
from verify.loader import Loaded
from verify.multiplicity import anytime_p, holm
from verify.papers import papers
from verify.statement import Probability, ScalingLaw
from verify.store import ResultStore, key
from verify.tasks import Task, prepare_worker, run_task

ALPHA_REFUTE = 1e-3
ALPHA_SUPPORT = 0.05
STORE = "results.sqlite"
"""The file in a run folder that holds what is finished."""
PACKAGES = ("numpy", "scipy", "sympy", "mpmath", "python-flint", "hypothesis", "matplotlib")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user asked for.  Each of several ``devices`` gets a worker; ``backend`` names the first."""

    profile: str = "quick"
    seed: int = 0
    jobs: int = 1
    memories: str = ""
    betas: tuple[float, ...] = ()
    command: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)
    backend: Backend = NUMPY
    devices: tuple[str, ...] = ("cpu",)
    draws: str = "host"


@dataclass(slots=True)
class Progress:
    """Called back by the run; the command line shows it."""

    started: Callable[[int, int], None] = lambda total, reused: None
    finished: Callable[[str, str, float], None] = lambda identifier, verdict, seconds: None


@dataclass(slots=True)
class Outcome:
    """A finished (or interrupted) run."""

    record: schema.Record
    interrupted: bool = False
    reused: int = 0
    pending: list[str] = field(default_factory=list)


def tool_version() -> str:
    """Version of the installed distribution."""
    try:
        return version("hopcheck")
    except PackageNotFoundError:
        return "0+unknown"


def plan(chosen: Mapping[str, Loaded], settings: Settings) -> list[Task]:
    """The tasks, and with them the level at which a probabilistic statement counts as refuted.

    The family-wise budget is divided over the probabilistic statements of the run before any data are seen;
    Holm's procedure, applied when all are finished, can only reject more.
    """
    family = sum(isinstance(s.statement, Probability | ScalingLaw) for s in chosen.values())
    threshold = math.log(max(family, 1) / ALPHA_REFUTE)
    return [
        Task(
            i,
            s.file,
            settings.profile,
            settings.seed,
            settings.memories,
            settings.betas,
            threshold,
            settings.backend,
            settings.draws,
        )
        for i, s in chosen.items()
        if not settings.memories or takes_memories(s.statement)
    ]


def takes_memories(statement: Any) -> bool:
    """Whether a statement can be run on a given memory set."""
    arena = getattr(statement, "arena", None)
    return isinstance(arena, Patterns) and not arena.clustered


def choose_backend(name: str, devices: str, dtype: str) -> tuple[Backend, tuple[str, ...]]:
    """The backend on the first of the comma-separated devices, and all of them.

    Raises BackendError: see :class:`simulations.backends.Backend`; devices of several kinds.
    """
    names = tuple(part.strip() for part in devices.split(","))
    backends = [Backend(name, device, dtype) for device in names]
    if len({backend.kind for backend in backends}) > 1:
        raise BackendError(f"devices {devices!r}: expected devices of one kind, such as cuda:0,cuda:1")
    return backends[0], names


def task_key(task: Task) -> str:
    """Name of a task's result in the store."""
    file_hash = hashlib.sha256(Path(task.file).read_bytes()).hexdigest() if task.file else ""
    memories = hashlib.sha256(Path(task.memories).read_bytes()).hexdigest() if task.memories else ""
    return key(
        id=task.id,
        file=file_hash,
        profile=task.profile,
        seed=task.seed,
        memories=memories,
        betas=[repr(b) for b in task.betas],
        threshold=repr(task.threshold),
        arrays=arrays_key(task.backend, task.draws),
        code=code_fingerprint(),
    )


def execute(
    chosen: Mapping[str, Loaded], settings: Settings, out: Path, progress: Progress | None = None
) -> Outcome:
    """Run all tasks that the store in ``out`` does not hold yet, and build the record.

    Ctrl-C ends the workers, keeps what is finished and returns an incomplete record.
    Raises StoreError if results cannot be written.
    """
    progress = progress or Progress()
    begun, started = time.perf_counter(), datetime.now(UTC).isoformat(timespec="seconds")
    tasks = plan(chosen, settings)
    interrupted = False
    with ResultStore(out / STORE) as store:
        keys = {t.id: task_key(t) for t in tasks}
        part, parts = settings.shard
        ours = {t.id for t in tasks[part - 1 :: parts]}
        results = {t.id: found for t in tasks if (found := store.get(keys[t.id])) is not None}
        reused = len(results)
        progress.started(len(ours | results.keys()), reused)

        def finish(identifier: str, result: dict[str, Any]) -> None:
            results[identifier] = result
            store.put(keys[identifier], result)
            progress.finished(identifier, result["statement"]["verdict"], result["seconds"])

        todo = [t for t in tasks if t.id in ours and t.id not in results]
        memory = Chunks(chunks.stored(store.items()), store.put)
        drawn = None
        try:
            _run_all(todo, settings, finish, memory)
            drawn = _codes_section([t.id for t in tasks], settings, store)
        except KeyboardInterrupt:
            interrupted = True
    ordered = {t.id: results[t.id] for t in tasks if t.id in results}
    wall, complete = time.perf_counter() - begun, len(ordered) == len(tasks)
    record = build_record(ordered, settings, started, wall, complete, drawn)
    return Outcome(record, interrupted, reused, [t.id for t in tasks if t.id not in results])


def _codes_section(ids: list[str], settings: Settings, store: ResultStore) -> dict[str, Any] | None:
    """What the report says on spherical codes as a whole, if an undivided run has statements on them."""
    if settings.memories or settings.shard != (1, 1) or not codes_report.wanted(ids):
        return None
    name = key(
        kind="codes",
        seed=settings.seed,
        tables=codes_report.tables_hash(),
        code=code_fingerprint(),
    )
    found: dict[str, Any] | None = store.get(name)
    if found is None:
        found = codes_report.section(settings.seed)
        store.put(name, found)
    return found


Finish = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Chunks:
    """Chunks of an earlier run, and where new ones go."""

    known: Mapping[str, Any]
    keep: chunks.Sink


def _run_all(tasks: list[Task], settings: Settings, finish: Finish, memory: Chunks) -> None:
    devices = settings.devices
    jobs = settings.jobs if len(devices) == 1 else len(devices)
    if jobs <= 1 or len(tasks) <= 1:
        chunks.start(memory.known, memory.keep)
        try:
            for task in tasks:
                finish(task.id, run_task(task))
        finally:
            chunks.start({}, None)
        return
    remaining = _run_pool(tasks, jobs, finish, memory, devices)
    failed: dict[str, int] = {}
    while remaining:
        # A worker died.  One worker at a time tells which task it was: the first that does not come back.
        remaining = _run_pool(remaining, 1, finish, memory, devices)
        if remaining:
            first = remaining[0]
            failed[first.id] = failed.get(first.id, 0) + 1
            if failed[first.id] > 1:
                finish(first.id, _crashed(first))
                remaining = remaining[1:]


def _run_pool(
    tasks: list[Task], jobs: int, finish: Finish, memory: Chunks, devices: tuple[str, ...]
) -> list[Task]:
    """One process pool.  Returns the tasks that did not come back because a worker died."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # workers share the cores: one BLAS thread each
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    spawn = multiprocessing.get_context("spawn")
    queue = spawn.Queue()
    free: Any = None
    if len(devices) > 1:
        free = spawn.SimpleQueue()
        for device in devices:
            free.put(device)
    pool = ProcessPoolExecutor(
        min(jobs, len(tasks)), spawn, initializer=prepare_worker, initargs=(dict(memory.known), queue, free)
    )
    done: set[str] = set()
    try:
        for task, result in _completed(pool, tasks, lambda: _drain(queue, memory.keep)):
            done.add(task.id)
            finish(task.id, result)
        pool.shutdown()
        return []
    except BrokenProcessPool:
        return [t for t in tasks if t.id not in done]
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _drain(queue: Any, keep: chunks.Sink) -> None:
    """Store the chunks that workers have finished meanwhile."""
    while True:
        try:
            name, value = queue.get_nowait()
        except Empty:
            return
        keep(name, value)


def _completed(
    executor: Executor, tasks: Iterable[Task], meanwhile: Callable[[], None]
) -> Iterable[tuple[Task, dict[str, Any]]]:
    pending: dict[Future[dict[str, Any]], Task] = {executor.submit(run_task, t): t for t in tasks}
    while pending:
        ready, _ = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
        meanwhile()
        for future in ready:
            yield pending.pop(future), future.result()


def _crashed(task: Task) -> dict[str, Any]:
    from verify.evidence import Evidence
    from verify.loader import find
    from verify.record import statement_record

    evidence = Evidence([], [], error="the worker process died twice while checking this statement")
    loaded = find(task.id, task.file)
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
    return {"statement": entry.model_dump(), "seconds": 0.0, "log_e": 0.0}


def build_record(
    results: Mapping[str, dict[str, Any]],
    settings: Settings,
    started: str,
    wall: float,
    complete: bool,
    codes: dict[str, Any] | None = None,
) -> schema.Record:
    """The run record: entries in catalogue order, Holm over the probabilistic ones, known verdicts beside."""
    table = {} if settings.memories else known.load()
    rejected = _holm_rejections(results)
    entries = [_final(r["statement"], r["statement"]["id"] in rejected, table) for r in results.values()]
    seconds = {i: float(r["seconds"]) for i, r in results.items()}
    slowest = sorted(seconds.items(), key=lambda t: -t[1])[:5]
    used = {e["paper"] for e in entries} - {"user"}
    return schema.Record.model_validate(
        {
            "tool": {"name": "hopcheck", "version": tool_version()},
            "command": list(settings.command),
            "seed": settings.seed,
            "profile": settings.profile,
            "backend": settings.backend.name,
            "dtype": settings.backend.dtype,
            "device": ",".join(settings.devices),
            "draws": settings.draws,
            "alpha": {"refute": ALPHA_REFUTE, "support": ALPHA_SUPPORT},
            "machine": {
                "python": platform.python_version(),
                "platform": platform.platform(),
                "cpu_count": os.cpu_count(),
                "versions": {p: version(p) for p in (*PACKAGES, *_backend_package(settings.backend))},
            },
            "started": started,
            "timing": {
                "wall_seconds": wall,
                "slowest": [{"id": i, "seconds": s} for i, s in slowest],
                "seconds": seconds,
            },
            "memories": _memories_note(settings.memories),
            "papers": {k: v for k, v in papers().items() if k in used},
            "statements": entries,
            "codes": codes,
            "complete": complete,
        }
    )


def _backend_package(backend: Backend) -> tuple[str, ...]:
    try:
        version(backend.name)
    except PackageNotFoundError:  # some distributions carry another name than their package
        return ()
    return () if backend.name in PACKAGES else (backend.name,)


def _holm_rejections(results: Mapping[str, dict[str, Any]]) -> frozenset[str]:
    pvalues = {
        i: float(anytime_p(r["log_e"]))
        for i, r in results.items()
        if r["statement"]["kind"] in ("probability", "scaling")
    }
    return holm(pvalues, ALPHA_REFUTE).rejected if pvalues else frozenset()


def _final(entry: dict[str, Any], rejected: bool, table: Mapping[str, Any]) -> dict[str, Any]:
    entry = json.loads(json.dumps(entry))
    if rejected and entry["verdict"] != "refuted":
        reason = "refuted by Holm's procedure over all probabilistic statements of the run"
        entry |= {"outcome": "fail", "verdict": "refuted", "reason": reason}
    recorded = table.get(entry["id"])
    entry["known"] = recorded
    if recorded is not None:
        entry["matches_known"] = all(entry[k] == recorded[k] for k in ("outcome", "verdict"))
    return entry


def _memories_note(path: str) -> dict[str, Any] | None:
    if not path:
        return None
    memories = load_memories(path)
    distinct = np.unique(memories, axis=0).shape[0]
    return {
        "file": Path(path).name,
        "shape": list(memories.shape),
        "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        "duplicates": int(memories.shape[0] - distinct),
    }


def exit_code(record: schema.Record) -> int:
    """0: every verdict is the known one (or, without a known one, a pass); else 1.

    What becomes of a statement on another variant than its own is a finding, not a failure of the run:
    without a known verdict (under ``id@variant``) only an error and a control that was not caught count.

    On given memories a statement that does not apply is no failure; one that fails although it is
    known to hold is.
    """
    if record.memories is not None:
        table = known.load()
        for s in record.statements:
            expected = table.get(s.id, {}).get("outcome", "pass" if s.variant is None else "fail")
            if s.verdict in ("error", "blind") or (s.outcome == "fail" and expected != "fail"):
                return 1
        return 0
    for s in record.statements:
        if s.known is not None:
            fine = bool(s.matches_known)
        elif s.variant is not None:
            fine = s.verdict not in ("error", "blind")
        else:
            fine = s.outcome == "pass"
        # A question that is open is known to be `inconclusive`; an error or a blind check is never fine.
        if not fine or s.verdict in ("error", "blind"):
            return 1
    return 0 if record.complete else 1
