"""A version as it was trained, among the items of now, and ready before anybody asks."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from foretaste.domain.data import Event, Floats, Item, Request, UserContext
from foretaste.domain.ports import BackboneOpener
from foretaste.loop import Foretaste
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.experts.query import QueryExpert
from foretaste.online import loading
from foretaste.online.loading import load_snapshot, rehearse
from foretaste.prepare.reviews import NO_REVIEWS, ItemReviews


@pytest.fixture
def loop(trained: Path) -> Iterator[Foretaste]:
    opened = Foretaste.open(trained)
    yield opened
    opened.close()


def live_name(loop: Foretaste) -> str:
    name = loop.models.live_name()
    assert name is not None
    return name


def test_a_version_is_loaded_with_the_items_of_now_and_the_events_of_then(
    loop: Foretaste,
) -> None:
    loop.store.put_items([Item("space-new", "The nebula [space]")])
    loop.record([Event("e1", "click", 1_700_100_000.0, user="u1", item="space-new")])
    name = live_name(loop)
    snapshot = load_snapshot(loop, name, 7)
    version = loop.models.version(name)
    assert (snapshot.version, snapshot.created) == (name, version.created)
    assert snapshot.event == version.data["event"] == loop.store.log_position()[0] - 1
    assert snapshot.revision == loop.store.log_position()[1]
    assert tuple(snapshot.catalogue.ids) == (*loop.models.item_ids(name), "space-new")
    assert (snapshot.past_events, snapshot.encoder) == (7, None)
    assert snapshot.weights == loop.weights
    position = snapshot.catalogue.index["space-new"]
    own = loop.vectors([Item("space-new", "The nebula [space]")])
    assert snapshot.catalogue.vectors[position] == pytest.approx(own[0], abs=1e-6)
    scorer = snapshot.product.scorer(loop.slates.user_context(Request(user="u1"), snapshot))
    live = loop.catch_up().product
    assert [expert.name for expert in snapshot.product.experts] == [
        expert.name for expert in live.experts
    ]
    assert np.isfinite(scorer.score_row(np.ones(len(snapshot.catalogue.ids), bool), 5)).any()


def test_a_version_by_a_tuned_encoder_reads_with_that(loop: Foretaste) -> None:
    asked: list[tuple[str, str | None]] = []
    readers: list[BackboneOpener | None] = []

    class Registry(ModelRegistry):
        """The models, with a note of what backbones are opened by."""

        def load(self, *arguments: Any, **options: Any) -> Any:
            readers.append(options.get("open_reader"))
            return super().load(*arguments, **options)

    registry = Registry(loop.folder / "models")

    class TunedWorkspace:
        """The workspace, with a note of which encoder is asked for."""

        models, store, weights, folder = registry, loop.store, loop.weights, loop.folder
        feature_typing, known_media = loop.feature_typing, loop.known_media
        data_encoder = loop.data_encoder

        def vectors(
            self,
            items: Sequence[Item],
            encoder: str | None = None,
            reviews: ItemReviews = NO_REVIEWS,
        ) -> Floats:
            asked.append(("vectors", encoder))
            return loop.vectors(items)

        def readers(self, encoder: str | None = None) -> BackboneOpener:
            asked.append(("readers", encoder))
            return loop.readers()

    live = loop.at_snapshot(live_name(loop))
    version = loop.models.version(live.version)
    tuned = loop.models.save(
        live.product,
        live.catalogue.ids,
        created=version.created + 5,
        data={**version.data, "encoder": "tuned-1"},
        settings=version.settings,
        metrics=version.metrics,
    )
    assert load_snapshot(TunedWorkspace(), tuned, 5).encoder == "tuned-1"
    assert dict(asked) == {"vectors": "tuned-1", "readers": "tuned-1"}
    assert None not in readers
    assert len(readers) == 1


def test_after_a_rehearsal_the_words_of_a_query_are_looked_up_at_once(loop: Foretaste) -> None:
    snapshot = loop.at_snapshot(live_name(loop))
    (expert,) = [expert for expert in snapshot.product.experts if isinstance(expert, QueryExpert)]
    assert expert._bm25.value_or_none is None
    listened: list[dict[str, Any]] = []

    def listen(*arguments: Any, **options: Any) -> UserContext:
        listened.append({"encoder": arguments[1], **options})
        return loop.listen(*arguments, **options)

    workspace = SimpleNamespace(slates=loop.slates, listen=listen, list_by=loop.list_by)
    rehearse(workspace, 3, replace(snapshot, encoder=None))
    assert expert._bm25.value_or_none is not None
    assert listened == [{"encoder": None, "keep": False}], "what nobody asked is not kept"


def test_a_shared_snapshot_is_everybodys_and_reads_with_the_workspace_that_has_it(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came since it was shared is taken in, as of one that was loaded."""
    monkeypatch.setattr(loading, "shared_snapshots", {})
    monkeypatch.setattr(loading, "shared_indexes", [])
    name = live_name(loop)
    loaded = loop.catch_up()
    loading.share_snapshot(loop)
    ((shared, _),) = loading.shared_snapshots.values()
    loop.store.put_items([Item("space-shared", "The nebula [space]")])
    loop.record([Event("e-shared", "click", 1_700_100_000.0, user="u1", item="space-shared")])
    copies = [Foretaste.open(loop.folder) for _ in range(2)]
    for workspace in copies:
        snapshot = workspace.at_snapshot(name)
        assert snapshot.product is shared.product
        assert snapshot.catalogue is shared.catalogue
        newest = workspace.catch_up()
        assert "space-shared" in newest.catalogue.index
        assert newest.event == loop.catch_up().event
        question = Request("u1", n=5, incognito=True, explore=0.0)
        shown = [(item.id, item.score) for item in workspace.recommend(question)]
        assert shown == [(item.id, item.score) for item in loop.recommend(question)]
        workspace.close()
    assert "space-shared" not in shared.catalogue.index
    assert loaded.version == shared.version
