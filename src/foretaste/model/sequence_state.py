"""A trained sequence network as arrays and metadata, and back; versions of before have less."""

import numpy as np
import torch

from foretaste.domain.data import Floats
from foretaste.domain.device import device_of
from foretaste.domain.ports import StateArrays, StateMetadata
from foretaste.model.media_features import STATE_PREFIX, MediaFeatures
from foretaste.model.media_input import MediaInput
from foretaste.model.sequence_network import SequenceNetwork
from foretaste.model.settings import SequenceSettings

IDENTITY = "identity.weight"
"""Of items, and what words add to them with it."""


def network_state(
    network: SequenceNetwork, settings: SequenceSettings, identity: Floats
) -> tuple[StateArrays, StateMetadata]:
    """The parameters. identity: [items, dim], 0 for an item that nobody taught."""
    arrays = {
        name: value.cpu().numpy()
        for name, value in network.state_dict().items()
        if name != IDENTITY and not name.startswith("words.")
    }
    padding = np.zeros((1, identity.shape[1]), identity.dtype)
    arrays[IDENTITY] = np.concatenate([padding, identity])
    metadata = {
        "settings": settings.model_dump() | {"layers": len(network.blocks)},
        "length": network.length,
        "kinds": network.kind.num_embeddings - 2,
        "timed": network.rotary_pairs > 0,
    }
    if network.media is not None:
        arrays |= network.media.features.arrays()
        metadata["media"] = network.media.features.metadata()
    return arrays, metadata


def restored_network(
    arrays: StateArrays, metadata: StateMetadata, settings: SequenceSettings, read_dim: int
) -> SequenceNetwork:
    """The network without its items, which the expert keeps. read_dim: numbers of a text."""
    features = MediaFeatures.from_state(arrays, metadata.get("media", ()))
    network = SequenceNetwork(
        torch.zeros(1, read_dim),
        settings,
        metadata["length"],
        metadata["kinds"],
        0.0,
        is_timed=metadata.get("timed", False),  # not there if saved before times were read
        media=None if features is None else MediaInput(features, settings.dim),
    )
    parameters = {
        name: torch.from_numpy(value)
        for name, value in arrays.items()
        if not name.startswith(STATE_PREFIX)
    }
    parameters[IDENTITY] = parameters[IDENTITY][:1]
    for name in ("value.weight", "steps"):  # saved before values were read
        parameters.setdefault(name, network.state_dict()[name])
    network.load_state_dict(parameters)
    return network.to(device_of(settings.device))
