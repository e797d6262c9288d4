"""The catalogue: a module or package per paper, each with its bibliography entry and its statements.

``PAPER`` is a dict with ``key`` (what statements cite), ``title``, ``authors``, ``year``, ``arxiv`` (empty if there
is none) and ``venue``; ``STATEMENTS`` a tuple in the paper's order.  Both are found by themselves.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any


@cache
def _modules() -> tuple[Any, ...]:
    """The papers' modules, oldest paper first."""
    found = (importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    return tuple(sorted(found, key=lambda m: (m.PAPER["year"], m.PAPER["key"])))


@cache
def papers() -> dict[str, dict[str, Any]]:
    """Bibliography: every key a statement may cite."""
    return {m.PAPER["key"]: {k: v for k, v in m.PAPER.items() if k != "key"} for m in _modules()}


@cache
def catalogue() -> dict[str, Any]:
    """All statements of the package by id, paper by paper.

    Raises ValueError if two modules define the same id.
    """
    found: dict[str, Any] = {}
    for module in _modules():
        for statement in module.STATEMENTS:
            if statement.id in found:
                raise ValueError(f"statement {statement.id} is defined twice, again in {module.__name__}")
            found[statement.id] = statement
    return found
