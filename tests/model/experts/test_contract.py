"""The contract, for every expert there is: one in `EXPERTS` is tested by being there."""

from collections.abc import Callable
from typing import Any

import pytest

from foretaste.model.experts import EXPERTS as ALL
from foretaste.model.experts.language import LanguageExpert
from foretaste.model.product import ProductOfExperts

from ..world import World
from .contract import CountingContract, ExpertContract, ReadingContract

EXPERTS = [
    kind for kind in ALL if kind is not LanguageExpert
]  # off unless asked for: test_language.py
COUNTING = [kind for kind in EXPERTS if kind.is_counting]
READING = [kind for kind in EXPERTS if not kind.is_counting]


def name(kind: Any) -> str:
    return str(kind.name)


@pytest.fixture
def fitted(kind: Any, product: ProductOfExperts) -> Any:
    return next(expert for expert in product.experts if isinstance(expert, kind))


@pytest.mark.parametrize("kind", EXPERTS, ids=name)
class TestEveryExpert(ExpertContract):
    @pytest.fixture
    def fitted(self, kind: Any, product: ProductOfExperts) -> Any:
        return next(expert for expert in product.experts if isinstance(expert, kind))


@pytest.mark.parametrize("kind", COUNTING, ids=name)
class TestCounting(CountingContract):
    @pytest.fixture
    def fit_again(self, kind: Any, here: World) -> Callable[..., Any]:
        return lambda **changed: kind.fit(here.training(**changed))[0]


@pytest.mark.parametrize("kind", READING, ids=name)
class TestReading(ReadingContract):
    pass
