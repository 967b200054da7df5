"""In: a model version that is kept. Out: its product, and the data that it was trained on as they
are now: of its items, up to its newest event, without what was erased since.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np

from foretaste.config.load import Config
from foretaste.domain.data import EvaluationCases, Floats, Interactions, Item
from foretaste.domain.event_value import ValueCurves, version_curves
from foretaste.domain.ports import BackboneOpener
from foretaste.domain.store import Store
from foretaste.model.artefacts import ModelRegistry, ModelVersion
from foretaste.model.product import ProductOfExperts
from foretaste.model.training import Training
from foretaste.prepare.catalogue_builder import build_catalogue, vectors_of
from foretaste.prepare.item_table import absent
from foretaste.prepare.media_spaces import ReadMedia


class VersionWorkspace(Protocol):
    """What is needed of the loop."""

    @property
    def store(self) -> Store: ...
    @property
    def models(self) -> ModelRegistry: ...
    @property
    def config(self) -> Config: ...
    def readers(self, encoder: str | None = None) -> BackboneOpener: ...
    def interactions(
        self,
        items: Mapping[str, Item],
        until: int | None = None,
        curves: ValueCurves | None = None,
        *,
        as_returned: bool = False,
    ) -> tuple[Interactions, Any, Any]: ...
    def vectors(self, items: Sequence[Item], encoder: str | None = None) -> Floats: ...
    @property
    def known_media(self) -> ReadMedia: ...


def version_data(
    workspace: VersionWorkspace, version: ModelVersion, ids: Sequence[str]
) -> tuple[ProductOfExperts, Training]:
    """(the product as it is kept, what its counts are taken from). ids: of its items.

    Raises ModelError where it cannot be read.
    """
    current_items = {item.id: item for _, item in workspace.store.items()}
    items = {item_id: current_items.get(item_id, absent(item_id)) for item_id in ids}
    item_list = list(items.values())
    encoder = version.data.get("encoder")
    version_catalogue = build_catalogue(
        item_list,
        vectors_of(item_list, partial(workspace.vectors, encoder=encoder)),
        workspace.config.behaviour.feature_typing(),
        workspace.known_media(item_list, None).spaces,
    )
    readers = workspace.readers(encoder)
    product = workspace.models.load(version.name, version_catalogue, open_reader=readers)
    interactions, _, _ = workspace.interactions(
        items, int(version.data["event"]), version_curves(version.data), as_returned=True
    )
    no_rows = np.empty(0, np.int64)
    no_cases = EvaluationCases(interactions, no_rows, no_rows)
    config = workspace.config
    return product, Training(
        version_catalogue, interactions, no_cases, config.model, privacy=config.privacy
    )
