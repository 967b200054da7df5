"""From start to stop: before there is a model, while it is loaded, and after a sudden end."""

import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np
import pytest

from foretaste.behaviour.schema import HEAD_REVISION
from foretaste.behaviour.store import SqlStore
from foretaste.domain.data import Event, Item, Request
from foretaste.language.cache import CachedEncoder
from foretaste.language.encoder import TransformerEncoder
from foretaste.loop import Foretaste
from foretaste.model.artefacts import ModelRegistry
from foretaste.model.experts.query import QueryExpert
from foretaste.online.manager import NO_MODEL
from foretaste.serve.service import Service
from foretaste.training.recount import ErasureRecounter

from .conftest import checked
from .workspace import DEADLINE, events, items, running, serving, until, until_ready


def test_without_a_model_it_says_so_and_takes_events(tmp_path: Path) -> None:
    with serving(tmp_path, ready=False) as client:
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "run 'foretaste train'" in checked(answer, "not-ready")
        answer = client.post("/v1/recommend", json={"user": "u"})
        assert answer.status_code == 503
        assert "run 'foretaste train'" in checked(answer, "no-model")
        event = {"user": "u", "item": "a", "kind": "click"}
        assert client.post("/v1/events", json={"events": [event]}).json()["accepted"] == 1


def test_without_a_model_nobody_is_told_to_wait_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(ErasureRecounter, "resume", lambda self: released.wait(DEADLINE))
    with serving(tmp_path, ready=False) as client:
        answer = client.post("/v1/recommend", json={"user": "u"})
        released.set()
        assert "run 'foretaste train'" in checked(answer, "no-model")


def test_it_becomes_ready_when_there_is_a_model(copied: Path) -> None:
    live = copied / "models" / "live.json"
    kept = live.read_bytes()
    live.unlink()
    with serving(copied, ready=False) as client:
        assert client.get("/readyz").status_code == 503
        live.write_bytes(kept)
        until_ready(client)
        assert client.post("/v1/recommend", json={"user": "p1"}).is_success


def test_while_it_loads_nobody_waits(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loading = threading.Event()
    load = Foretaste.catch_up

    def slow(self: Foretaste) -> object:
        loading.wait(DEADLINE)
        return load(self)

    monkeypatch.setattr(Foretaste, "catch_up", slow)
    with serving(copied, ready=False) as client:
        assert "being loaded" in checked(client.get("/readyz"), "not-ready")
        answer = client.post("/v1/recommend", json={})
        assert "being loaded" in checked(answer, "not-ready")
        assert answer.headers["retry-after"] == "1"
        event = {"user": "u", "item": "space-1", "kind": "click"}
        assert client.post("/v1/events", json={"events": [event]}).json()["accepted"] == 1
        loading.set()
        until_ready(client)


def test_a_damaged_model_is_told(copied: Path) -> None:
    for file in (copied / "models").glob("*/sequence.safetensors"):
        file.write_bytes(b"damaged")
    with serving(copied, ready=False) as client:
        until(lambda: "being loaded" not in client.get("/readyz").text, "told")
        assert "damaged" in checked(client.get("/readyz"), "not-ready")
        assert "damaged" in checked(client.post("/v1/recommend", json={}), "no-model")


def test_what_is_wrong_with_the_lists_is_told(copied: Path) -> None:
    check = {"code": "same-list", "message": "All are alike.", "remedy": "Look at the events."}
    models = ModelRegistry(copied / "models")
    name = models.amend(str(models.live_name()), {"checks": [check]})
    with serving(copied) as client:
        model = client.get("/readyz").json()["model"]
        assert (model["version"], model["warnings"]) == (name, [check])
        forms = client.get("/openapi.json").json()["components"]["schemas"]
        assert set(forms["ListCheck"]["properties"]) == set(check)
        assert "warnings" in forms["ServingModelOut"]["properties"]


def test_of_a_model_that_nobody_looked_at_nothing_is_told(copied: Path) -> None:
    models = ModelRegistry(copied / "models")
    models.amend(str(models.live_name()), {"checks": None})
    with serving(copied) as client:
        assert "warnings" not in client.get("/readyz").json()["model"]


def test_a_store_that_cannot_be_opened_is_told_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "behaviour.db").mkdir()
    service = Service(folder)
    assert "is a folder" in (service.not_ready_reason() or "")
    (folder / "behaviour.db").rmdir()
    assert "no model" in (service.not_ready_reason() or "")
    service.close()


def test_readiness_is_asked_anew_of_the_store(copied: Path) -> None:
    with serving(copied) as client:
        with sqlite3.connect(copied / "behaviour.db") as other:
            other.execute("UPDATE alembic_version SET version_num = '9999'")
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "tables of revision 9999" in checked(answer, "not-ready")
        with sqlite3.connect(copied / "behaviour.db") as other:
            other.execute("UPDATE alembic_version SET version_num = ?", (HEAD_REVISION,))
        other.close()
        assert client.get("/readyz").status_code == 200


def test_a_process_that_is_far_behind_catches_up_by_itself(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foretaste.serve.service.MAX_EVENT_LAG", 5)
    with serving(copied) as client:
        rows = [Event(f"b{n}", "view", 1.0, user="u", item="space-1") for n in range(20)]
        with SqlStore(copied / "behaviour.db") as store:  # another process
            store.add_events(rows)
        assert "catching up: about 20 events" in checked(client.get("/readyz"), "not-ready")
        until_ready(client)


@pytest.mark.slow
def test_after_kill_9_an_acknowledged_event_is_there(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    event = {"event_id": "acknowledged", "user": "p1", "item": "space-9", "kind": "click"}
    with running(copied, "serve", "--port", "0") as one:
        url = f"{one.address}/v1/events"
        answer = httpx.post(url, json={"events": [event]}, timeout=DEADLINE)
        assert answer.json()["accepted"] == 1
        one.end(signal.SIGKILL)
    began = time.perf_counter()
    with (
        running(copied, "serve", "--port", "0") as again,
        httpx.Client(base_url=again.address, timeout=DEADLINE) as client,
    ):
        until_ready(client)
        with capsys.disabled():
            print(f"\nstart to ready: {time.perf_counter() - began:.1f} s")
        assert client.post("/v1/events", json={"events": [event]}).json()["duplicates"] == 1
        found = client.post("/v1/recommend", json={"user": "p1", "n": 99}).json()["items"]
        assert "space-9" not in [item["id"] for item in found]  # taken already


def test_the_workspace_of_these_tests_is_what_they_say() -> None:
    assert len(items()) == 24
    assert len({event.user for event in events()}) == 40


def test_words_are_looked_up_before_the_language_model_is_there(copied: Path) -> None:
    """A search in the first seconds is answered by its words, not by popularity."""
    with closing(Foretaste.open(copied)) as loop:
        live = loop.catch_up()
        wanted = 5
        asked = loop.slates.user_context(Request(query=live.catalogue.titles[wanted]), live)
        live.product.fast_product().rehearse(asked, 1, len(live.catalogue))
        assert asked.query_vector is None  # nothing was read
        assert int(live.product.fast_product().scorer(asked).scores().argmax()) == wanted


def test_what_words_need_is_made_before_it_is_ready(copied: Path) -> None:
    """Nobody's first word waits for an index, and nobody's first item for the encoder."""
    service = Service(copied)
    service.start()
    until(lambda: service.not_ready_reason() is None, "ready")
    manager = service.workspace.manager
    expert = next(e for e in manager.current.product.experts if isinstance(e, QueryExpert))
    assert expert._bm25.value_or_none is not None
    letters = expert._letters.value_or_none
    assert letters is not None

    until(lambda: not service._warmer.is_alive(), "warm")  # type: ignore[union-attr]
    assert manager.waits_for_items
    encoder = service.workspace.encoder
    assert isinstance(encoder, CachedEncoder)
    assert isinstance(encoder._encoder, TransformerEncoder)
    assert encoder._encoder._loaded is not None

    words = " ".join(f"neologism{letter}" for letter in "abcdefghij")
    service.workspace.store.put_items([Item("new", f"A film of {words}")])
    grown = service.workspace.catch_up()
    expert = next(e for e in grown.product.experts if isinstance(e, QueryExpert))
    assert expert._letters.value_or_none is not None
    assert expert._letters.get().similar_words(["neologismb"], 0.5)[0][0][0] == "neologismb"
    service.close()


def test_who_asks_while_the_language_model_is_loaded_has_a_turn_soon(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns, load = [], TransformerEncoder._load

    def noting_load(encoder: TransformerEncoder) -> object:
        turns.append(sys.getswitchinterval())
        return load(encoder)

    monkeypatch.setattr(TransformerEncoder, "_load", noting_load)
    usual = sys.getswitchinterval()
    service = Service(copied)
    service.start()
    until(lambda: bool(turns) and sys.getswitchinterval() > usual / 2, "loaded")
    service.close()
    assert max(turns) < usual / 5


def test_an_idle_service_takes_a_promotion_in(copied: Path) -> None:
    """Nobody asks it anything, not even for its metrics."""
    service = Service(copied)
    service.start()
    until(lambda: service.not_ready_reason() is None, "ready")
    before = service.workspace.manager.answering
    models = ModelRegistry(copied / "models")
    promoted = models.amend(str(models.live_name()), {"checks": []})

    def answering() -> str | None:
        version = service.workspace.manager.answering
        return None if version is None else version[0]

    assert before is not None
    assert before[0] != promoted
    began = time.monotonic()
    until(lambda: answering() == promoted, "taken in")
    assert time.monotonic() - began < 20, "a look a second, and the time to load it"
    service.close()


def test_an_idle_service_takes_the_first_model_in(copied: Path) -> None:
    live = copied / "models" / "live.json"
    pointer = live.read_bytes()
    live.unlink()
    service = Service(copied)
    service.start()
    until(lambda: service.not_ready_reason() == NO_MODEL, "without a model")
    live.write_bytes(pointer)
    until(lambda: service.workspace.manager.answering is not None, "taken in")
    service.close()


def test_while_a_promoted_model_is_loaded_it_is_said(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foretaste.serve.service.PROMOTION_POLL_SECONDS", 3600.0)
    service = Service(copied)
    service.start()
    until(lambda: service.not_ready_reason() is None, "ready")
    assert "instead" not in service.readiness()["model"]
    models = ModelRegistry(copied / "models")
    promoted = models.amend(str(models.live_name()), {"checks": []})
    why = service.readiness()["model"]["instead"]
    assert why == f"model {promoted} was promoted and is being loaded"
    service.close()


def test_a_closed_service_holds_no_file_of_vectors(copied: Path) -> None:
    service = Service(copied)
    encoder = service.workspace.encoder
    assert isinstance(encoder, CachedEncoder)
    vectors = encoder.encode(["rocket"])
    service.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        encoder._file._db.execute("SELECT 1")
    np.testing.assert_allclose(encoder.encode(["rocket", "bread"])[0], vectors[0], atol=1e-5)


def test_a_scrape_counts_only_items_and_only_where_one_has_changed(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(copied)
    count, counted = SqlStore.item_count, list[int]()

    def noted(store: SqlStore) -> int:
        counted.append(count(store))
        return counted[-1]

    monkeypatch.setattr(SqlStore, "item_count", noted)
    monkeypatch.setattr(SqlStore, "counts", None)  # it goes over all events as well
    assert [service.gauges()["foretaste_items"] for _ in range(3)] == [24, 24, 24]
    service.workspace.store.put_items([Item("new")])
    assert [service.gauges()["foretaste_items"] for _ in range(2)] == [25, 25]
    service.workspace.store.delete_items(["new", "space-1"])
    assert service.gauges()["foretaste_items"] == 23
    assert counted == [24, 25, 23]
    service.close()
