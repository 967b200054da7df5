"""What the processes of a server share."""

import gc
from pathlib import Path

import httpx
import psutil
import pytest

from faults.nursery import Nursery
from foretaste.config.load import load_config
from foretaste.language.open import forgetful, open_encoder
from foretaste.serve import preload

from .workspace import DEADLINE, until

MIN_SHARED_BYTES = 50e6


def test_whoever_opens_the_same_encoder_has_the_weights_that_are_there(copied: Path) -> None:
    preload.preload(copied)
    try:
        (encoder,) = preload.shared_encoders
        settings = load_config(copied).language
        assert forgetful(open_encoder(settings, copied / "cache")) is encoder
    finally:
        preload.shared_encoders.clear()
        gc.unfreeze()


def test_weights_that_are_not_there_are_for_the_processes_to_tell(copied: Path) -> None:
    with (copied / "foretaste.toml").open("a") as settings:
        settings.write('\n[language]\nencoder = "no/such-weights"\n')
    try:
        preload.preload(copied)
        assert preload.shared_encoders == []
    finally:
        gc.unfreeze()


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


def shared_bytes(process: psutil.Process) -> int:
    """Of memory that is of no file, what other processes have too."""
    return sum(
        int(part.shared_dirty + part.shared_clean)
        for part in process.memory_maps(grouped=True)
        if part.path in ("[anon]", "[heap]")
    )
