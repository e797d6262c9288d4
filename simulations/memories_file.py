"""Read a user's memories from a file, or say in one sentence what is wrong with it."""

import csv
import math
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

EXPECTED = "expected a table of finite real numbers with one memory per row"
KINDS = (".npy", ".npz", ".csv")


class MemoryFileError(ValueError):
    """The file cannot serve as memories; the message names the file, what was expected and what was found."""


def load_memories(path: str | Path, max_bytes: int = 1 << 31) -> NDArray[np.float64]:
    """Return the memories in a .npy, .npz (one array) or .csv file as a float64 array (M, d).

    Nothing is unpickled. The size that a header declares is checked against ``max_bytes`` and against
    the bytes present before any memory is allocated for it.

    Raises:
        MemoryFileError: the file is missing, unreadable, cut short, too large, of another kind or
            shape, or holds anything but finite real numbers.
    """
    path = Path(path)
    try:
        if path.suffix.lower() not in KINDS:
            raise _problem(path, f"its name ends in {path.suffix!r}, not in {', '.join(KINDS)}")
        if path.is_dir():
            raise _problem(path, "it is a directory")
        if path.exists() and not path.is_file():
            raise _problem(path, "it is not a regular file")
        if (size := path.stat().st_size) > max_bytes:
            raise _problem(path, f"it has {size} bytes, over the limit of {max_bytes}")
        read = {".npy": _npy, ".npz": _npz, ".csv": _csv}[path.suffix.lower()]
        return _checked(path, read(path, max_bytes))
    except OSError as error:
        raise _problem(path, f"it cannot be read ({error.strerror or error})") from None
    except MemoryError:
        raise _problem(path, "it does not fit into memory") from None


def _problem(path: Path, found: str) -> MemoryFileError:
    return MemoryFileError(f"{path}: {EXPECTED}, but {found}")


def _npy(path: Path, max_bytes: int) -> NDArray[Any]:
    with path.open("rb") as file:
        return _array(path, file, path.stat().st_size, max_bytes)


def _npz(path: Path, max_bytes: int) -> NDArray[Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1 or not names[0].endswith(".npy"):
                listed = ", ".join(names[:5]) or "nothing"
                raise _problem(
                    path, f"the archive holds {len(names)} entries ({listed}) instead of one array"
                )
            info = archive.getinfo(names[0])
            if info.file_size > max_bytes:
                raise _problem(path, f"it unpacks to {info.file_size} bytes, over the limit of {max_bytes}")
            with archive.open(info) as file:
                return _array(path, file, info.file_size, max_bytes)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _problem(path, f"it is not a readable .npz archive ({error})") from None


def _array(path: Path, file: IO[bytes], size: int, max_bytes: int) -> NDArray[Any]:
    """Read one .npy stream of ``size`` bytes, header first."""
    try:
        version = np.lib.format.read_magic(file)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in header:
            raise _problem(path, f"its .npy format version is {version[0]}.{version[1]}, not 1.0 or 2.0")
        shape, fortran, dtype = header[version](file)
    except MemoryFileError:
        raise
    except (ValueError, TypeError, SyntaxError, KeyError, RecursionError):
        raise _problem(path, "its .npy header is damaged or missing") from None
    if dtype.kind not in "fiu":
        what = "Python objects (a pickle)" if dtype.hasobject else f"values of type {dtype}"
        raise _problem(path, f"it holds {what}")
    _check_shape(path, shape)
    bytes_needed = math.prod(shape) * dtype.itemsize
    if bytes_needed > max_bytes:
        raise _problem(path, f"its shape {shape} needs {bytes_needed} bytes, over the limit of {max_bytes}")
    if bytes_needed > size:
        raise _problem(path, f"its shape {shape} needs {bytes_needed} bytes and only {size} are there")
    data = file.read(bytes_needed)
    if len(data) < bytes_needed:
        raise _problem(path, f"it is cut short: {len(data)} of {bytes_needed} bytes of data")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _check_shape(path: Path, shape: tuple[int, ...]) -> None:
    if len(shape) != 2:
        raise _problem(path, f"it holds an array of shape {shape}, which has {len(shape)} axes and not 2")
    if shape[0] < 1 or shape[1] < 1:
        raise _problem(path, f"it is empty (shape {shape})")


def _csv(path: Path, max_bytes: int) -> NDArray[Any]:
    rows: list[list[float]] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for fields in csv.reader(file, strict=True):
                if not fields or fields[0].lstrip().startswith("#"):
                    continue
                rows.append(_numbers(path, fields, len(rows) + 1))
                if len(rows[-1]) != len(rows[0]):
                    raise _problem(
                        path, f"row {len(rows)} has {len(rows[-1])} numbers and the first has {len(rows[0])}"
                    )
    except UnicodeDecodeError:
        raise _problem(path, "it is not UTF-8 text") from None
    except csv.Error as error:
        raise _problem(path, f"it is not comma-separated text ({error})") from None
    if not rows:
        raise _problem(path, "it is empty")
    return np.array(rows, dtype=np.float64)


def _numbers(path: Path, fields: list[str], row: int) -> list[float]:
    numbers = []
    for column, field in enumerate(fields, start=1):
        try:
            # Python's int-like spelling 1_000 is no number to any other reader of CSV.
            if "_" in field:
                raise ValueError
            numbers.append(float(field))
        except ValueError:
            raise _problem(path, f"row {row}, column {column} is {field[:40]!r}") from None
    return numbers


def _checked(path: Path, array: NDArray[Any]) -> NDArray[np.float64]:
    _check_shape(path, array.shape)
    with np.errstate(over="ignore"):  # a long double beyond float64 becomes inf and is reported below
        memories = np.array(array, dtype=np.float64, order="C")
    bad = np.argwhere(~np.isfinite(memories))
    if len(bad):
        row, column = bad[0]
        found = f"row {row + 1}, column {column + 1} is {memories[row, column]}"
        raise _problem(path, f"{found} (and {len(bad) - 1} more)" if len(bad) > 1 else found)
    return memories
