"""What experts share that answer a request through its scorer alone."""

from collections.abc import Sequence

import numpy as np

from foretaste.domain.data import Floats, Ints, Term, UserContext
from foretaste.domain.ports import RequestScorer


class ExpertByScorer:
    """An expert whose answers are those of its `scorer`."""

    def scorer(self, user_context: UserContext) -> RequestScorer:
        """What it says at one request."""
        raise NotImplementedError

    def log_prob(self, user_contexts: Sequence[UserContext]) -> Floats:
        """[user_contexts, items]"""
        return np.stack([self.scorer(user_context).log_prob() for user_context in user_contexts])

    def terms(
        self, user_context: UserContext, items: Ints, *, deep: bool = True
    ) -> Sequence[Sequence[Term]]:
        """As `RequestScorer.terms`."""
        return self.scorer(user_context).terms(items, deep=deep)
