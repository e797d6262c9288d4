"""Branch and bound over rational boxes: proofs of inequalities, and where an expression is real.

Everything is evaluated with :mod:`bounds.intervals`, so a proof, a refutation and an undefined part are all
certified; what could not be settled within the budget is returned as such.

Sources: mean-value forms and branch and bound as in R. E. Moore, R. B. Kearfott, M. J. Cloud, "Introduction
to Interval Analysis", SIAM 2009, chapters 6 and 8.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import sympy as sp

from bounds import boxes
from bounds.boxes import Axis, Box, Point
from bounds.exact import Undecided, precision
from bounds.expr import Sides, sides
from bounds.expr_fold import UnsupportedFunction, check_expression, fold
from bounds.expr_points import ExpressionDomainError
from bounds.intervals import Interval, Intervals, add, meet, multiply

Status = Literal["proved", "refuted", "open"]
Range = tuple[Any, Any]

_NOT_SMOOTH = (sp.Abs, sp.Max, sp.Min, sp.floor, sp.ceiling)
_HIGHEST_ORDER = 8


@dataclass(frozen=True, slots=True)
class Proof:
    """Outcome of :func:`prove`.

    ``boxes``: boxes examined.  ``witness``: rational point at which the relation certainly fails (status
    "refuted").  ``remainder``: boxes, name -> (lo, hi), on which it is not settled; ends are Fractions, or
    exact SymPy numbers on a side with an irrational end.  ``undefined``: (subexpression, rational point or
    None) where a side of the relation certainly has no real value; the status is then "open".
    """

    status: Status
    boxes: int
    witness: Point | None = None
    remainder: tuple[dict[str, Range], ...] = ()
    undefined: tuple[Any, Point | None] | None = None


@dataclass(frozen=True, slots=True)
class DomainFinding:
    """Outcome of :func:`examine`: certified shares of the volume of the box (exact, they add up to 1).

    ``example``: rational point at which the expression certainly has no real value; ``subexpression``: the
    part that has none there; ``undefined_boxes``: certified boxes without a value, as in :class:`Proof`.
    A set of volume zero, such as the pole of 1/x, shows as an example without an undefined share.
    """

    defined: Fraction
    undefined: Fraction
    undecided: Fraction
    boxes: int
    example: Point | None = None
    subexpression: Any = None
    undefined_boxes: tuple[dict[str, Range], ...] = ()


def _difference(lhs: Any, rhs: Any) -> Any:
    """rhs - lhs without evaluation: SymPy would cancel equal terms of both sides, domain and all."""
    return sp.Add(rhs, sp.Mul(-1, lhs, evaluate=False), evaluate=False)


def _without_value(expr: Any, axes: tuple[Axis, ...], box: Box) -> tuple[Any, Point] | None:
    """(subexpression, point): a rational point of the box at which ``expr`` certainly has no value."""
    for values in boxes.rational_points(axes, box):
        try:
            fold(expr, Intervals(boxes.at_point(values)))
        except ExpressionDomainError as error:
            return error.subexpression, values
        except Undecided:
            continue
    return None


class _Gap:
    """rhs - lhs of a relation over the coordinates of a box, with enclosures of its range."""

    def __init__(self, lhs: Any, rhs: Any, axes: tuple[Axis, ...]) -> None:
        self.axes = axes
        boxes.in_coordinates(_difference(lhs, rhs), axes)  # refuses two symbols of one name across the sides
        lhs, rhs = (boxes.in_coordinates(side, axes) for side in (lhs, rhs))
        self._whole = _difference(lhs, rhs)
        self.short = rhs - lhs
        smooth = not self.short.has(*_NOT_SMOOTH)
        self._slopes: list[Any] | None = self._derivatives() if smooth else None

    def _derivatives(self) -> list[Any]:
        return [sp.diff(self.short, self.symbol(a.name)) for a in self.axes]

    def symbol(self, name: str) -> Any:
        """The symbol of that name in the expression (any symbol when it does not occur)."""
        return next((s for s in self.short.free_symbols if s.name == name), sp.Symbol(name))

    def value(self, expr: Any, box: Box) -> Interval:
        """Range enclosure of an expression in the coordinates."""
        return fold(expr, Intervals(boxes.environment(self.axes, box)))

    def enclose(self, box: Box) -> Interval:
        """Natural enclosure; Undecided or ExpressionDomainError when the box is not all in the domain."""
        natural = self.value(self._whole, box)
        if self.short != self._whole:
            natural = meet(natural, self.value(self.short, box))
        return natural

    def sharpen(self, box: Box, natural: Interval) -> Interval:
        """Mean-value form and monotone faces.  ``natural`` vouches that the whole box is in the domain."""
        if self._slopes is None:
            return natural
        try:
            slopes = [self.value(s, box) for s in self._slopes]
            middle = tuple(Interval(m, m) for m in ((s.lo + s.hi) / 2 for s in box))
            mean = self.value(self.short, middle)
            for slope, side, mid in zip(slopes, box, middle, strict=True):
                mean = add(mean, multiply(slope, Interval(side.lo - mid.lo, side.hi - mid.lo)))
            low, high = (self.value(self.short, _face(box, slopes, top)) for top in (False, True))
        except UnsupportedFunction:
            # SymPy's derivative of, say, loggamma is a function without a reading; do not try again.
            self._slopes = None
            return natural
        except (Undecided, ExpressionDomainError):
            # The derivative may have singularities, such as that of sqrt at 0, where the value has none.
            return natural
        return meet(meet(natural, mean), Interval(low.lo, high.hi))


def _face(box: Box, slopes: Sequence[Interval], top: bool) -> Box:
    """The part of the box on which a function with these slopes is largest (top) or smallest."""
    face = []
    for side, slope in zip(box, slopes, strict=True):
        if slope.lo >= 0 or slope.hi <= 0:
            end = side.hi if (slope.lo >= 0) == top else side.lo
            side = Interval(end, end)
        face.append(side)
    return tuple(face)


class _Touch:
    """Taylor's theorem at a point where the two sides of a one-variable relation are equal.

    If the gap and its derivatives of order < k vanish at p exactly, then gap(x) = gap^(k)(xi) (x - p)^k / k!
    for some xi between p and x, so a certified sign of gap^(k) settles the sign of the gap.
    """

    def __init__(self, gap: _Gap, position: Any) -> None:
        self._gap = gap
        symbol = gap.symbol(gap.axes[0].name)
        self.exact = gap.axes[0].coordinate(position)
        self._orders = [gap.short]
        self.order = 0
        while self.order < _HIGHEST_ORDER and sp.simplify(self._orders[-1].subs(symbol, self.exact)) == 0:
            self._orders.append(sp.diff(self._orders[-1], symbol))
            self.order += 1
        self._place = fold(sp.sympify(self.exact), Intervals({}))

    def settles(self, box: Box) -> bool:
        """Whether the gap is certainly >= 0 on the box."""
        side, place = box[0], self._place
        # Far from the point the plain enclosures do better.
        if self.order == 0 or max(place.lo - side.hi, side.lo - place.hi) > side.hi - side.lo:
            return False
        hull = (Interval(min(side.lo, place.lo), max(side.hi, place.hi)),)
        try:
            self._gap.enclose(hull)
            values = [self._gap.value(d, hull) for d in self._orders[1:]]
        except (Undecided, ExpressionDomainError, UnsupportedFunction):
            return False
        last = values[-1]
        if self.order % 2 == 0:
            return bool(last.lo >= 0)
        return bool((side.lo >= place.hi and last.lo >= 0) or (side.hi <= place.lo and last.hi <= 0))


def prove(
    relation: Any,
    box: Mapping[Any, tuple[Any, Any]],
    *,
    equality_at: Iterable[Mapping[Any, Any]] = (),
    integers: Iterable[Any] = (),
    max_boxes: int = 20_000,
    bits: int = 96,
) -> Proof:
    """Prove or refute a SymPy relation (Le, Lt, Ge, Gt, Eq) for every point of a closed box.

    ``box``: symbol -> (lo, hi), exact numbers.  An irrational end such as ``sympy.pi`` is met exactly, by
    the substitution x = lo + (hi - lo) t with t in [0, 1]; witnesses are rational all the same.  Symbols in
    ``integers`` take integer values only.

    ``equality_at``: points (symbol -> exact number) where both sides are equal.  For one variable they are
    settled by Taylor's theorem: derivatives that vanish exactly (by ``sympy.simplify``) up to an order with
    a certified sign around.  With several variables boxes about such a point stay in the remainder.  A
    strict relation is refuted at such a point, if it is rational.

    "open" means: boxes left after ``max_boxes`` or at the finest subdivision, or no real value somewhere.
    Raises ValueError for floats, missing or empty ranges; TypeError for other relations;
    UnsupportedFunction.
    """
    claim, axes = sides(relation), boxes.axes_of(box, integers)
    lhs, rhs = (check_expression(side) for side in claim)
    with precision(bits):
        return _Search(Sides(lhs, rhs, claim.strict, claim.equality), axes, list(equality_at)).run(max_boxes)


class _Search:
    def __init__(self, claim: Sides, axes: tuple[Axis, ...], touching: list[Mapping[Any, Any]]) -> None:
        self._claim, self._axes = claim, axes
        self._gap = _Gap(claim.lhs, claim.rhs, axes)
        self._plain = _difference(claim.lhs, claim.rhs)
        self._points = [{str(k): sp.sympify(v) for k, v in p.items()} for p in touching]
        one_sided = len(axes) == 1 and not claim.strict and not claim.equality
        smooth = not self._gap.short.has(*_NOT_SMOOTH)
        self._touches = (
            [_Touch(self._gap, p[axes[0].name]) for p in self._points] if one_sided and smooth else []
        )

    def _holds(self, gap: Interval) -> bool:
        if self._claim.equality:
            return bool(gap.lo == gap.hi == 0)
        return bool(gap.lo > 0 if self._claim.strict else gap.lo >= 0)

    def _fails(self, gap: Interval) -> bool:
        if self._claim.equality:
            return bool(gap.lo > 0 or gap.hi < 0)
        return bool(gap.hi <= 0 if self._claim.strict else gap.hi < 0)

    def _fails_at(self, values: Point) -> bool:
        """Certified violation at a rational point, in the relation as it was written."""
        try:
            return self._fails(fold(self._plain, Intervals(boxes.at_point(values))))
        except (Undecided, ExpressionDomainError):
            return False

    def _witness(self, box: Box) -> Point | None:
        return next((p for p in boxes.rational_points(self._axes, box) if self._fails_at(p)), None)

    def _strict_failure(self) -> Point | None:
        """A strict relation fails where its sides are equal."""
        if not self._claim.strict:
            return None
        for values in self._points:
            known = {s: values[s.name] for s in self._plain.free_symbols}
            if self._inside(values) and sp.simplify((self._claim.rhs - self._claim.lhs).subs(known)) == 0:
                return {n: Fraction(int(v.p), int(v.q)) for n, v in values.items()}
        return None

    def _inside(self, values: Mapping[str, Any]) -> bool:
        return all(values[a.name].is_Rational and bool(a.lo <= values[a.name]) for a in self._axes) and all(
            bool(values[a.name] <= a.hi) and (values[a.name].is_integer or not a.integer) for a in self._axes
        )

    def run(self, max_boxes: int) -> Proof:
        witness = self._strict_failure()
        if witness is not None:
            return Proof("refuted", 0, witness)
        queue: deque[Box] = deque([tuple(a.start() for a in self._axes)])
        finest: list[Box] = []
        examined = 0
        # Breadth first, so that the budget is not spent next to one hard point.
        while queue and examined < max_boxes:
            box = queue.popleft()
            examined += 1
            try:
                settled, witness = self._examine(box)
            except ExpressionDomainError as error:
                found = _without_value(self._plain, self._axes, box) or (error.subexpression, None)
                return Proof("open", examined, None, self._ranges([box, *queue, *finest]), found)
            if witness is not None:
                return Proof("refuted", examined, witness)
            if not settled:
                halves = boxes.split(self._axes, box)
                queue.extend(halves)
                finest.extend([] if halves else [box])
        rest = self._ranges([*queue, *finest])
        return Proof("open" if rest else "proved", examined, None, rest)

    def _examine(self, box: Box) -> tuple[bool, Point | None]:
        """(settled, witness); raises ExpressionDomainError when the box or its centre has no value."""
        try:
            gap = self._gap.enclose(box)
            if not (self._holds(gap) or self._fails(gap)):
                gap = self._gap.sharpen(box, gap)
        except Undecided:
            return False, self._centre_witness(box)
        if self._holds(gap):
            return True, None
        if self._fails(gap):
            return False, self._witness(box)
        if any(t.settles(box) for t in self._touches):
            return True, None
        return False, self._centre_witness(box)

    def _centre_witness(self, box: Box) -> Point | None:
        try:
            gap = self._gap.enclose(boxes.centre(self._axes, box))
        except Undecided:
            return None
        return self._witness(box) if self._fails(gap) else None

    def _ranges(self, parts: Iterable[Box]) -> tuple[dict[str, Range], ...]:
        return tuple(_named(self._axes, part) for part in parts)


def _named(axes: tuple[Axis, ...], box: Box) -> dict[str, Range]:
    return {a.name: a.outer(side) for a, side in zip(axes, box, strict=True)}


def examine(
    expr: Any,
    box: Mapping[Any, tuple[Any, Any]],
    *,
    integers: Iterable[Any] = (),
    max_boxes: int = 4_000,
    bits: int = 96,
) -> DomainFinding:
    """Find the parts of a closed box on which ``expr`` certainly has, or has not, a real value.

    Arguments as in :func:`prove`.  Corners of the box and centres of undecided sub-boxes are tried as points
    too.  Raises ValueError for floats, missing or empty ranges; UnsupportedFunction.
    """
    axes = boxes.axes_of(box, integers)
    with precision(bits):
        return _Survey(check_expression(expr), axes).run(max_boxes)


class _Survey:
    def __init__(self, expr: Any, axes: tuple[Axis, ...]) -> None:
        self._axes = axes
        self._expr = boxes.in_coordinates(expr, axes)
        self._original = expr
        self._example: Point | None = None
        self._subexpression: Any = None

    def _test(self, box: Box) -> bool:
        """True: defined on the whole box.  False: undecided.  Raises when certainly undefined throughout."""
        try:
            fold(self._expr, Intervals(boxes.environment(self._axes, box)))
        except Undecided:
            return False
        return True

    def _note(self, box: Box) -> None:
        if self._example is None:
            found = _without_value(self._original, self._axes, box)
            self._subexpression, self._example = found or (None, None)

    def _try_points(self, points: Iterable[Box]) -> None:
        for place in points:
            try:
                self._test(place)
            except ExpressionDomainError:
                self._note(place)

    def run(self, max_boxes: int) -> DomainFinding:
        axes = self._axes
        start = tuple(a.start() for a in axes)
        queue: deque[Box] = deque([start])
        defined, outside, examined = Fraction(0), [], 0
        if len(axes) <= 6:
            self._try_points(boxes.corners(start))
        while queue and examined < max_boxes:
            box = queue.popleft()
            examined += 1
            try:
                if self._test(box):
                    defined += boxes.measure(axes, box)
                    continue
            except ExpressionDomainError:
                outside.append(box)
                self._note(box)
                continue
            if self._example is None:
                self._try_points([boxes.centre(axes, box)])
            queue.extend(boxes.split(axes, box))
        total = boxes.measure(axes, start)
        undefined = sum((boxes.measure(axes, b) for b in outside), Fraction(0)) / total
        return DomainFinding(
            defined / total,
            undefined,
            1 - defined / total - undefined,
            examined,
            self._example,
            self._subexpression,
            tuple(_named(axes, b) for b in outside),
        )
