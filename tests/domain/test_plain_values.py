"""Values of a notebook become those of Python, all others stay what they are."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from foretaste.domain.data import Request
from foretaste.domain.plain_values import plain_value


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.int64(2), 2),
        (np.float32(0.5), 0.5),
        (np.array(["a", "b"]), ["a", "b"]),
        (pd.Series([1, 2]), [1, 2]),
        (pl.Series(["a"]), ["a"]),
        ({"year": {"lt": np.int16(1980)}}, {"year": {"lt": 1980}}),
        ([{"pin": "a", "at": np.int64(1)}], [{"pin": "a", "at": 1}]),
        (("a", np.bool_(True)), ("a", True)),
    ],
)
def test_numbers_and_arrays(value: Any, plain: Any) -> None:
    made_plain = plain_value(value)
    assert made_plain == plain
    assert type(made_plain) is type(plain)


@pytest.mark.parametrize("value", ["a", 2, None, {"a": ["b"]}, ("a", 1.5), object()])
def test_what_is_plain_stays_itself(value: Any) -> None:
    assert plain_value(value) is value


def test_a_question() -> None:
    fields: dict[str, Any] = {"n": np.int64(3), "explore": np.float32(0)}
    question = Request(filter={"genre": np.array(["a", "b"])}, **fields)
    assert (type(question.n), type(question.explore)) == (int, float)
    assert question.filter == {"genre": ["a", "b"]}
