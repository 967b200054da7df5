"""Exploration: the places that the model filled in, items drawn for some of them out.

With known propensities: what is learnt from the log can be corrected for what was shown.
"""

from collections.abc import Callable, Sequence

import numpy as np

from foretaste.domain.data import ItemSource


class Exploration:
    """What chance puts in the place of the model's items.

    Each of the positions is, with probability ε and independently, given to an item drawn without
    replacement, every one as likely, from the pool. So the item of the model is at its place with
    probability 1 - ε, and each item of the pool is there with ε over the size of the pool: the true
    probabilities, not estimates. With fewer items in the pool than positions nothing is drawn.
    """

    def __init__(
        self,
        rate: float,
        positions: Sequence[int],
        pool: Sequence[int],
        rng: Callable[[], np.random.Generator],
    ) -> None:
        """rate: ε. positions: those that may be given away. pool: items further down the list.

        `rng` is asked only if something is drawn.
        """
        self._rate, self._pool_size = rate, len(pool)
        self._drawn_items: dict[int, int | None] = {}
        if positions and len(pool) >= len(positions):
            generator = rng()
            coins = generator.random(len(positions)) < rate
            drawn = iter(generator.choice(len(pool), int(coins.sum()), replace=False).tolist())
            for position, coin in zip(positions, coins.tolist(), strict=True):
                self._drawn_items[position] = pool[next(drawn)] if coin else None

    def draw_item(self, position: int, item: int) -> tuple[int, ItemSource, float]:
        """(item, source, propensity) of a place that the model filled with `item`."""
        if position not in self._drawn_items:
            return item, "model", 1.0
        drawn_item = self._drawn_items[position]
        if drawn_item is None:
            return item, "model", 1 - self._rate
        return drawn_item, "explored", self._rate / self._pool_size
