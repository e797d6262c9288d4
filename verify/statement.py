"""Statements as frozen values: what is claimed, of what, under which hypotheses, and how it would break.

A statement is data.  Adding a theorem means writing one value of one of the five kinds below; the
checkers in :mod:`verify.checkers` find everything they need in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from verify.arena import Arena

Provenance = str
Relation = Any
"""A SymPy relation (``Le``, ``Lt``, ``Ge``, ``Gt`` or ``Eq``) over quantities of the vocabulary."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement stands: ``paper`` is a key of :func:`verify.papers.papers`, or ``"user"``."""

    paper: str
    locator: str


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One condition as an executable relation.

    ``in_text_only`` marks a condition that the paper prints around the statement and not inside it; the
    headline verdict is given without it and a second reading with it.  ``by_construction`` conditions
    are met by every instance the arena makes; they are certified at a witness all the same.
    """

    relation: Relation
    note: str = ""
    in_text_only: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One conclusion of a statement.

    ``scale`` (an expression) makes the margin ``(lhs - rhs)/scale`` instead of ``log(lhs/rhs)``; use it where
    a side may vanish or change sign.  ``trivial`` is what every reader knows already: the part is
    informative where its larger side is below it.  ``given`` are hypotheses of this part only.
    ``headline=False`` marks a reading that is reported and does not decide the verdict.  ``sampled``
    counts the float instances behind each point of a part that is measured and not proved: such a part
    is ``not refuted`` at most.  ``needs`` lists what the part needs of a model to make sense on it
    (:func:`verify.variants.capabilities`); ``None``: it is about the statement's own model alone.
    """

    name: str
    relation: Relation
    scale: Any = None
    trivial: Any = None
    given: tuple[Hypothesis, ...] = ()
    headline: bool = True
    sampled: int = 0
    needs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """A deliberately broken version of a part; the data that judge the statement must refute it.

    ``relation`` is either the broken relation or a mutation ``relation -> relation``
    (see :mod:`verify.controls`).  ``part`` names the part it replaces (default: the first).
    """

    name: str
    relation: Any
    part: str = ""
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What all five kinds have in common.  Do not instantiate; use one of the kinds."""

    kind: ClassVar[str] = ""

    id: str
    title: str
    source: Source
    provenance: Provenance
    controls: tuple[Control, ...]
    hypotheses: tuple[Hypothesis, ...] = ()
    printed: str = ""
    related: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Inequality(Statement):
    """A for-all statement: every instance of the arena that meets the hypotheses satisfies every part.

    ``prove`` asks for a proof by ball subdivision (scalar arenas); ``equality_at`` lists points where
    both sides agree and a derivative argument is needed.  ``symbolic`` returns expressions that must
    be shown to vanish (identities) for a proof by algebra.
    """

    kind: ClassVar[str] = "inequality"

    arena: Arena
    parts: tuple[Part, ...]
    prove: bool = False
    equality_at: tuple[Mapping[Any, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Identity(Statement):
    """Equalities for all admissible arguments (parts hold ``Eq`` relations, or certified numbers).

    ``symbolic`` gives named expressions which are zero if the identity holds, for the sizes named;
    SymPy must simplify each of them to zero for the verdict ``proved``.
    """

    kind: ClassVar[str] = "identity"

    arena: Arena
    parts: tuple[Part, ...]
    symbolic: Callable[[], Mapping[str, Any]] | None = None
    symbolic_range: str = ""


@dataclass(frozen=True, kw_only=True)
class Probability(Statement):
    """P(failure) <= ``bound`` (and >= ``lower``) at every grid point, for an event that is simulated.

    ``event(stream, trials, **arguments)`` is a function of :mod:`simulations.events` (or the user's own)
    which returns one int8 per trial: 1 failure, 0 success, -1 undecided.  ``points`` are grid points, names
    of symbols to exact rationals; the key ``profile`` holds a point back until that profile.  ``derive`` adds
    values that follow from a point, in order (the claimed number of memories, say); a derived formula
    without a real value makes the statement undefined there.  ``arguments`` maps the event's arguments
    to expressions (or plain strings).  A point is simulated where ``informative`` (a relation; default
    ``bound < 1``) holds and ``simulate_if`` does; ``trials`` caps the trials per point in the quick profile.
    With ``mean_range`` the event returns values in [0, mean_range] and the claim is mean >= ``lower``.
    ``parts`` are deterministic relations in the point's symbols, decided in ball arithmetic at every point.
    """

    kind: ClassVar[str] = "probability"

    event: Callable[..., Any]
    points: tuple[Mapping[str, Any], ...]
    arguments: Mapping[str, Any]
    bound: Any = 1
    lower: Any = None
    derive: Mapping[str, Any] = field(default_factory=dict)
    informative: Any = None
    simulate_if: Any = None
    mean_range: Any = None
    trials: int = 4000
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scaling(Probability):
    """A limit or an asymptotic law, tested as two-sided probability bounds on a sequence of sizes.

    A limit itself cannot be refuted at finite size; ``bound`` and ``lower`` therefore state the declared
    tolerance at each size.
    """

    kind: ClassVar[str] = "scaling"


@dataclass(frozen=True, kw_only=True)
class ScalingLaw(Statement):
    """A law for the load at which an event becomes likely: a straight line through boxes, of a claimed slope.

    ``event(stream, trials, **arguments)`` is an event as in :class:`Probability` whose probability does not
    decrease with the load (declared, and checked as far as the decisions go).  For every entry of ``sizes``
    it is simulated at the loads ``factor * nominal`` (rounded down, ``nominal`` an expression in
    ``size``); sequential decisions against ``level`` put the crossing into a box.  The claim is that the
    points (``abscissa``, ``ordinate``) of the crossings, expressions in ``size`` and in ``size`` and
    ``load`` (the ordinate increasing in the load), lie on a line with a slope in ``slope``.  A control is
    another interval of slopes, and must be refuted.  ``more_sizes`` join in the standard and full profiles.
    """

    kind: ClassVar[str] = "scaling"

    event: Callable[..., Any]
    sizes: tuple[int, ...]
    more_sizes: tuple[int, ...] = ()
    nominal: Any
    factors: tuple[Any, ...]
    arguments: Mapping[str, Any]
    slope: tuple[Any, Any]
    level: Any = "1/2"
    abscissa: Any = "log(size)"
    ordinate: Any = "log(load)"
    trials: int = 4000
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Definition(Statement):
    """A notion to be evaluated: the suite reports where it can be, and which instances satisfy it."""

    kind: ClassVar[str] = "definition"

    arena: Arena
    parts: tuple[Part, ...]
