"""The catalogue: a module or package per paper, each with a tuple ``STATEMENTS`` in the paper's order.

A statement added to such a tuple is found by itself; nothing else needs to know of it.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

PAPERS: dict[str, dict[str, Any]] = {
    "ramsauer2021": {
        "title": "Hopfield Networks is All You Need",
        "authors": "H. Ramsauer, B. Schaefl, J. Lehner, et al.",
        "year": 2021,
        "arxiv": "2008.02217",
        "venue": "ICLR 2021",
    },
    "hu2023": {
        "title": "On Sparse Modern Hopfield Model",
        "authors": "J. Y.-C. Hu, D. Yang, D. Wu, C. Xu, B.-Y. Chen, H. Liu",
        "year": 2023,
        "arxiv": "2309.12673",
        "venue": "NeurIPS 2023",
    },
    "numerics": {
        "title": "Numerics of hopcheck itself",
        "authors": "The hopcheck developers",
        "year": 2026,
        "arxiv": None,
        "venue": None,
    },
}
"""Bibliography: every key a statement may cite."""


@cache
def catalogue() -> dict[str, Any]:
    """All statements of the package by id, paper by paper.

    Raises ValueError if two modules define the same id.
    """
    found: dict[str, Any] = {}
    modules = {
        m.name: importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)
    }
    for key in PAPERS:
        for statement in modules[key].STATEMENTS:
            if statement.id in found:
                raise ValueError(f"statement {statement.id} is defined twice, again in verify.papers.{key}")
            found[statement.id] = statement
    return found
