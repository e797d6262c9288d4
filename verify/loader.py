"""Where statements come from: the package, entry points of other packages, a file on the command line."""

from __future__ import annotations

import fnmatch
import importlib.util
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from verify.papers import catalogue
from verify.statement import Statement
from verify.variants import on_variant

ENTRY_POINT_GROUP = "hopcheck.statements"


class InputError(ValueError):
    """One sentence for the user: which input, what was expected, what was found."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A statement and the file it came from (empty for installed packages)."""

    statement: Any
    file: str = ""


def statements_in(module: Any, origin: str) -> list[Statement]:
    """All statement values of a module, in the order of its names; lists and tuples are searched too."""
    found: dict[str, Statement] = {}
    for value in vars(module).values():
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, Statement):
                known = found.setdefault(item.id, item)
                if known is not item:
                    raise InputError(f"{origin}: expected each statement id once, found {item.id!r} twice")
    return list(found.values())


def load_file(path: str) -> list[Statement]:
    """Statements of a Python file.

    Raises InputError if it is missing, no readable Python, raises, or holds no statement.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{path}: expected a Python file with statements, found no such file")
    spec = importlib.util.spec_from_file_location(f"hopcheck_user_{abs(hash(str(file.resolve())))}", file)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: expected a Python file (.py), found another kind of file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"{path}: expected a file that imports, found {place(error, file)}") from error
    statements = statements_in(module, path)
    if not statements:
        raise InputError(f"{path}: expected at least one statement, found none")
    return statements


def place(error: BaseException, file: Path | None = None) -> str:
    """The error and where it was raised, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [f for f in frames if file is not None and Path(f.filename) == file] or frames
    line = f" (line {inside[-1].lineno} of {Path(inside[-1].filename).name})" if inside else ""
    if isinstance(error, SyntaxError):
        line = f" (line {error.lineno})"
    message = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {message}{line}" if message else f"{type(error).__name__}{line}"


def installed() -> dict[str, Loaded]:
    """The catalogue, followed by statements which other installed packages offer."""
    found = {key: Loaded(s) for key, s in catalogue().items()}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            module = point.load()
        except Exception as error:
            raise InputError(
                f"entry point {point.name!r}: expected a module that imports, found {place(error)}"
            ) from error
        for statement in statements_in(module, f"entry point {point.name!r}"):
            if statement.id in found:
                raise InputError(f"entry point {point.name!r}: the id {statement.id!r} is taken already")
            found[statement.id] = Loaded(statement)
    return found


def select(
    patterns: Sequence[str], papers: Iterable[str] = (), variants: Sequence[str] = ()
) -> dict[str, Loaded]:
    """Statements by id, glob or file; without patterns all of the catalogue (or of the papers named).

    With ``variants`` those that apply to one of them, on each it applies to.
    Raises InputError for an id, glob or paper that names nothing, VariantError for an unknown variant.
    """
    known = installed()
    wanted = set(papers)
    available = {s.statement.source.paper for s in known.values()}
    for paper in wanted - available:
        raise InputError(f"--paper {paper}: expected one of {', '.join(sorted(available))}")
    chosen: dict[str, Loaded] = {}
    for pattern in patterns:
        if pattern.endswith(".py"):
            for statement in load_file(pattern):
                if statement.id in known or statement.id in chosen:
                    raise InputError(f"{pattern}: expected new statement ids, found {statement.id!r} again")
                chosen[statement.id] = Loaded(statement, pattern)
            continue
        matches = [key for key in known if fnmatch.fnmatchcase(key, pattern)]
        if not matches:
            raise InputError(
                f"{pattern}: expected a statement id, a glob or a .py file; `hopcheck list` shows all ids"
            )
        chosen |= {key: known[key] for key in matches}
    if not patterns:
        chosen = dict(known)
    if wanted:
        chosen = {k: v for k, v in chosen.items() if v.file or v.statement.source.paper in wanted}
    if not chosen:
        raise InputError(
            f"expected at least one statement, found none for {' '.join(patterns)} {wanted or ''}"
        )
    return _on_variants(chosen, variants) if variants else chosen


def _on_variants(chosen: dict[str, Loaded], variants: Sequence[str]) -> dict[str, Loaded]:
    found: dict[str, Loaded] = {}
    for name in variants:
        for loaded in chosen.values():
            statement = on_variant(loaded.statement, name)
            if statement is not None:
                found[statement.id] = Loaded(statement, loaded.file)
    if not found:
        raise InputError(
            f"--variant {', '.join(variants)}: expected a statement that applies, found none of {len(chosen)}"
        )
    return found


def find(identifier: str, file: str = "") -> Loaded:
    """One statement by its id, or by ``id@variant`` on a variant.

    Raises InputError if there is none, VariantError for an unknown variant.
    """
    identifier, _, name = identifier.partition("@")
    if name:
        loaded = find(identifier, file)
        statement = on_variant(loaded.statement, name)
        if statement is None:
            raise InputError(f"{identifier}@{name}: expected a statement that applies to {name}")
        return Loaded(statement, loaded.file)
    if file:
        for statement in load_file(file):
            if statement.id == identifier:
                return Loaded(statement, file)
        raise InputError(f"{file}: expected a statement {identifier!r}, found none of that id")
    known = installed()
    if identifier not in known:
        raise InputError(f"{identifier}: expected a statement id; `hopcheck list` shows all ids")
    return known[identifier]
