"""Simulated chunks by name: drawn once in a process, and sent to the coordinator as soon as they are done.

A chunk is named by its event, the event's arguments, its index and size, and the root seed; it holds counts,
never a bound.  So one chunk serves every statement and control on that event, and a killed run goes on where
it was.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from verify.context import Context, arrays_key
from verify.store import key


@cache
def code_fingerprint() -> str:
    """Hash of our own sources: stored results are reused only by the code that made them."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent
    for name in ("bounds", "simulations", "verify"):
        for path in sorted((root / name).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


Sink = Callable[[str, Any], Any]

MARK = "chunk"
"""Under this name a store holds a chunk's result, so that chunks are told from statements."""

_known: dict[str, Any] = {}
_sink: list[Sink] = []


def start(known: Mapping[str, Any], sink: Sink | None) -> None:
    """Begin with the chunks of an earlier run; new ones go to ``sink(name, {MARK: result})``."""
    _known.clear()
    _known.update(known)
    _sink[:] = [] if sink is None else [sink]


def stored(rows: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The chunks among the rows (name, value) of a store."""
    return {name: value[MARK] for name, value in rows if isinstance(value, dict) and MARK in value}


def chunk_name(
    event: Callable[..., Any], arguments: Mapping[str, Any], index: int, size: int, context: Context
) -> dict[str, Any]:
    """What determines a chunk.  Empty for an event whose code is not all in one file (a closure, say)."""
    source = inspect.getsourcefile(event) if inspect.isfunction(event) and not event.__closure__ else None
    if source is None:
        return {}
    return {
        "event": event.__qualname__,
        "file": _file_hash(source),
        "arguments": {k: repr(v) for k, v in arguments.items()},
        "index": index,
        "size": size,
        "seed": context.seed,
        "arrays": arrays_key(context.backend, context.draws),
        "code": code_fingerprint(),
    }


@cache
def _file_hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def chunk(compute: Callable[[], Any], name: Mapping[str, Any]) -> Any:
    """The result of a chunk (JSON values), computed unless it is known; a chunk without event is not kept."""
    if "event" not in name:
        return compute()
    identity = key(kind=MARK, **name)
    if identity not in _known:
        _known[identity] = compute()
        for sink in _sink:
            sink(identity, {MARK: _known[identity]})
    return _known[identity]
