"""The kinds of values that stand in a run record, with what each of them refuses.

Nothing is converted: text is no number, a truth value is no integer. Numbers are finite.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, Strict, StringConstraints


def _plain_json(value: Any) -> Any:
    """Copy a value built of dicts with text keys, lists, tuples, text, finite numbers, bools and None."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("expected text as every key")
        return {_plain_json(key): _plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"expected a finite number, found {value}")
    if isinstance(value, str):
        value.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
        return value
    if value is None or isinstance(value, bool | int | float):
        return value
    raise ValueError(f"expected a JSON value, found {type(value).__name__}")


def _finite_or_null(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Integer = Annotated[int, Strict()]
Count = Annotated[int, Strict(), Field(ge=0)]
Flag = Annotated[bool, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Seconds = Annotated[float, Strict(), Field(allow_inf_nan=False, ge=0)]
Level = Annotated[float, Strict(), Field(allow_inf_nan=False, gt=0, lt=1)]
Share = Annotated[float, Strict(), Field(allow_inf_nan=False, ge=0, le=1)]
Measured = Annotated[Number | None, BeforeValidator(_finite_or_null)]
Json = Annotated[Any, BeforeValidator(_plain_json)]
Identifier = Annotated[str, StringConstraints(min_length=1)]
