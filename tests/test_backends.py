"""Backends: every variant on every library, the same verdicts, and a parity statement that can fail."""

from __future__ import annotations

import dataclasses
import math
import multiprocessing

import numpy as np
import pytest

from simulations import events
from simulations.backends import NUMPY, Backend, BackendError
from simulations.retrieval import settle
from simulations.streams import device_stream, stream
from simulations.variants import FAMILIES, Variant, base, variant
from verify import tasks
from verify.checkers import forall, probability
from verify.chunks import start as start_chunks
from verify.context import Context
from verify.decide import decide
from verify.instances import Instances
from verify.margins import margins
from verify.papers import catalogue
from verify.runner import Settings, choose_backend, execute, task_key
from verify.store import ResultStore
from verify.tasks import Task
from verify.vocabulary import (
    Delta_x,
    E_x,
    J_norm,
    M,
    beta,
    err,
    err_star,
    measure,
    measure_log,
    norm,
    overlaps,
    step,
)

LIBRARIES = [
    ("numpy", "cpu"),
    ("array-api-strict", "device1"),
    ("torch", "cpu"),
    pytest.param("torch", "cuda", marks=pytest.mark.gpu),
]
DTYPES = ["float64", "float32"]
ON_ARRAYS = [name for name in FAMILIES if "arrays" in variant(name).supports]


def backend_of(name: str, device: str, dtype: str = "float64") -> Backend:
    """The backend, or a skip where its library or device is missing."""
    if name == "torch":
        torch = pytest.importorskip("torch")
        if device == "cuda" and not torch.cuda.is_available():
            pytest.skip("no CUDA device")
    return Backend(name, device, dtype)


def instances(model: str, dtype: str = "float64", size: int = 40, d: int = 5, count: int = 12) -> Instances:
    """Read-only memory sets, queries near and far, temperatures from no memory to exact retrieval.

    All numbers are representable in ``dtype``, so that only the arithmetic differs; spin models get +-1.
    """
    rng = stream(3, "backends", d, count)
    memories = rng.standard_normal((size, count, d))
    target = rng.integers(0, count, size)
    noise = rng.choice([0.0, 0.3, 3.0], (size, 1)) * rng.standard_normal((size, d))
    query = memories[np.arange(size), target] + noise
    if "spins" in variant(model).supports:
        memories, query = np.sign(memories), np.sign(query)
    beta = rng.choice([1e-3, 0.1, 1.0, 10.0], size)
    rounded = [a.astype(dtype).astype(float) for a in (memories, query, beta)]
    for a in (*rounded, target):
        a.flags.writeable = False
    return Instances(size, memories=rounded[0], query=rounded[1], beta=rounded[2], target=target, model=model)


def on(batch: Instances, backend: Backend) -> Instances:
    moved = batch.with_query(batch.query)
    moved.backend = backend
    return moved


def allowance(b: Instances, model, epsilon: float):
    """What rounding may do to scores, weights and sums of this batch, relative to m; and m, both (B,)."""
    m = np.max(np.linalg.norm(b.memories, axis=-1), axis=-1)
    sigma = b.beta * m * np.maximum(np.linalg.norm(b.query, axis=-1), m)
    count, d = b.memories.shape[-2:]
    steep = max(1.0, getattr(model, "lipschitz", None) or 1.0)
    return 8 * epsilon * (count + d) * (1 + steep * sigma * math.sqrt(count)), m


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("library", "device"), [("array-api-strict", "cpu"), LIBRARIES[0], *LIBRARIES[2:]])
@pytest.mark.parametrize("name", ON_ARRAYS)
def test_every_variant_agrees_with_numpy_within_the_forward_error(name, library, device, dtype):
    backend, model = backend_of(library, device, dtype), variant(name)
    host = instances(name, dtype)
    share, m = allowance(host, model, backend.epsilon)
    xi, x, b, mu = host.arrays(backend)
    expected = model.update(host.memories, host.query, host.beta)
    found = backend.host(model.update(xi, x, b))
    assert found.dtype == np.float64
    assert np.all(np.linalg.norm(found - expected, axis=-1) <= share * m)
    if model.energy is not None:
        there, here = backend.host(model.energy(xi, x, b)), model.energy(host.memories, host.query, host.beta)
        # An energy may be infinite, and coarser floats may see that earlier.
        finite = np.isfinite(there) & np.isfinite(here)
        assert np.mean(finite) > 0.3
        there, here = np.where(finite, there, 0.0), np.where(finite, here, 0.0)
        room = share * (m**2 + np.sum(host.query**2, axis=-1) + 1 / host.beta)
        assert np.all(np.abs(there - here) <= room)
    if isinstance(model, Variant):
        logs = model.log_weights(model.scores(host.memories, host.query, host.beta), np)
        weights = backend.host(model.weights(model.scores(xi, x, b), backend.xp))
        assert np.all(np.abs(weights - np.exp(logs)) <= share[:, None])
        error = backend.host(base.retrieval_error(model, xi, x, b, mu))
        exact = base.retrieval_error(model, host.memories, host.query, host.beta, host.target)
        assert np.all(np.abs(error - exact) <= 2 * share * m)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("library", "device"), LIBRARIES)
def test_kernels_of_the_vocabulary_come_back_as_numpy(library, device, dtype):
    backend = backend_of(library, device, dtype)
    for name in ("dense", "sparse"):
        host, moved = instances(name), on(instances(name), backend)
        tolerance = 1e4 * backend.epsilon
        for symbol in (err, E_x, J_norm, step, err_star):
            a, b = measure(host, symbol), measure(moved, symbol)
            assert isinstance(b, np.ndarray)
            assert b.dtype == np.float64
            np.testing.assert_allclose(b, a, rtol=100 * tolerance, atol=tolerance * (1 + np.max(np.abs(a))))
        np.testing.assert_allclose(overlaps(moved), overlaps(host), atol=tolerance)
        logs = measure_log(host, err)
        np.testing.assert_allclose(measure_log(moved, err), logs, rtol=tolerance, atol=300 * tolerance)


def test_the_default_backend_copies_nothing_and_changes_no_bit():
    host = instances("dense")
    assert host.arrays(NUMPY)[0] is host.memories
    assert NUMPY.array(host.memories) is host.memories
    assert NUMPY.host(host.memories) is host.memories
    direct = base.update(variant("dense"), host.memories, host.query, host.beta)
    assert np.array_equal(measure(host, step), norm(direct - host.query))


def test_memories_shared_by_all_instances_travel_once():
    rng = stream(4, "shared")
    xi = np.broadcast_to(rng.standard_normal((1, 6, 3)), (8, 6, 3))
    host = Instances(
        8, memories=xi, query=rng.standard_normal((8, 3)), beta=np.ones(8), target=np.arange(8) % 6
    )
    moved = on(host, Backend("array-api-strict"))
    assert moved.arrays(moved.backend)[0].shape == (1, 6, 3)
    for symbol in (err, E_x, J_norm, step):
        np.testing.assert_allclose(measure(moved, symbol), measure(host, symbol), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("library", "device"), LIBRARIES)
def test_the_iteration_settles_where_numpy_settles(library, device):
    backend = backend_of(library, device, "float32")
    for name in ("dense", "sparse"):
        host = instances(name, size=20)
        # beta m^2 about 1: steps are many, and the Newton polish has work to do.
        beta = 1.1 / np.max(np.sum(host.memories**2, axis=-1), axis=-1)
        mine = settle(variant(name), host.memories, host.query, beta, 4096)
        other = settle(variant(name), host.memories, host.query, beta, 4096, backend)
        assert np.array_equal(other.converged, mine.converged)
        np.testing.assert_allclose(other.state, mine.state, atol=1e-7)


# -- verdicts --------------------------------------------------------------------------------------------

SMALL = ((1, 2), (2, 2), (2, 3), (5, 10))
RUN = (
    ("restated.one-update-margin", "not refuted"),
    ("restated.sparse-energy", "not refuted"),
    ("hu2023.thm2.2-sparse-vs-dense", "refuted"),
)


def verdict(statement, context):
    evidence = forall.check(statement, context)
    return decide(evidence, math.log(1e6)).verdict, evidence


def small(identifier):
    statement = catalogue()[identifier]
    arena = dataclasses.replace(statement.arena, sizes=SMALL, search=False)
    return dataclasses.replace(statement, arena=arena)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("library", "device"), LIBRARIES)
@pytest.mark.parametrize(("identifier", "expected"), RUN)
def test_verdicts_do_not_depend_on_the_backend(identifier, expected, library, device, dtype):
    context = Context(backend=backend_of(library, device, dtype))
    found, evidence = verdict(small(identifier), context)
    assert found == expected
    assert all(c.caught for c in evidence.controls)
    if found == "not refuted":
        reference = verdict(small(identifier), Context())[1].parts[0]
        assert evidence.parts[0].admissible == reference.admissible
        assert evidence.parts[0].log_ratio == pytest.approx(reference.log_ratio, abs=1e-9)


def test_coarse_floats_clear_instances_but_never_accuse_one():
    from sympy import Le, exp

    backend = Backend(dtype="float32")
    batch = instances("dense")
    eps = (M - 1) * exp(-beta * Delta_x)
    # err against the true, nearly attained bound: what float32 alone would say is compared with what is said.
    relation = Le(err, 2 * eps)
    fine = margins(relation, on(batch, NUMPY))
    coarse = margins(relation, on(batch, backend))
    assert coarse.tolerance == fine.tolerance
    near = coarse.excess > -0.1
    np.testing.assert_array_equal(coarse.excess[near], fine.excess[near])
    np.testing.assert_array_equal(np.sign(coarse.excess), np.sign(fine.excess))
    assert np.any(coarse.excess != fine.excess)  # the others were left to float32


# -- the parity statement ---------------------------------------------------------------------------------

PARITY = catalogue()["numerics.parity-update"]


def parity(backend):
    # Temperatures that float16 can hold.
    arena = dataclasses.replace(
        PARITY.arena, sizes=((1, 2), (2, 3), (5, 10)), beta_m2=(0.1, 1.0, 10.0, 100.0)
    )
    return verdict(dataclasses.replace(PARITY, arena=arena), Context(backend=backend))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("library", "device"), LIBRARIES)
def test_floats_keep_to_their_forward_error_bound(library, device, dtype):
    found, evidence = parity(backend_of(library, device, dtype))
    assert found == "not refuted"
    assert all(c.caught for c in evidence.controls)
    assert {"dense", "sparse"} <= {p.name for p in evidence.parts}


class Half(Backend):
    """Says float32 and computes in float16."""

    def array(self, host):
        known = np.asarray(host)
        return known.astype(np.float16) if known.dtype.kind == "f" else known


class Blurred(Backend):
    """Float64 whose inputs lose their last 12 bits on the way to the device."""

    def array(self, host):
        known = np.asarray(host)
        return known * (1 + 2.0**-40) if known.dtype.kind == "f" else known


@pytest.mark.parametrize("wrong", [Half("numpy", "cpu", "float32"), Blurred()])
def test_a_backend_that_computes_worse_than_it_says_is_refuted(wrong):
    found, evidence = parity(wrong)
    assert found == "refuted"
    assert all(p.witness is not None and p.witness.certified for p in evidence.parts[:2])


# -- random events ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("library", "device"), LIBRARIES)
def test_events_see_the_same_host_draws(library, device):
    cases = {
        events.min_angle_below: {"d": 4, "M": 6, "theta": 0.5},
        events.not_all_exact_fixed: {"d": 5, "M": 8, "m": 1.0, "beta": 4.0},
        events.not_all_stored: {"model": "dense", "d": 4, "M": 5, "m": 1.0, "beta": 12.0},
        events.separated_not_stored: {
            "model": "sparse", "d": 4, "M": 5, "m": 1.0, "beta": 2.0, "theta": 0.4,
        },
    }  # fmt: skip
    for event, arguments in cases.items():
        expected = event(stream(1, "e"), 60, **arguments)
        assert {0, 1} <= set(expected.tolist())
        for dtype in DTYPES:
            backend = backend_of(library, device, dtype)
            found = event(stream(1, "e"), 60, **arguments, backend=backend)
            assert np.all((found == expected) | (found == -1))
            assert np.mean(found == expected) > 0.9
            if dtype == "float64":
                np.testing.assert_array_equal(found, expected)


def test_a_draw_within_the_forward_error_of_float32_is_undecided():
    draws = events.sphere(stream(2, "edge"), 1, 5, 4, m=1.0)
    cosine = events._largest_cosine(draws, NUMPY)[0]
    for offset, expected in ((1e-8, (1, -1)), (-1e-8, (0, -1)), (1e-4, (1, 1)), (-1e-4, (0, 0))):
        theta = math.acos(cosine) + offset
        pair = tuple(
            int(events.min_angle_below(stream(2, "edge"), 1, d=4, M=5, theta=theta, backend=b)[0])
            for b in (NUMPY, Backend(dtype="float32"))
        )
        assert pair == expected


# -- device streams -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("library", "device"), LIBRARIES)
def test_device_streams_are_reproducible_uniform_and_never_the_host_stream(library, device):
    backend = backend_of(library, device, "float32")

    def draw(*name):
        return backend.host(device_stream(backend, 5, *name).sphere(400, 3, 4, 2.0))

    first = draw("a", 1)
    assert np.array_equal(first, draw("a", 1))
    assert not np.any(first == draw("a", 2))
    assert not np.any(first == events.sphere(stream(5, "a", 1), 400, 3, 4, m=2.0))
    np.testing.assert_allclose(np.linalg.norm(first, axis=-1), 2.0, rtol=1e-14)
    # Uniform: coordinates have mean 0 and second moment m^2/d; 1200 points, six standard errors.
    points = first.reshape(-1, 4)
    assert np.all(np.abs(points.mean(axis=0)) < 6 / math.sqrt(1200))
    assert np.all(np.abs((points.T @ points) / 1200 - np.eye(4)) < 6 * math.sqrt(2 / 1200))


@pytest.mark.parametrize(("library", "device"), LIBRARIES)
def test_device_draws_answer_the_same_question(library, device):
    backend = backend_of(library, device)
    arguments = {"d": 4, "M": 6, "theta": 0.5}
    host = events.min_angle_below(stream(1, "q"), 4000, **arguments)
    moved = events.min_angle_below(
        stream(1, "q"), 4000, **arguments, backend=backend, device=device_stream(backend, 1, "q")
    )
    assert not np.array_equal(host, moved)
    assert abs(host.mean() - moved.mean()) < 6 * math.sqrt(2 * 0.25 / 4000)
    stored = {"model": "dense", "d": 4, "M": 5, "m": 1.0, "beta": 12.0}
    found = events.not_all_stored(
        stream(1, "s"), 60, **stored, backend=backend, device=device_stream(backend, 1, "s")
    )
    assert {0, 1} <= set(found.tolist())


def test_chunks_drawn_on_the_device_carry_its_tag():
    seen = []

    def spy(source, trials, *, backend, device=None):
        seen.append((source.random(), backend, device))
        return np.zeros(trials, dtype=np.int8)

    for draws in ("host", "device"):
        context = Context(seed=9, backend=Backend("array-api-strict"), draws=draws)
        probability.draw(spy, context, ("spy", "0"), 3, {})
    assert seen[0][0] == stream(9, "spy", "0").random()
    assert seen[1][0] == stream(9, "device", "spy", "0").random()
    assert seen[0][2] is None
    assert seen[1][2].backend == Backend("array-api-strict")


# -- choosing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("tensorflow", "cpu", "float64"), "backend 'tensorflow': expected one of numpy, torch"),
        (("numpy", "cuda", "float64"), "device 'cuda': expected cpu, the only device of NumPy"),
        (("numpy", "cpu", "float16"), "dtype 'float16': expected one of float64, float32"),
        (("array-api-strict", "device9", "float64"), "device 'device9': expected cpu, device1"),
        (("array-api-strict", "cpu,device1", "float64"), "expected devices of one kind"),
    ],
)
def test_a_backend_that_cannot_be_had_is_one_sentence(arguments, sentence):
    with pytest.raises(BackendError, match="expected") as caught:
        choose_backend(*arguments)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_torch_without_cuda_says_so_and_float32_products_are_not_tf32():
    torch = pytest.importorskip("torch")
    Backend("torch", "cpu", "float32")
    assert torch.get_float32_matmul_precision() == "highest"
    with pytest.raises(BackendError, match="expected cpu, cuda or cuda:N"):
        Backend("torch", "tpu")
    with pytest.raises(BackendError, match="expected a CUDA device"):
        Backend("torch", "cuda:99")


def test_a_library_that_is_not_installed_is_one_sentence(monkeypatch):
    import importlib

    from simulations import backends

    real = importlib.import_module

    def without(name, *rest):
        if name == "cupy":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(backends.importlib, "import_module", without)
    with pytest.raises(BackendError, match="expected the package cupy, found it not installed"):
        Backend("cupy", "cuda")


# -- runs -------------------------------------------------------------------------------------------------

TASK = Task("restated.sparse-energy", "", "quick", 0, "", (), 1.0)


def test_results_are_kept_apart_by_library_type_and_draws_but_not_by_device_number():
    strict = [Backend("array-api-strict", d) for d in ("device1", "device2")]
    keys = [
        task_key(dataclasses.replace(TASK, backend=b, draws=draws))
        for b, draws in (
            (NUMPY, "host"), (NUMPY, "device"), (Backend(dtype="float32"), "host"),
            (strict[0], "host"), (strict[1], "host"),
        )
    ]  # fmt: skip
    assert len(set(keys)) == 4
    assert keys[3] == keys[4]


def test_each_worker_takes_a_device(monkeypatch):
    monkeypatch.setattr(tasks, "_pinned", None)
    monkeypatch.setattr(tasks.signal, "signal", lambda *a: None)
    queue = multiprocessing.get_context("spawn").SimpleQueue()
    for device in ("device1", "device2"):
        queue.put(device)
    task = dataclasses.replace(TASK, backend=Backend("array-api-strict", "device1"))
    chunks = multiprocessing.get_context("spawn").Queue()
    seen = []
    for _ in range(2):
        tasks.prepare_worker({}, chunks, queue)
        seen.append(tasks.context_of(task).backend.device)
    assert seen == ["device1", "device2"]
    queue.close()
    tasks.prepare_worker({}, chunks)
    assert tasks.context_of(task).backend.device == "device1"
    start_chunks({}, None)
    chunks.close()


USER = """
from sympy import Le, exp
from verify import *
from verify.vocabulary import Delta_x, M, beta, err, m
eps = (M - 1) * exp(-beta * Delta_x)
def make(name, relation):
    return Inequality(id="user." + name, title=name, source=Source("user", "test"), provenance="derived",
        arena=Patterns(min_memories=2, sizes=((2, 2), (2, 3)), search=False), controls=(scaled("9/10"),),
        parts=(Part("error", relation, trivial=2 * m),))
TRUE = make("true", Le(err, 2 * m * eps / (1 + eps)))
FALSE = make("false", Le(err, m * eps / (1 + eps)))
"""


def test_several_devices_run_through_one_executor_and_give_the_same_record(tmp_path):
    from verify.loader import select

    (tmp_path / "mine.py").write_text(USER)
    chosen = select([str(tmp_path / "mine.py")])
    records = []
    for devices in (("device1",), ("device1", "device2")):
        out = tmp_path / str(len(devices))
        out.mkdir()
        backend = Backend("array-api-strict", devices[0], "float32")
        settings = Settings(backend=backend, devices=devices)
        records.append(execute(chosen, settings, out).record)
        with ResultStore(out / "results.sqlite") as store:
            plan = [dataclasses.replace(TASK, id=i, file=str(tmp_path / "mine.py")) for i in chosen]
            plan = [dataclasses.replace(t, backend=backend, threshold=math.log(1e3)) for t in plan]
            used = {store.get(task_key(t))["device"] for t in plan}
        assert used <= set(devices)
    assert [s.verdict for s in records[0].statements] == ["not refuted", "refuted"]
    assert records[0].statements == records[1].statements
    assert (records[1].backend, records[1].dtype, records[1].device) == (
        "array-api-strict",
        "float32",
        "device1,device2",
    )
    assert "array-api-strict" in records[1].machine.versions
