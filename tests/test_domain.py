"""Proofs over boxes: what must be proved, what must be refuted, and what must stay open."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.special
import sympy as sp
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.boxes import simplest
from bounds.domain import examine, prove
from bounds.exact import DomainError, Undecided, precision
from bounds.expr import UnsupportedFunction, arrays
from bounds.expr_fold import fold
from bounds.functions import CapArea
from bounds.intervals import Interval, Intervals
from tests.test_expr import RATIONALS, X, Y, trees

N = sp.Symbol("n")
Q = sp.Rational
COSH = (sp.exp(X) + sp.exp(-X)) / 2


class TestIntervals:
    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(
        trees(),
        RATIONALS,
        RATIONALS,
        st.sampled_from([Fraction(0), Fraction(1, 64), Fraction(1, 3), Fraction(2)]),
    )
    def test_a_range_contains_every_value(self, tree: Any, x: Fraction, y: Fraction, width: Fraction) -> None:
        """The oracle is a floating-point sample of the box."""
        env = {}
        sample = {}
        for name, v in (("x", x), ("y", y)):
            ends = (v, v + width)
            env[name] = Interval(*(fmpq(q.numerator, q.denominator) for q in ends))
            sample[name] = np.linspace(float(ends[0]), float(ends[1]), 9)
        reading = arrays(tree, {"x": sample["x"][:, None], "y": sample["y"][None, :]})
        try:
            with precision(96):
                lo, hi = (float(Fraction(int(q.p), int(q.q))) for q in fold(tree, Intervals(env)))
        except DomainError:
            # Rounding may carry a point over a border which it only touches, but not a whole box.
            assert width == 0 or not np.all(reading.defined)
            return
        except Undecided:
            return
        value = np.asarray(reading.value)[np.asarray(reading.defined)]
        slack = 1e-9 * max(1.0, abs(lo), abs(hi))
        if not tree.has(sp.floor, sp.ceiling):
            assert np.all(value >= lo - slack)
            assert np.all(value <= hi + slack)

    @pytest.mark.parametrize("bounds", [(0, 1), (-4, 5), (3, 4), (1, 2), (-1, 0), (4, 5), (6, 13)])
    @pytest.mark.parametrize("fn", [sp.sin, sp.cos, sp.Abs, sp.cosh, lambda u: u**2, lambda u: u**3])
    def test_ranges_are_tight(self, fn: Any, bounds: tuple[int, int]) -> None:
        with precision(96):
            lo, hi = fold(fn(X), Intervals({"x": Interval(fmpq(bounds[0]), fmpq(bounds[1]))}))
        values = arrays(fn(X), {"x": np.linspace(*bounds, 18_001)}).value
        assert float(lo.p) / float(lo.q) == pytest.approx(values.min(), rel=1e-6, abs=1e-6)
        assert float(hi.p) / float(hi.q) == pytest.approx(values.max(), rel=1e-6, abs=1e-6)

    def test_gamma_about_its_minimum(self) -> None:
        box = {"x": Interval(fmpq(1), fmpq(2))}
        for fn, reference in ((sp.gamma, scipy.special.gamma), (sp.loggamma, scipy.special.gammaln)):
            lo, hi = fold(fn(X), Intervals(box))
            least = reference(1.4616321449683622)
            assert least - 1e-4 < float(lo.p) / float(lo.q) <= least
            assert hi == (1 if fn is sp.gamma else 0)

    def test_huge_and_tiny_exponentials(self) -> None:
        lo, hi = fold(sp.exp(X), Intervals({"x": Interval(fmpq(-(10**9)), fmpq(-(10**8)))}))
        assert lo == 0
        assert 0 < hi < fmpq(1, 10**100)
        with pytest.raises(Undecided):
            fold(sp.exp(X), Intervals({"x": Interval(fmpq(0), fmpq(10**9))}))


@given(st.fractions(-5, 5, max_denominator=500), st.fractions(0, 2, max_denominator=500))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_simplest_rational(lo: Fraction, width: Fraction) -> None:
    """Against a search through the denominators."""
    found = simplest(lo, lo + width)
    first = next(q for q in range(1, 501) if math.ceil(lo * q) <= math.floor((lo + width) * q))
    assert lo <= found <= lo + width
    assert found.denominator == first


TRUE = [
    (sp.cos(X) <= 1 - X**2 / 5, {X: (0, sp.pi)}, [{X: 0}]),
    (sp.log(COSH) <= X**2 / 2, {X: (-3, 3)}, [{X: 0}]),
    (sp.log(sp.cosh(X)) <= X**2 / 2, {X: (-3, 3)}, [{X: 0}]),
    (sp.log(X) <= X - 1, {X: (Q(1, 10), 5)}, [{X: 1}]),
    (sp.sin(X) <= X, {X: (0, sp.pi)}, [{X: 0}]),
    (sp.sin(X) >= 2 * X / sp.pi, {X: (0, sp.pi / 2)}, [{X: 0}, {X: sp.pi / 2}]),
    (sp.exp(X) >= sp.E * X, {X: (-1, 3)}, [{X: 1}]),
    (2 * sp.sqrt(2) * X <= X**2 + 2, {X: (0, 2)}, [{X: sp.sqrt(2)}]),
    (sp.sqrt(X * (1 - X)) <= Q(1, 2), {X: (0, 1)}, [{X: Q(1, 2)}]),
    (sp.LambertW(X) <= sp.log(1 + X), {X: (1, 9)}, []),
    (sp.tanh(X) < 1, {X: (-5, 5)}, []),
    (sp.exp(X) > X + Y**2 - 4, {X: (-1, 1), Y: (-2, 2)}, []),
    (sp.log(sp.exp(X) + sp.exp(Y)) <= sp.Max(X, Y) + Q(7, 10), {X: (-1, 1), Y: (-1, 1)}, []),
    (CapArea(4, X) <= Q(1, 4), {X: (0, 1)}, []),
    (sp.gamma(X) >= Q(88, 100), {X: (Q(1, 10), 4)}, []),
    (sp.loggamma(X) <= X * sp.log(X), {X: (Q(3, 2), 9)}, []),
    (sp.Eq((X + 1) ** 2, X**2 + 2 * X + 1), {X: (-3, 3)}, []),
]

FALSE = [
    (sp.cos(X) <= 1 - X**2 / 4, {X: (0, sp.pi)}, [{X: 0}]),
    (sp.log(COSH) <= X**2 * Q(49, 100), {X: (-3, 3)}, [{X: 0}]),
    (sp.log(X) <= X - Q(101, 100), {X: (Q(1, 10), 5)}, []),
    (sp.sin(X) >= 2 * X / 3, {X: (0, sp.pi / 2)}, []),
    (sp.exp(X) >= Q(272, 100) * X, {X: (-1, 3)}, []),
    (sp.tanh(X) < Q(9999, 10000), {X: (-5, 5)}, []),
    (CapArea(4, X) < Q(1, 6), {X: (0, 1)}, []),
    (sp.exp(X) > X + Y**2 - 2, {X: (-1, 1), Y: (-2, 2)}, []),
    (sp.Eq(sp.sin(X) ** 2 + sp.cos(X) ** 2, Q(101, 100)), {X: (-3, 3)}, []),
    (sp.Abs(X) < X, {X: (Q(1, 7), 1)}, []),
]


def violated(relation: Any, witness: dict[str, Fraction]) -> bool:
    exact = {sp.Symbol(n): Q(v.numerator, v.denominator) for n, v in witness.items()}
    # The cap of radius x on the sphere in four dimensions has a closed form, which SymPy can evaluate.
    closed = relation.replace(CapArea, lambda d, t: (t - sp.sin(t) * sp.cos(t)) / sp.pi)
    return not bool(closed.subs(exact))


class TestProve:
    @pytest.mark.parametrize(("relation", "box", "touching"), TRUE, ids=str)
    def test_true(self, relation: Any, box: Any, touching: Any) -> None:
        proof = prove(relation, box, equality_at=touching, max_boxes=5000)
        assert proof.status == "proved"
        assert proof.remainder == ()
        assert proof.witness is None

    @pytest.mark.parametrize(("relation", "box", "touching"), FALSE, ids=str)
    def test_false(self, relation: Any, box: Any, touching: Any) -> None:
        """SymPy's own comparison of exact numbers judges the witness."""
        proof = prove(relation, box, equality_at=touching, max_boxes=5000)
        assert proof.status == "refuted"
        assert proof.witness is not None
        assert violated(relation, proof.witness)
        for symbol, (lo, hi) in box.items():
            assert lo <= Q(*proof.witness[symbol.name].as_integer_ratio()) <= hi

    def test_truncated_product_for_the_cosine(self) -> None:
        """Beyond pi/2 the omitted factors shrink a negative product, so the inequality turns."""
        product = (1 - 4 * X**2 / sp.pi**2) * (1 - 4 * X**2 / (9 * sp.pi**2))
        proof = prove(sp.cos(X) <= product, {X: (0, sp.pi)}, equality_at=[{X: 0}])
        assert (proof.status, proof.witness) == ("refuted", {"x": Fraction(2)})
        x = 2.0
        assert math.cos(x) > (1 - 4 * x**2 / math.pi**2) * (1 - 4 * x**2 / (9 * math.pi**2))

    def test_a_small_budget_leaves_it_open(self) -> None:
        relation, box, touching = TRUE[0]
        proof = prove(relation, box, equality_at=touching, max_boxes=2)
        assert proof.status == "open"
        assert proof.boxes == 2
        # The remainder and what was settled cover the box: here one quarter next to 0 was settled or not cut.
        assert proof.remainder
        assert all(0 <= lo < hi <= sp.pi for part in proof.remainder for lo, hi in part.values())

    def test_no_proof_at_an_undeclared_equality(self) -> None:
        proof = prove(TRUE[0][0], {X: (0, sp.pi)}, max_boxes=500)
        assert proof.status == "open"
        assert any(part["x"][0] == 0 for part in proof.remainder)

    def test_a_wrong_equality_point_proves_nothing(self) -> None:
        wrong = [{X: Q(1, 2)}, {X: 0}]
        proof = prove(sp.cos(X) <= 1 - X**2 / 2 + X**3 / 100, {X: (0, 1)}, equality_at=wrong, max_boxes=2000)
        assert proof.status == "refuted"
        assert proof.witness is not None
        x = float(proof.witness["x"])
        assert math.cos(x) > 1 - x**2 / 2 + x**3 / 100
        # An odd order changes sign at an inner point.
        assert prove(sp.sin(X) <= X, {X: (-1, 1)}, equality_at=[{X: 0}]).status == "refuted"

    def test_equality_points_in_the_plane_stay_in_the_remainder(self) -> None:
        proof = prove(
            2 * X * Y <= X**2 + Y**2, {X: (0, 1), Y: (0, 1)}, equality_at=[{X: 0, Y: 0}], max_boxes=300
        )
        assert proof.status == "open"
        assert proof.remainder

    def test_strict_relations_fail_where_the_sides_meet(self) -> None:
        proof = prove(sp.cos(X) < 1 - X**2 / 5, {X: (0, sp.pi)}, equality_at=[{X: 0}])
        assert (proof.status, proof.witness) == ("refuted", {"x": Fraction(0)})
        assert prove(sp.cos(X) < 1 - X**2 / 5, {X: (Q(1, 100), sp.pi)}).status == "proved"
        # A point outside the box, or one where the sides do not meet, is no counterexample.
        for point in ({X: 0}, {X: 2}):
            assert prove(sp.cos(X) < 1 - X**2 / 5, {X: (1, 3)}, equality_at=[point]).status == "proved"

    def test_integers(self) -> None:
        relation = sp.Le(N**2, 2**N)
        assert prove(relation, {N: (4, 40)}, integers=[N]).status == "proved"
        proof = prove(relation, {N: (0, 40)}, integers=["n"])
        assert (proof.status, proof.witness) == ("refuted", {"n": Fraction(3)})
        # Between the integers 2 and 4 it is false: only there.
        assert prove(relation, {N: (2, 2)}, integers=[N]).status == "proved"
        assert prove(sp.Ge((-1) ** N + X, -1), {N: (-3, 5), X: (0, 1)}, integers=[N]).status == "proved"
        assert prove(sp.Ge((-1) ** N, 0), {N: (Q(-7, 2), sp.pi)}, integers=[N]).status == "refuted"

    def test_no_value_is_never_a_proof(self) -> None:
        proof = prove(sp.log(X) <= X, {X: (-1, 5)})
        assert proof.status == "open"
        assert proof.undefined is not None
        part, place = proof.undefined
        assert part == sp.log(X)
        assert place is not None
        assert place["x"] <= 0
        # SymPy would cancel the logarithms of both sides.
        for box in ({X: (-1, 1)}, {X: (-sp.pi, 1)}):
            cancelling = prove(sp.Le(sp.log(X), sp.log(X) + 1, evaluate=False), box)
            assert cancelling.status == "open"
            assert cancelling.undefined is not None
            hidden = sp.Mul(0, sp.log(X), evaluate=False)
            assert prove(sp.Le(hidden, 1, evaluate=False), box).status == "open"

    def test_errors(self) -> None:
        with pytest.raises(ValueError, match="no range given for y"):
            prove(X <= Y, {X: (0, 1)})
        with pytest.raises(ValueError, match="same name"):
            prove(sp.Symbol("x", positive=True) >= X, {X: (0, 1)})
        with pytest.raises(ValueError, match="empty range"):
            prove(X <= 2, {X: (1, 0)})
        with pytest.raises(ValueError, match="empty range"):
            prove(X <= 2, {X: (Q(1, 3), Q(2, 3))}, integers=[X])
        with pytest.raises(ValueError, match="finite"):
            prove(X <= 2, {X: (0, sp.oo)})
        with pytest.raises(ValueError, match=r"0\.5"):
            prove(X <= 2, {X: (0, 0.5)})
        with pytest.raises(ValueError, match="without a range"):
            prove(X <= 2, {X: (0, 1)}, integers=[Y])
        with pytest.raises(TypeError):
            prove(sp.true, {X: (0, 1)})
        with pytest.raises(UnsupportedFunction):
            prove(sp.zeta(X) <= 2, {X: (2, 3)})


class TestExamine:
    def test_half_of_a_square(self) -> None:
        finding = examine(sp.log(X - Y), {X: (0, 1), Y: (0, 1)}, max_boxes=1000)
        assert finding.defined + finding.undefined + finding.undecided == 1
        assert float(finding.defined) == pytest.approx(0.5, abs=0.04)
        assert float(finding.undefined) == pytest.approx(0.5, abs=0.04)
        assert finding.defined <= Fraction(1, 2)
        assert finding.undefined <= Fraction(1, 2)
        assert finding.subexpression == sp.log(X - Y)
        assert finding.example is not None
        assert finding.example["x"] <= finding.example["y"]
        for part in finding.undefined_boxes:
            assert part["x"][1] <= part["y"][0]

    def test_defined_up_to_the_border(self) -> None:
        for formula in (sp.sqrt(X * (1 - X)), sp.acos(2 * X - 1), sp.sqrt(sp.sin(X)), CapArea(3, X)):
            finding = examine(formula, {X: (0, 1)})
            assert finding.defined == 1
            assert finding.example is None
            assert finding.undefined_boxes == ()

    def test_a_single_pole(self) -> None:
        finding = examine(1 / X, {X: (-1, 1)})
        assert finding.example == {"x": 0}
        assert finding.subexpression == 1 / X
        assert finding.undefined == 0
        assert 0 < finding.undecided < Fraction(1, 10**10)

    def test_lambert_w(self) -> None:
        finding = examine(sp.LambertW(X), {X: (-1, 1)})
        assert float(finding.undefined) == pytest.approx((1 - math.exp(-1)) / 2, abs=1e-9)
        branch = examine(1 + sp.LambertW(-X, -1), {X: (Q(1, 10), Q(1, 2))})
        assert float(branch.undefined) == pytest.approx((0.5 - math.exp(-1)) / 0.4, abs=1e-9)
        assert branch.subexpression == sp.LambertW(-X, -1)

    def test_irrational_end_and_hidden_zero(self) -> None:
        finding = examine(sp.Mul(0, sp.log(sp.cos(X)), evaluate=False), {X: (0, sp.pi)})
        assert float(finding.undefined) == pytest.approx(0.5, abs=1e-9)
        assert finding.example is not None
        assert math.cos(finding.example["x"]) < 0
        assert finding.subexpression == sp.log(sp.cos(X))

    def test_integers_are_counted(self) -> None:
        finding = examine(sp.gamma(N), {N: (-3, 3)}, integers=[N])
        assert (finding.defined, finding.undefined) == (Fraction(3, 7), Fraction(4, 7))
        assert finding.undecided == 0
        mixed = examine(sp.sqrt(X) * sp.gamma(N), {N: (-3, 3), X: (-1, 1)}, integers=[N], max_boxes=400)
        assert float(mixed.defined) == pytest.approx(3 / 14, abs=0.02)

    def test_the_budget(self) -> None:
        finding = examine(sp.log(X), {X: (-1, 2)}, max_boxes=1)
        assert finding.undecided == 1
        assert finding.example == {"x": -1}

    def test_no_variables(self) -> None:
        assert examine(sp.Integer(2), {}).defined == 1
        finding = examine(sp.acos(2), {})
        assert finding.undefined == 1
        assert finding.example == {}

    def test_floats_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"0\.5"):
            examine(X * sp.Float("0.5"), {X: (0, 1)})
