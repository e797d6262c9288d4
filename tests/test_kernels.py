"""Streamed retrieval steps against extended precision, brute force over all scores and the plain computation.

Memories and queries are multiples of 1/8, so that inner products are exact in any order of summation, and
the oracles start from the same rounded scores beta z as the kernels.  What remains is the separation.
"""

import subprocess
import sys
import textwrap
import tracemalloc
from dataclasses import replace

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from simulations import candidates, kernels
from simulations.streams import stream
from simulations.variants import DENSE, SPARSE, base, update
from simulations.variants import variant as find_variant
from simulations.variants.sparse import sparsemax

quick = settings(deadline=None, derandomize=True, max_examples=80)
STREAMS = [
    ("softmax", 0),
    ("softmax", 1),
    ("entmax", 1),
    ("entmax", 1.25),
    ("entmax", 1.5),
    ("entmax", 2),
    ("entmax", 3),
    ("topk", 3, "A"),
    ("topk", 3, "B"),
]


def softmax_oracle(v, extra=0):
    top = np.maximum(np.max(v, axis=-1, keepdims=True), 0 if extra else -np.inf)
    e = np.exp(v - top)
    total = np.sum(e, axis=-1, keepdims=True)
    return e / (total + extra * np.exp(-top) if extra else total)


def entmax_oracle(v, alpha):
    """Bisection for the threshold in extended precision."""
    if alpha == 1:
        return softmax_oracle(v)
    s = np.longdouble(alpha - 1)
    gaps = s * (np.max(v, axis=-1, keepdims=True) - v)
    low = np.zeros_like(gaps[..., :1])
    high = low + 1  # the top weight to the power s

    def weights(u):
        return np.maximum(u - gaps, 0) ** (1 / s)

    for _ in range(70):
        middle = (low + high) / 2
        above = np.sum(weights(middle), axis=-1, keepdims=True) > 1
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    p = weights(high)
    return p / np.sum(p, axis=-1, keepdims=True)


def topk_oracle(v, k, reading):
    """Softmax over the k largest; the scores equal to the k-th share the places that are left."""
    level = np.sort(v, axis=-1)[..., -min(k, v.shape[-1])][..., None]
    places = k - np.sum(v > level, axis=-1, keepdims=True)
    share = np.where(
        v > level, 1, np.where(v == level, places / np.sum(v == level, axis=-1, keepdims=True), 0)
    )
    share = np.minimum(share, 1)
    e = np.exp(v - np.max(v, axis=-1, keepdims=True))
    return share * e / np.sum(e * (share if reading == "B" else 1), axis=-1, keepdims=True)


def oracle(kind, v):
    """Return the weights of float scores v (n, M) in extended precision."""
    v = np.asarray(v, dtype=np.longdouble)
    if kind[0] == "softmax":
        return softmax_oracle(v, kind[1])
    return entmax_oracle(v, kind[1]) if kind[0] == "entmax" else topk_oracle(v, *kind[1:])


def weights_of(kind):
    def weights(v, xp):
        with np.errstate(invalid="ignore", divide="ignore"):
            return oracle(kind, v).astype(v.dtype)

    return weights


def expected(kind, memories, query, beta):
    column = np.asarray(beta)[..., None]
    v = (column * (query @ memories.T)).astype(memories.dtype)
    return oracle(kind, v) @ memories.astype(np.longdouble)


def step(kind, memories, query, beta, **options):
    row_beta = np.asarray(beta)[None] if np.ndim(beta) else beta
    return kernels.step(kind, weights_of(kind), memories[None], query[None], row_beta, **options)[0]


def shrink(patch):
    """Make blocks so small that few memories and queries make many of them."""
    patch.setattr(kernels, "QUERIES", 3)
    patch.setattr(kernels, "MEMORIES", 7)
    patch.setattr(candidates, "_TOGETHER", 20)


@pytest.fixture
def tiny_blocks(monkeypatch):
    shrink(monkeypatch)


def grid(rng, m, d, n, dtype=float):
    """Coarse memories with ties, and queries."""
    draw = [rng.integers(-12, 13, size=shape) / 8 for shape in ((m, d), (n, d))]
    return draw[0].astype(dtype), draw[1].astype(dtype)


betas = st.sampled_from([0.0, 1e-300, 1e-3, 0.5, 1.0, 3.7, 20.0, 1e3, 1e300])
shapes = st.tuples(st.integers(1, 40), st.integers(1, 5), st.integers(1, 8), st.integers(0, 2**16))


@pytest.mark.parametrize("kind", STREAMS, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@quick
@given(shape=shapes, beta=betas, per_query=st.booleans())
def test_a_step_is_the_separation_of_all_scores(kind, dtype, shape, beta, per_query):
    m, d, n, seed = shape
    memories, query = grid(stream(seed, "kernels"), m, d, n, dtype)
    beta = dtype(min(beta, 1e30)) if dtype == np.float32 else beta
    beta = np.linspace(0.5, 1, n).astype(dtype) * dtype(beta) if per_query else beta
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        got = step(kind, memories, query, beta)
    assert got.dtype == dtype
    scale = np.max(np.linalg.norm(memories, axis=1))
    error = np.max(np.abs(got - expected(kind, memories, query, beta)))
    assert error <= 16 * np.finfo(dtype).eps * scale


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_many_blocks_of_real_size(kind):
    memories, query = grid(stream(1, "kernels"), 3001, 6, 10)
    for beta in (0.05, 3.0):
        error = np.abs(step(kind, memories, query, beta) - expected(kind, memories, query, beta))
        assert np.max(error) <= 64 * np.finfo(float).eps * np.max(np.linalg.norm(memories, axis=1))


@pytest.mark.parametrize("kind", STREAMS[2:7], ids=str)
def test_a_dominant_memory_is_returned_exactly(kind, tiny_blocks):
    rng = stream(2, "kernels")
    memories = np.eye(23)[rng.permutation(23)]
    query = memories[rng.permutation(23)] * 3 + 1
    # Scores of 1e300 and those that underflow one by one: nothing but the memory itself is left.
    for beta in (1e300, 400.0):
        assert np.array_equal(step(kind, memories, query, beta), (query - 1) / 3)


def test_a_margin_of_exactly_one_is_exact_retrieval(tiny_blocks):
    # 10 * 0.3 and 10 * 0.2 are 3 and 2 in floating point although 0.3 - 0.2 < 0.1.
    memories = np.array([[0.2], [0.3]])
    got = kernels.step(("entmax", 2), sparsemax, memories[None], np.ones((1, 4, 1)), 10.0)
    assert np.array_equal(got, np.full((1, 4, 1), 0.3))


@pytest.mark.parametrize("kind", [("softmax", 0), ("entmax", 1.5), ("entmax", 2), ("topk", 5, "B")], ids=str)
def test_copies_share_their_weight_across_blocks(kind, tiny_blocks):
    memories = np.tile([[1.0, 0.0], [-1.0, 0.5]], (30, 1))
    got = step(kind, memories, np.array([[1.0, 0.0]] * 5), 1e300)
    assert np.max(np.abs(got - [1.0, 0.0])) <= 1e-15


def test_weights_between_the_normal_numbers_and_zero_are_negligible(tiny_blocks):
    """exp underflows over the whole range of scores, maxima come late, and none of it disturbs the result."""
    memories = np.linspace(-1, 1, 60)[:, None]
    beta = 2.0 ** np.arange(5, 14)
    got = step(("softmax", 0), memories, np.ones((9, 1)), beta)
    assert np.max(np.abs(got - expected(("softmax", 0), memories, np.ones((9, 1)), beta))) <= 4e-15


def test_the_result_does_not_depend_on_the_number_of_threads():
    rng = stream(3, "kernels")
    memories, query = rng.standard_normal((3000, 16)), rng.standard_normal((700, 16))
    for variant in (DENSE, SPARSE):
        found = []
        for threads in (1, 2, 5):
            with threadpool_limits(threads, user_api="blas"):
                found.append(update(variant, memories, query, 2.0))
        assert np.array_equal(found[0], found[1])
        assert np.array_equal(found[0], found[2])


def test_the_number_of_blas_threads_is_left_as_it_was():
    memories, query = grid(stream(4, "kernels"), 50, 3, 20)
    with threadpool_limits(2, user_api="blas"):
        before = [library.num_threads for library in kernels._blas().lib_controllers]
        assert 2 in before
        step(("softmax", 0), memories, query, 1.0)
        assert [library.num_threads for library in kernels._blas().lib_controllers] == before


@pytest.mark.parametrize("kind", STREAMS[3:], ids=str)
def test_a_small_budget_costs_time_only(kind):
    memories, query = grid(stream(5, "kernels"), 200, 3, 16)
    whole = step(kind, memories, query, 0.1)
    parts = step(kind, memories, query, 0.1, budget=1)
    assert np.max(np.abs(whole - parts)) <= 8e-15


@pytest.mark.parametrize("variant", [DENSE, SPARSE], ids=lambda v: v.name)
@pytest.mark.parametrize("beta", [1e-3, 10.0])
def test_no_temporary_of_memories_times_queries(variant, beta):
    rng = stream(6, "kernels")
    memories, query = rng.standard_normal((20_000, 8)), rng.standard_normal((2000, 8))
    with threadpool_limits(1, user_api="blas"):
        tracemalloc.start()
        update(variant, memories, query, beta)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # All scores would take 320 MB. Dense supports (beta = 1e-3) may fill the budget.
    assert peak < (12 << 20 if beta > 1 else kernels.BUDGET + (32 << 20))


@quick
@given(
    st.integers(1, 30),
    st.integers(1, 30),
    st.sampled_from([1.1, 1.5, 2.0, 3.0]),
    st.integers(0, 10**6),
    betas,
)
def test_bounds_lie_below_the_threshold(seen, unseen, alpha, seed, beta):
    rng = stream(seed, "bounds")
    v = np.minimum(beta, 1e6) * rng.integers(-20, 21, size=(4, seen + unseen)) / 8
    p = oracle(("entmax", alpha), v)
    tops = np.concatenate([v[:, :seen], np.full((4, 2), -np.inf)], axis=1)
    bound = candidates.entmax_bound(tops, alpha)
    assert np.all((p == 0) | (v >= bound))
    assert np.all(bound >= np.max(v[:, :seen], axis=1, keepdims=True) - 1.001 / (alpha - 1) - 1e-9)
    if alpha <= 2:
        parts = [
            candidates._not_below(v[:, cut], bound, cut.start) for cut in (slice(0, seen), slice(seen, None))
        ]
        raised = candidates._entmax_raised(bound, candidates._joined(parts), alpha)
        assert np.all((p == 0) | (v >= raised))


@pytest.mark.parametrize("kind", STREAMS, ids=str)
def test_nan_stays_visible(kind, tiny_blocks):
    memories, query = grid(stream(7, "kernels"), 30, 3, 6)
    query[2, 1] = np.nan
    got = step(kind, memories, query, 1.0)
    assert np.all(np.isnan(got[2]))
    assert np.all(np.isfinite(np.delete(got, 2, axis=0)))


LAYOUTS = {
    "one set": ((50, 3), (11, 3), ()),
    "one set, beta per query": ((50, 3), (11, 3), (11,)),
    "one set, several betas a query": ((50, 3), (11, 1, 3), (11, 4)),
    "one set in four axes": ((1, 1, 50, 3), (1, 11, 3), ()),
    "sets": ((6, 1, 50, 3), (6, 11, 3), (6, 11)),
    "sets, the same queries": ((6, 1, 50, 3), (11, 3), ()),
    "own memories": ((11, 50, 3), (11, 3), ()),
}


@pytest.mark.parametrize("variant", [DENSE, SPARSE], ids=lambda v: v.name)
@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("fortran", [False, True])
def test_update_streams_every_layout(monkeypatch, variant, name, fortran):
    memories, query, beta = (stream(8, "kernels").standard_normal(shape) for shape in LAYOUTS[name])
    beta = np.exp(beta)
    memories = np.asfortranarray(memories) if fortran else memories
    plain = update(variant, memories, query, beta)
    calls = []
    real = kernels.step
    monkeypatch.setattr(base, "STREAM_FROM", 1)
    monkeypatch.setattr(kernels, "step", lambda *a: calls.append(a) or real(*a))
    got = update(variant, memories, query, beta)
    assert len(calls) == (name != "own memories")
    assert got.shape == plain.shape
    assert np.max(np.abs(got - plain)) <= 1e-14


def test_what_has_no_kernel_is_computed_in_blocks_of_queries(monkeypatch):
    memories, query = grid(stream(9, "kernels"), 40, 3, 30)
    sizes = []

    def weights(v, xp):
        sizes.append(v.shape[0] * v.shape[1])
        return SPARSE.weights(v, xp)

    plain = update(SPARSE, memories, query, 2.0)
    monkeypatch.setattr(base, "STREAM_FROM", 1)
    monkeypatch.setattr(base, "PLAIN", 200)
    cases = [
        (replace(SPARSE, weights=weights, stream=None), memories, query),
        (replace(SPARSE, weights=weights, stream=("topk", 10**6, "A", weights)), memories, query),
        (replace(SPARSE, weights=weights), *map(array_api_strict.asarray, (memories, query))),
    ]
    for model, one, other in cases:
        sizes.clear()
        got = np.asarray(update(model, one, other, 2.0))
        assert max(sizes) <= 200
        assert np.max(np.abs(got - plain)) <= 1e-15


def test_a_stream_that_is_no_kernel_is_refused():
    with pytest.raises(ValueError, match="expected softmax, entmax or topk"):
        kernels.step(("entmax", 0.5), sparsemax, np.ones((1, 2, 1)), np.ones((1, 2, 1)), 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dense", "sparse"])
def test_a_million_memories_fit_two_gibibytes(name):
    script = f"""
        import resource
        from simulations.streams import stream
        from simulations.variants import variant
        rng = stream(0, "million")
        memories, query = rng.standard_normal((1_000_000, 64)), rng.standard_normal((1000, 64))
        out = variant({name!r}).update(memories, query, 0.3)
        assert out.shape == (1000, 64)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 2 * 1024**2  # KiB


def test_a_model_with_other_weights_is_not_streamed_as_the_one_it_was_made_from() -> None:
    rng = stream(0, "other weights")
    memories, query = rng.standard_normal((2000, 3)), rng.standard_normal((300, 3))
    squared = replace(DENSE, weights=lambda v, xp: DENSE.weights(v * v, xp))
    assert len(memories) * len(query) > base.STREAM_FROM
    got = squared.update(memories, query, 2.0)
    scores = 2.0 * query[:5] @ memories.T
    np.testing.assert_allclose(got[:5], DENSE.weights(scores**2, np) @ memories, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "name", ["entmax:alpha=1.5", "entmax:alpha=1.25", "topk:k=5", "topk:k=5,reading=A", "softmax1"]
)
def test_every_streamed_member_agrees_with_the_plain_computation(name: str) -> None:
    model = find_variant(name)
    rng = stream(1, "members")
    memories, query = rng.standard_normal((1500, 4)), rng.standard_normal((200, 4))
    assert len(memories) * len(query) > base.STREAM_FROM
    for beta in (0.01, 1.0, 30.0):
        plain = replace(model, stream=None)
        np.testing.assert_allclose(
            model.update(memories, query, beta), plain.update(memories, query, beta), rtol=0, atol=1e-13
        )
