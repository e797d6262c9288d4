"""Ensembles: what each recipe promises; and files of memories: every way in which they can be wrong."""

import io
import math
import os
import zipfile

import numpy as np
import pytest
from scipy import stats

from simulations import geometry
from simulations.ensembles import ENSEMBLES, fits
from simulations.memories_file import MemoryFileError, load_memories
from simulations.streams import stream

SIZES = [(1, 1), (2, 1), (3, 2), (5, 8), (10, 3)]


@pytest.mark.parametrize("name", list(ENSEMBLES))
@pytest.mark.parametrize(("M", "d"), SIZES)
def test_shape_norms_and_repeatability(name, M, d):
    if not fits(name, M, d):
        with pytest.raises(ValueError, match=name):
            ENSEMBLES[name](stream(1, name), 2, M, d)
        return
    x = ENSEMBLES[name](stream(1, name), 7, M, d, 1.5)
    assert x.shape == (7, M, d)
    assert x.dtype == np.float64
    np.testing.assert_array_equal(x, ENSEMBLES[name](stream(1, name), 7, M, d, 1.5))
    np.testing.assert_array_equal(x, 1.5 * ENSEMBLES[name](stream(1, name), 7, M, d))
    if name != "gaussian":
        assert np.max(np.linalg.norm(x, axis=-1)) <= 1.5 * (1 + 1e-12)


def test_unknown_parameters_and_kinds_are_refused():
    with pytest.raises(TypeError):
        ENSEMBLES["sphere"](stream(1), 1, 2, 2, spread=1)
    for name in ("unequal", "hull"):
        with pytest.raises(ValueError, match="kind"):
            ENSEMBLES[name](stream(1), 1, 3, 3, kind="odd")


def gram(x):
    return x @ np.swapaxes(x, -1, -2)


def test_orthonormal_and_simplex_gram_matrices():
    np.testing.assert_allclose(
        gram(ENSEMBLES["orthonormal"](stream(1), 4, 5, 7, 2.0)),
        np.broadcast_to(4 * np.eye(5), (4, 5, 5)),
        atol=1e-13,
    )
    for M, d in [(2, 1), (4, 3), (5, 9)]:
        expected = np.eye(M) * (1 + 1 / (M - 1)) - 1 / (M - 1)
        np.testing.assert_allclose(
            gram(ENSEMBLES["simplex"](stream(1), 3, M, d)), np.broadcast_to(expected, (3, M, M)), atol=1e-13
        )


def test_sphere_and_frames_are_uniform():
    # One coordinate of a uniform point of S^2 is uniform on [-1, 1] (Archimedes).
    for name, M in (
        ("sphere", 1),
        ("orthonormal", 2),
        ("simplex", 4),
        ("circle", 1),
        ("low_rank", 1),
        ("line", 1),
    ):
        x = ENSEMBLES[name](stream(2, name), 4000, M, 3)[:, -1]
        x = x / np.linalg.norm(x, axis=-1, keepdims=True)
        assert all(stats.kstest(x[:, k], "uniform", (-1, 2)).pvalue > 1e-4 for k in range(3)), name


def test_binary_gaussian_and_line():
    x = ENSEMBLES["binary"](stream(1), 50, 4, 9, 3.0)
    np.testing.assert_array_equal(np.unique(x), [-1.0, 1.0])
    assert abs(x.mean()) < 0.1
    g = ENSEMBLES["gaussian"](stream(1), 500, 4, 16, 2.0)
    assert np.mean(np.sum(g**2, axis=-1)) == pytest.approx(4.0, rel=0.05)
    assert np.all(np.linalg.matrix_rank(ENSEMBLES["line"](stream(1), 5, 6, 4)) == 1)


def test_antipodal_and_duplicates():
    x = ENSEMBLES["antipodal"](stream(1), 3, 5, 4)
    np.testing.assert_array_equal(x[:, 0], -x[:, 1])
    assert np.all(geometry.diameter(x) == pytest.approx(2.0))
    np.testing.assert_array_equal(*np.split(ENSEMBLES["duplicates"](stream(1), 3, 2, 4), 2, axis=1))
    near = ENSEMBLES["duplicates"](stream(1), 3, 4, 4, 2.0, eps=1e-9)
    np.testing.assert_allclose(geometry.half_min_distance(near), 1e-9, rtol=1e-6)


def test_circle_arcs():
    regular = ENSEMBLES["circle"](stream(1), 2, 6, 5, regular=True)
    np.testing.assert_allclose(geometry.min_angle(regular), math.pi / 3, rtol=1e-12)
    narrow = ENSEMBLES["circle"](stream(1), 20, 8, 3, arc=0.2)
    assert np.all(geometry.diameter(narrow) <= 2 * math.sin(0.1))
    two = ENSEMBLES["circle"](stream(1), 20, 8, 3, arc=0.2, sides=2)
    assert np.all(geometry.diameter(two) > 1.9)
    assert np.all(geometry.diameter(two[:, ::2]) <= 2 * math.sin(0.1))


def test_unequal_norms():
    free = np.linalg.norm(ENSEMBLES["unequal"](stream(1), 300, 4, 3, 4.0), axis=-1)
    assert 0.25 <= free.min() < 0.27
    assert 3.8 < free.max() <= 4.0
    assert np.all(np.linalg.matrix_rank(ENSEMBLES["unequal"](stream(1), 4, 5, 3, kind="collinear")) == 1)
    nested = ENSEMBLES["unequal"](stream(1), 4, 5, 3, kind="nested")
    assert np.all(np.linalg.matrix_rank(nested[:, :2]) == 1)
    assert np.all(np.linalg.matrix_rank(nested) == 3)


def test_clusters():
    x = ENSEMBLES["clusters"](stream(1), 5, 9, 6, spread=1e-3, size=3, count=2)
    np.testing.assert_allclose(np.linalg.norm(x, axis=-1), 1.0, rtol=1e-12)
    assert np.all(geometry.diameter(x[:, :3]) < 2.1e-3)
    assert np.all(geometry.diameter(x[:, 3:6]) < 2.1e-3)
    assert np.all(geometry.half_min_distance(x[:, [0, 3, 6, 7, 8]]) > 0.05)
    exact = ENSEMBLES["clusters"](stream(1), 2, 4, 3, spread=0.0)
    assert np.all(geometry.diameter(exact) < 1e-15)


def test_low_rank_and_hull():
    assert np.all(np.linalg.matrix_rank(ENSEMBLES["low_rank"](stream(1), 4, 8, 6, rank=3)) == 3)
    x = ENSEMBLES["hull"](stream(1), 4, 3, 5)
    a, b, inside = x[:, 0], x[:, 1], x[:, 2]
    assert np.all(
        np.linalg.norm(inside - a, axis=-1) + np.linalg.norm(inside - b, axis=-1)
        < np.linalg.norm(a - b, axis=-1) + 1e-12
    )
    assert np.all(ENSEMBLES["hull"](stream(1), 4, 3, 5, kind="zero")[:, -1] == 0)


@pytest.mark.parametrize(
    ("M", "d", "cosine"),
    [(4, 3, -1 / 3), (6, 3, 0.0), (12, 3, 1 / math.sqrt(5)), (9, 2, math.cos(2 * math.pi / 9))],
)
def test_codes_come_near_the_optimal_ones_and_never_beat_them(M, d, cosine):
    found = np.cos(geometry.min_angle(ENSEMBLES["code"](stream(1, "code"), 4, M, d)))
    assert np.all(found >= cosine - 1e-12)
    assert found.min() < cosine + 0.05


def test_code_improves_on_its_random_start():
    start = ENSEMBLES["code"](stream(1), 3, 20, 5, steps=0)
    assert np.all(
        geometry.min_angle(ENSEMBLES["code"](stream(1), 3, 20, 5)) > 1.5 * geometry.min_angle(start)
    )


TABLE = np.array([[1.0, 2.0], [3.0, -4.5], [0.0, 1e-3]])


def refused(path, *words, **options):
    with pytest.raises(MemoryFileError) as caught:
        load_memories(path, **options)
    text = str(caught.value)
    assert str(path) in text
    assert "expected" in text
    assert "\n" not in text
    for word in words:
        assert word in text, text


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "i2", "u1"])
def test_npy_and_npz(tmp_path, dtype, order):
    table = np.array([[1, 2], [3, 4], [0, 9]], dtype=dtype, order=order)
    np.save(tmp_path / "a.npy", table)
    np.savez_compressed(tmp_path / "a.npz", table)
    for name in ("a.npy", "a.npz"):
        got = load_memories(tmp_path / name)
        assert got.dtype == np.float64
        assert got.flags.writeable
        np.testing.assert_array_equal(got, table.astype(float))


def test_csv(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\ufeff# two memories\n1, 2\n\n3,-4.5e0\n0,1e-3\n", encoding="utf-8")
    np.testing.assert_array_equal(load_memories(str(path)), TABLE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("# only a remark\n", ["empty"]),
        ("x,y\n1,2\n", ["row 1, column 1", "'x'"]),
        ("1,2\n3,\n", ["row 2, column 2"]),
        ("1,2\n3\n", ["row 2 has 1", "first has 2"]),
        ("1,2\n3,nan\n", ["row 2, column 2 is nan"]),
        ("inf,2\n3,nan\n", ["row 1, column 1 is inf", "1 more"]),
        ("1_0,2\n", ["'1_0'"]),
        ("1;2\n", ["'1;2'"]),
        ('"1,2\n', ["comma-separated"]),
    ],
)
def test_bad_csv(tmp_path, text, words):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    refused(path, *words)


def test_csv_that_is_not_text(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_bytes(b"\xff\xfe1\x00,\x002\x00")
    refused(path, "UTF-8")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones(3), ["(3,)", "1 axes"]),
        (np.ones((2, 2, 2)), ["3 axes"]),
        (np.float64(1.0), ["()"]),
        (np.ones((0, 4)), ["empty"]),
        (np.ones((4, 0)), ["empty"]),
        (np.array([[1.0, np.nan]]), ["row 1, column 2 is nan"]),
        (np.ones((2, 2), dtype=complex), ["complex128"]),
        (np.ones((2, 2), dtype=bool), ["bool"]),
        (np.array([["a", "b"]]), ["<U1"]),
        (np.array([[{}, 1]], dtype=object), ["pickle"]),
        (np.zeros((1, 2), dtype=[("ξ", "f8")]), ["version"]),
    ],
)
@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")
def test_bad_arrays(tmp_path, array, words):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    refused(tmp_path / "a.npy", *words)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.write(tmp_path / "a.npy", "arr_0.npy")
    refused(tmp_path / "a.npz", *words)


class Trap:
    """Unpickling this would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickle_is_never_opened(tmp_path):
    trap = np.empty((1, 1), dtype=object)
    trap[0, 0] = Trap(tmp_path / "sprung")
    np.save(tmp_path / "a.npy", trap, allow_pickle=True)
    refused(tmp_path / "a.npy", "pickle")
    assert not (tmp_path / "sprung").exists()


def npy_header(shape):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.getvalue()


def test_declared_sizes_are_not_believed(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(npy_header((10**12, 10**6)) + b"\0" * 64)
    refused(path, "over the limit")
    path.write_bytes(npy_header((100, 2)) + b"\0" * 64)
    refused(path, "only")
    np.save(path, TABLE)
    path.write_bytes(path.read_bytes()[:-8])
    refused(path, "cut short: 40 of 48")
    path.write_bytes(b"\x93NUMPY\x01\x00\xff\xff{'descr'")
    refused(path, "header")
    path.write_bytes(npy_header((-2, -1)) + b"\0" * 64)
    refused(path)
    path.write_bytes(b"")
    refused(path, "header")
    np.save(path, TABLE)
    refused(path, "over the limit of 10", max_bytes=10)


def test_bad_archives(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, one=TABLE, two=TABLE)
    refused(path, "2 entries", "one.npy")
    path.write_bytes(b"PK not a zip")
    refused(path, "not a readable .npz")
    np.savez(path, TABLE)
    data = bytearray(path.read_bytes())
    at = data.index(TABLE.tobytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))
    refused(path, "CRC")
    np.savez_compressed(path, np.zeros((2000, 2000)))
    assert path.stat().st_size < 50_000
    refused(path, "unpacks to 32000128 bytes", max_bytes=1_000_000)


def test_things_that_are_no_memory_files(tmp_path):
    refused(tmp_path / "missing.npy", "No such file")
    refused(tmp_path / "a.txt", "'.txt'")
    (tmp_path / "d.npy").mkdir()
    refused(tmp_path / "d.npy", "directory")
    os.mkfifo(tmp_path / "pipe.csv")
    refused(tmp_path / "pipe.csv", "regular file")
