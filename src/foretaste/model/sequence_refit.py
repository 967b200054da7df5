"""The refit of the sequence network: the chosen one in; a copy that knows the newest events out.

What chose its epochs was kept from it until then.
"""

from copy import deepcopy
from dataclasses import replace
from math import ceil

import numpy as np

from foretaste.model.sequence_network import SequenceNetwork
from foretaste.model.sequence_training import history_pieces, plan_training, teach
from foretaste.model.training import Training

REFIT_EPOCH_SHARE, REFIT_RATE_SHARE = 0.2, 0.8
"""Of the epochs, and of the learning rate in the first of them, that teach what answers the newest
events."""
SPARSE_REFIT_EPOCH_SHARE, SPARSE_REFIT_RATE_SHARE = 0.4, 1.0
"""The same where items are taken seldom: there one more event of an item says much of it
(docs/decisions/0077)."""
MIN_NEW_SHARE = 0.01
"""Of all events those that chose the network, below which teaching it these changes no list that
can be told, and costs a sixth of the training (docs/decisions/0080)."""


def refit_network(network: SequenceNetwork, training: Training) -> SequenceNetwork:
    """A copy of the network that is taught all interactions, in fewer epochs.

    It goes on from what validation events chose, so it overfits no more than that did, and costs a
    part of a training from nothing. No event is left to choose by: the last epoch is taken. It is
    the network itself where those events are next to none of all.
    """
    new_share = len(training.validation_cases) / max(training.interactions.event_count, 1)
    if new_share < MIN_NEW_SHARE:
        return network
    settings = training.settings.sequence
    training_plan = plan_training(training.interactions, settings)
    epoch_share, rate_share = REFIT_EPOCH_SHARE, REFIT_RATE_SHARE
    if training_plan.has_sparse_identities:
        epoch_share, rate_share = SPARSE_REFIT_EPOCH_SHARE, SPARSE_REFIT_RATE_SHARE
    epochs = ceil(epoch_share * settings.epochs)
    pieces = history_pieces(training, network.length)
    if not epochs or not len(pieces.starts):
        return network
    unchanged = (
        [network.vectors] if network.media is None else [network.vectors, network.media.rows]
    )
    network = deepcopy(network, {id(tensor): tensor for tensor in unchanged})  # of all items
    rate = rate_share * settings.learning_rate
    settings = settings.model_copy(update={"epochs": epochs, "learning_rate": rate})
    training = replace(
        training,
        settings=training.settings.model_copy(update={"sequence": settings}),
        validation_cases=training.validation_cases.select(np.empty(0, np.int64)),
    )
    return teach(network, pieces, training_plan, training)
