"""What checkers measured.  Plain values; :func:`verify.decide.decide` turns them into a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from verify.instances import Point


@dataclass(slots=True)
class Witness:
    """A certified violation: exact inputs, and enclosures of both sides as text.

    ``relation`` is the sign that should stand between them (``<=``, ``<`` or ``=``).
    """

    part: str
    point: Point
    relation: str
    lhs: str
    rhs: str
    certified: bool = True
    level: float | None = None


@dataclass(slots=True)
class PartEvidence:
    """Everything seen of one part of a statement.

    ``log_ratio`` is the largest log(lhs/rhs) (or scaled excess, see ``scaled``) over admissible
    instances, ``where`` describes that instance.  ``undecided`` counts suspicious instances that exact
    arithmetic could not settle, ``false_alarms`` those it cleared.  ``instances`` and ``drawn_admissible``
    count the grid alone, ``admissible`` also what the search visited; ``informative`` of ``judged`` grid
    instances had a bound better than the trivial one.
    """

    name: str
    headline: bool = True
    relation: Any = None
    given: tuple[Any, ...] = ()
    instances: int = 0
    admissible: int = 0
    drawn_admissible: int = 0
    judged: int = 0
    informative: int | None = None
    log_ratio: float | None = None
    scaled: bool = False
    where: dict[str, Any] = field(default_factory=dict)
    witness: Witness | None = None
    undefined: Point | None = None
    undefined_detail: str = ""
    undefined_share: float | None = None
    undefined_count: int = 0
    undecided_share: float | None = None
    undecided: int = 0
    false_alarms: int = 0
    near_ties: int = 0
    searched: int = 0
    proof: str = ""
    proof_range: str = ""
    log_e_against: float | None = None
    supported: bool | None = None
    conclusive: bool = True
    note: str = ""


@dataclass(slots=True)
class ControlEvidence:
    """Whether a deliberately broken version was caught, and how."""

    name: str
    description: str
    caught: bool
    how: str = ""
    point: Point | None = None


@dataclass(slots=True)
class Evidence:
    """All parts and controls of one statement, the budget spent, and data for plots and tables."""

    parts: list[PartEvidence]
    controls: list[ControlEvidence]
    budget: dict[str, int | float] = field(default_factory=dict)
    given_memories: bool = False
    curves: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    sensitivity: float | None = None
    error: str = ""


MIN_ADMISSIBLE = 20
"""Fewer admissible instances than this do not carry a ``not refuted``."""
