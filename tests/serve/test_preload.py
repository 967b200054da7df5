"""What the processes of a server share."""

import gc
import threading
from pathlib import Path

import httpx
import psutil
import pytest

from faults.nursery import Nursery
from foretaste.config.load import load_config
from foretaste.language.open import forgetful, open_encoder
from foretaste.model.artefacts import ModelRegistry
from foretaste.online import loading, suggest_index
from foretaste.serve import preload, run

from .workspace import DEADLINE, until

MIN_SHARED_BYTES = 50e6


def test_whoever_opens_the_same_encoder_has_the_weights_that_are_there(copied: Path) -> None:
    preload.preload(copied)
    try:
        (encoder,) = preload.shared_encoders
        settings = load_config(copied).language
        assert forgetful(open_encoder(settings, copied / "cache")) is encoder
    finally:
        forget()


def test_weights_that_are_not_there_are_for_the_processes_to_tell(copied: Path) -> None:
    with (copied / "foretaste.toml").open("a") as settings:
        settings.write('\n[language]\nencoder = "no/such-weights"\n')
    try:
        preload.preload(copied)
        assert preload.shared_encoders == []
    finally:
        forget()


def test_the_model_and_the_application_are_there_before_the_first_process(copied: Path) -> None:
    """And nothing of the workspace stays open, nor has a thread begun."""
    threads = threading.active_count()
    preload.preload(copied)
    try:
        ((folder, version),) = loading.shared_snapshots
        assert (folder, version) == (copied, ModelRegistry(copied / "models").live_name())
        assert copied in run._preloaded
        assert threading.active_count() == threads
        open_files = [Path(file.path) for file in psutil.Process().open_files()]
        assert not [path for path in open_files if path.is_relative_to(copied)]
    finally:
        forget()


@pytest.mark.slow
def test_processes_have_what_they_share_in_memory_once(nursery: Nursery, copied: Path) -> None:
    with nursery.start(copied, "serve", "--port", "0", "--workers", "2") as command:
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(
            base_url=command.address, transport=transport, timeout=DEADLINE
        ) as client:
            until(lambda: client.get("/readyz").is_success, "ready")
        processes = psutil.Process(command.pid).children(recursive=True)
        shared = [shared_bytes(process) for process in processes]
    assert sum(size > MIN_SHARED_BYTES for size in shared) >= 2, shared


def forget() -> None:
    """What was shared, as this process goes on."""
    preload.shared_encoders.clear()
    loading.shared_snapshots.clear()
    suggest_index.shared_indexes.clear()
    run._preloaded.clear()
    gc.unfreeze()


def shared_bytes(process: psutil.Process) -> int:
    """Of memory that is of no file, what other processes have too."""
    return sum(
        int(part.shared_dirty + part.shared_clean)
        for part in process.memory_maps(grouped=True)
        if part.path in ("[anon]", "[heap]")
    )
