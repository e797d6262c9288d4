"""Binary memories against the energy itself: all 2^d states, in Python integers and 60 digits."""

import itertools
import math

import array_api_strict
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.spins import anneal, bit_errors, corrupt, fixed_fraction, majority, random_signs, relax
from simulations.streams import stream
from simulations.variants import PROPERTIES, VariantError
from simulations.variants import base as base_module
from simulations.variants import variant as find_variant
from simulations.variants.binary import Spins, energy, exact_energy, exact_sign, field_signs, power, update

quick = settings(deadline=None, derandomize=True, max_examples=40)
MODELS = [Spins(n, rule) for n in (2, 3, 4, 0) for rule in ("flip", "field")]
FAMILIES = [
    f"{family}:rule={rule},order={order}"
    for family in ("hebb", "polynomial", "polynomial:degree=4", "exponential")
    for rule in ("flip", "field")
    for order in ("asynchronous", "synchronous")
]
FAMILIES = [name if name.count(":") == 1 else name.replace(":rule", ",rule") for name in FAMILIES]


def draw(seed, *shape):
    return random_signs(stream(3, "binary test", seed), *shape)


def all_states(d):
    return np.array(list(itertools.product((-1.0, 1.0), repeat=d)))


def integer_overlaps(memories, s):
    return [int(sum(int(a) * int(b) for a, b in zip(row, s, strict=True))) for row in memories]


def naive_energy(model, memories, s):
    m = integer_overlaps(memories, s)
    if model.degree:
        return -sum(v**model.degree for v in m)
    return -mpmath.fsum(mpmath.exp(v) for v in m)


def naive_sign(model, memories, s, i):
    """The definitions: the sign of lower energy, or the sign of the field with repeated indices."""
    with mpmath.workdps(60):
        if model.rule == "flip":
            up, down = list(s), list(s)
            up[i], down[i] = 1, -1
            h = naive_energy(model, memories, down) - naive_energy(model, memories, up)
        else:
            m = integer_overlaps(memories, s)
            f = (lambda v: v ** (model.degree - 1)) if model.degree else mpmath.exp
            h = sum(int(row[i]) * f(v) for row, v in zip(memories, m, strict=True))
        if model.degree == 0 and abs(h) < mpmath.mpf(10) ** -45:
            return 0
        return (h > 0) - (h < 0)


def naive_sweep(model, memories, s):
    s = list(s)
    for i in range(len(s)):
        s[i] = naive_sign(model, memories, s, i) or s[i]
    return s


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_signs_sweeps_and_energies_of_all_states(model):
    for seed, (count, d) in enumerate([(1, 1), (2, 1), (2, 4), (3, 5), (4, 4)]):
        memories, states = draw(seed, count, d), all_states(d)
        signs = field_signs(model, memories, states)
        expected = [[naive_sign(model, memories, s, i) for i in range(d)] for s in states]
        assert np.array_equal(signs, expected)
        kept = np.where(np.array(expected) == 0, states, expected)
        assert np.array_equal(update(model, memories, states, "synchronous"), kept)
        swept = [naive_sweep(model, memories, s) for s in states]
        assert np.array_equal(update(model, memories, states), swept)
        value = [float(naive_energy(model, memories, s)) for s in states]
        got = energy(model, memories, states)
        np.testing.assert_allclose(got if model.degree else -np.exp(-got), value, rtol=1e-13)
        if model.degree:
            assert list(exact_energy(model, memories, states)) == [
                naive_energy(model, memories, s) for s in states
            ]


def test_the_enumeration_catches_self_coupling_in_the_place_of_the_zero_diagonal():
    memories, states = draw(0, 4, 4), all_states(4)
    expected = [[naive_sign(Spins(2, "flip"), memories, s, i) for i in range(4)] for s in states]
    assert np.any(field_signs(Spins(2, "field"), memories, states) != expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_promised_descent_and_limits_over_all_states(name):
    model = find_variant(name)
    assert model.promises <= set(PROPERTIES)
    rises = cycles = 0
    for seed in range(12):
        memories, states = draw(100 + seed, 2 + seed % 5, 5), all_states(5)
        moved = model.update(memories, states, 1.0)
        before, after = (model.energy(memories, s, 1.0) for s in (states, moved))
        changed = np.any(moved != states, axis=-1)
        rises += np.sum(after[changed] >= before[changed] - 1e-12)
        for _ in range(40):
            states = model.update(memories, states, 1.0)
        cycles += np.sum(np.any(model.update(memories, states, 1.0) != states, axis=-1))
    assert rises == 0 or "monotone" not in model.promises
    assert cycles == 0 or "limit" not in model.promises
    if name == "hebb:rule=flip,order=synchronous":
        assert rises > 0
        assert cycles > 0


def test_fixed_points_of_the_sweep_are_the_states_no_single_flip_lowers():
    for model in (Spins(2), Spins(3), Spins(0)):
        memories, states = draw(7, 4, 6), all_states(6)
        fixed = np.all(update(model, memories, states) == states, axis=-1)
        value = np.array([naive_energy(model, memories, s) for s in states])
        neighbours = [
            [int(np.flatnonzero((states == s * f).all(axis=1))[0]) for f in 1 - 2 * np.eye(6)] for s in states
        ]
        minimal = [value[k] <= min(value[n] for n in near) for k, near in enumerate(neighbours)]
        assert list(fixed) == minimal


def test_a_two_cycle_of_the_synchronous_hebb_rule_is_seen():
    # One pair of bits, antiferromagnetic: from (1, 1) all bits turn at once, for ever.
    memories = np.array([[1.0, -1.0]])
    start = np.array([[1.0, 1.0], [1.0, -1.0]])
    got = relax(Spins(2), memories, start, "synchronous")
    assert got.cycle.tolist() == [True, False]
    assert got.fixed.tolist() == [False, True]
    swept = relax(Spins(2), memories, start)
    assert swept.fixed.all()
    assert swept.state.tolist() == [[-1.0, 1.0], [1.0, -1.0]]
    assert swept.steps.tolist() == [1, 0]


def test_hebb_by_the_weight_matrix():
    memories = draw(8, 9, 40)
    states = draw(9, 25, 40)
    w = memories.T.astype(int) @ memories.astype(int)
    assert np.array_equal(field_signs(Spins(2, "field"), memories, states), np.sign(states.astype(int) @ w))
    np.fill_diagonal(w, 0)
    assert np.array_equal(field_signs(Spins(2), memories, states), np.sign(states.astype(int) @ w))
    # The energy is -s^T W s up to the constant of the diagonal.
    quadratic = -np.einsum("ni,ij,nj->n", states.astype(int), w, states.astype(int)) - 9 * 40
    assert np.array_equal(energy(Spins(2), memories, states), quadratic)


@quick
@given(st.integers(0, 10**6), st.integers(2, 40), st.integers(1, 30))
def test_huge_powers_are_decided_in_integers(seed, n, d):
    """Beyond 2^53 and beyond 1e308 floats alone would misjudge ties."""
    memories = draw(seed, 4, d)
    memories = np.concatenate([memories, memories[:1], -memories[1:2]])
    states = np.concatenate([draw(seed + 1, 3, d), memories[:2]])
    for rule in ("flip", "field"):
        model = Spins(n * 8, rule)
        expected = [[exact_sign(model, memories, s, i) for i in range(d)] for s in states]
        assert np.array_equal(field_signs(model, memories, states), expected)
        assert expected[0][0] == naive_sign(model, memories, states[0], 0)
        assert np.array_equal(update(model, memories, states)[0], naive_sweep(model, memories, states[0]))


def test_floats_alone_misjudge_a_tie_of_exponentials():
    """Two memories at distance 1 tie on that bit; a third, far one must not let rounding decide."""
    d = 24
    one = draw(10, 1, d)
    two, far = one.copy(), one.copy()
    two[0, 0] *= -1
    far[0, : d // 2] *= -1
    for model in (Spins(0), Spins(0, "field")):
        tied = np.concatenate([one, two])
        assert field_signs(model, tied, one)[0, 0] == (0 if model.rule == "flip" else one[0, 0])
        near = np.concatenate([one, two, far, far])
        sign = field_signs(model, near, one)[0, 0]
        assert sign == naive_sign(model, near, one[0], 0)
        assert sign == (far[0, 0] if model.rule == "flip" else one[0, 0])
    # Two far memories with an overlap 110 lower still decide; e^-110 is lost beside 1 in double precision.
    d = 120
    one = np.ones((1, d))
    two, far = one.copy(), one.copy()
    two[0, 0] = -1
    far[0, : d // 2] = -1
    near = np.concatenate([one, two, far])
    assert math.exp(0) + math.exp(-110) == 1.0
    assert field_signs(Spins(0), near, one)[0, 0] == -1
    assert update(Spins(0), near, one)[0, 0] == -1
    assert bit_errors(Spins(0), near[:2], one).ties.tolist() == [1]


def test_large_dimensions_do_not_overflow():
    memories = draw(11, 20, 10_000)
    got = bit_errors(Spins(0), memories)
    assert not np.any(got.opposed + got.ties + got.kept)
    assert np.array_equal(energy(Spins(0), memories, memories[0]), np.float64(-10_000.0))
    assert exact_energy(Spins(40), memories[:1], memories[0]) == -(10**160)
    assert np.array_equal(field_signs(Spins(90), memories, memories), memories)


def test_powers_are_exact_integers():
    a = np.arange(-60.0, 61.0)
    for n in (1, 2, 3, 5, 7, 8):
        assert [int(v) for v in power(a, n)] == [int(k) ** n for k in a]


def test_bit_errors_count_bits_ties_and_what_is_kept():
    """Against the integer fields of the weight matrix; (d - 1) M even makes ties possible."""
    memories = draw(12, 10, 21)
    w = memories.T.astype(int) @ memories.astype(int)
    np.fill_diagonal(w, 0)
    aligned = (memories.astype(int) @ w) * memories
    got = bit_errors(Spins(2), memories)
    assert got.opposed.tolist() == np.sum(aligned < 0, axis=-1).tolist()
    assert got.ties.tolist() == np.sum(aligned == 0, axis=-1).tolist()
    assert got.kept.tolist() == got.opposed.tolist()
    assert sum(got.ties) > 0
    share = fixed_fraction(Spins(2), memories)
    assert share.kept == np.mean(np.all(aligned >= 0, axis=-1))
    assert share.strict == np.mean(np.all(aligned > 0, axis=-1))
    # From corrupted memories, ties keep the corrupted bit.
    start = corrupt(stream(1, "corrupt"), memories, 2)
    field = start.astype(int) @ w
    moved = np.where(field == 0, start, np.sign(field))
    got = bit_errors(Spins(2), memories, start, memories)
    assert got.kept.tolist() == np.sum(moved != memories, axis=-1).tolist()
    assert np.all((got.opposed <= got.kept) & (got.kept <= got.opposed + got.ties))


def test_the_measured_bit_error_is_the_binomial_tail():
    """restated.hebb-exact-binomial at (n, P) = (51, 8); 2000 sets, six standard errors over sets."""
    n, count = 51, 8
    memories = draw(13, 2000, count, n)
    got = bit_errors(Spins(2), memories)
    trials = (n - 1) * (count - 1)
    bound = (trials - (n - 1)) // 2  # an even number: the tail lies strictly below it
    tail = sum(math.comb(trials, k) for k in range(bound)) / 2**trials
    tie = math.comb(trials, bound) / 2**trials
    for measured, expected in ((got.opposed, tail), (got.ties, tie)):
        per_set = np.sum(measured, axis=-1) / (n * count)
        assert abs(np.mean(per_set) - expected) < 6 * np.std(per_set) / math.sqrt(len(per_set))
    # Self-coupling makes bits stabler: the control is caught at the same level.
    per_set = np.sum(bit_errors(Spins(2, "field"), memories).opposed, axis=-1) / (n * count)
    assert abs(np.mean(per_set) - tail) > 6 * np.std(per_set) / math.sqrt(len(per_set))


def test_corruption_turns_exactly_so_many_bits():
    patterns = draw(14, 200, 31)
    for flips in (0, 1, 7, 31):
        away = corrupt(stream(2, "flips", flips), patterns, flips)
        assert np.all(np.sum(away != patterns, axis=-1) == flips)
        assert set(np.unique(away)) <= {-1.0, 1.0}
    # Every bit is hit equally often: 200 x 7 flips over 31 bits, six standard deviations.
    hits = np.sum(corrupt(stream(2, "flips", 7), patterns, 7) != patterns, axis=0)
    assert np.all(np.abs(hits - 200 * 7 / 31) < 6 * math.sqrt(200 * 7 / 31 * 24 / 31))
    with pytest.raises(ValueError, match="expected 0 to 31, found 32"):
        corrupt(stream(2), patterns, 32)
    assert abs(np.mean(draw(15, 10_000))) < 0.06


def test_one_memory_attracts_from_every_radius_below_half():
    pattern = draw(16, 1, 101)
    for model in MODELS[::2]:
        start = corrupt(stream(4, "radius"), np.repeat(pattern, 5, axis=0), 49)
        got = relax(model, pattern, start)
        assert np.all(got.state == pattern)
        assert got.fixed.all()


@pytest.mark.parametrize("name", FAMILIES)
def test_arrays_of_every_kind_agree(name, monkeypatch):
    model = find_variant(name)
    memories, states = draw(17, 3, 6, 7), draw(18, 3, 7)
    for a in (memories, states):
        a.flags.writeable = False
    whole = model.update(memories, states, 1.0)
    singly = [model.update(memories[i], states[i], 1.0) for i in range(3)]
    assert np.array_equal(whole, np.stack(singly))
    for kind in (np.int8, np.float64):
        other = model.update(memories.astype(kind), states.astype(kind), 1.0)
        assert other.dtype == kind
        assert np.array_equal(other, whole)
    strict = [array_api_strict.asarray(np.array(a)) for a in (memories, states)]
    assert np.array_equal(np.asarray(model.update(*strict, 1.0)), whole)
    np.testing.assert_allclose(
        np.asarray(model.energy(*strict, 1.0)), model.energy(memories, states, 1.0), rtol=1e-14
    )
    grouped = model.update(memories[:, None], np.stack([states, -states], axis=1), 1.0)
    assert np.array_equal(grouped[:, 0], whole)
    assert np.array_equal(model.update(memories, states[0], 1.0)[0], whole[0])
    many = draw(19, 2, 9, 7)
    expected = model.update(memories[0], many, 1.0)
    monkeypatch.setattr(base_module, "BLOCK", 14)
    monkeypatch.setattr("simulations.variants.binary.BLOCK", 14)
    assert np.array_equal(model.update(memories[0], many, 1.0), expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_torch_agrees(name):
    torch = pytest.importorskip("torch")
    model = find_variant(name)
    memories, states = draw(20, 6, 7), np.concatenate([draw(21, 5, 7), draw(20, 6, 7)])
    got = model.update(torch.asarray(memories), torch.asarray(states), 1.0)
    assert np.array_equal(got.numpy(), model.update(memories, states, 1.0))
    tied = np.array([[1.0, 1.0], [-1.0, 1.0]], dtype=np.float32)
    got = model.update(torch.asarray(tied), torch.asarray(tied), 1.0)
    assert np.array_equal(got.numpy(), model.update(tied, tied, 1.0))


def test_mixtures_are_majorities():
    patterns = draw(23, 4, 3, 9)
    expected = [[1 if sum(p[:, i]) > 0 else -1 for i in range(9)] for p in patterns]
    assert np.array_equal(majority(patterns), expected)
    # A mixture of three of few long patterns is fixed (Amit, Gutfreund, Sompolinsky 1985).
    memories = draw(24, 3, 3001)
    assert relax(Spins(2), memories, majority(memories)).steps == 0
    with pytest.raises(ValueError, match="expected an odd number"):
        majority(patterns[:, :2])


def test_annealing_samples_the_gibbs_law_and_finds_the_ground_state():
    """All 16 states after 30 sweeps at one temperature against exp(-E/t)/Z: a chi square with 15 degrees."""
    model, memories, t, chains = Spins(2), draw(25, 3, 4), 6.0, 4000
    states = all_states(4)
    got = anneal(stream(6, "gibbs"), model, memories, draw(26, chains, 4), [t] * 30)
    counts = np.array([np.sum(np.all(got == s, axis=-1)) for s in states])
    weight = np.exp(-energy(model, memories, states) / t)
    expected = chains * weight / np.sum(weight)
    assert np.sum((counts - expected) ** 2 / expected) < 45  # probability 1e-4
    hotter = np.exp(-energy(model, memories, states) / (2 * t))
    expected = chains * hotter / np.sum(hotter)
    assert np.sum((counts - expected) ** 2 / expected) > 100
    cold = anneal(stream(7, "cold"), model, memories, draw(27, 20, 4), np.geomspace(50, 0.01, 60))
    assert np.all(energy(model, memories, cold) == np.min(energy(model, memories, states)))
    with pytest.raises(ValueError, match="expected positive numbers"):
        anneal(stream(8), model, memories, states, [0.0])
    with pytest.raises(ValueError, match="expected a polynomial energy"):
        anneal(stream(8), Spins(0), memories, states, [1.0])


def test_bad_arguments_say_what_was_expected():
    memories = draw(22, 3, 4)
    with pytest.raises(ValueError, match="state: expected entries -1 and \\+1"):
        update(Spins(2), memories, np.zeros(4))
    with pytest.raises(ValueError, match="memories: expected entries -1 and \\+1"):
        field_signs(Spins(2), 2 * memories, memories)
    with pytest.raises(ValueError, match="order: expected one of asynchronous"):
        update(Spins(2), memories, memories, "random")
    with pytest.raises(ValueError, match="expected a polynomial energy"):
        exact_energy(Spins(0), memories, memories)
    for bad in ("hebb:rule=both", "polynomial:degree=1", "polynomial:degree=0", "exponential:order=random"):
        with pytest.raises(VariantError, match="expected"):
            find_variant(bad)


def test_measurements_on_strict_arrays_and_tensors():
    memories, states = draw(28, 6, 9), draw(29, 5, 9)
    sets = draw(30, 4, 6, 9)
    wrap = [lambda a: array_api_strict.asarray(np.array(a))]
    try:
        import torch

        wrap.append(torch.asarray)
    except ImportError:
        pass
    for model in (Spins(2), Spins(3), Spins(0)):
        for to in wrap:
            for order in ("asynchronous", "synchronous"):
                ours = relax(model, memories, states, order)
                other = relax(model, to(memories), to(states), order)
                for name in ("state", "steps", "fixed", "cycle"):
                    assert np.array_equal(np.asarray(getattr(other, name)), getattr(ours, name))
            ours, other = bit_errors(model, sets), bit_errors(model, to(sets))
            assert ours.kept.shape == (4, 6)
            for name in ("opposed", "ties", "kept"):
                assert np.array_equal(np.asarray(getattr(other, name)), getattr(ours, name))
            share = fixed_fraction(model, to(sets))
            assert np.array_equal(np.asarray(share.kept), np.mean(ours.kept == 0, axis=-1))
            assert np.array_equal(np.asarray(share.strict), np.mean(ours.opposed + ours.ties == 0, axis=-1))
            assert np.array_equal(np.asarray(majority(to(sets[:, :3]))), majority(sets[:, :3]))
