"""What all processes of a server have in common: modules, the language model, the model that
answers and the application, loaded once.

`run.serve` has `multiprocessing`'s fork server import this before it starts the first of several
processes. Each of them is a copy of that server, whose memory they share until somebody writes to
it, so what is here is in memory once. Nothing is begun here that does not survive a copy: no
thread, no connection that stays open, no product of PyTorch with several threads.
"""

import gc
import logging
import os
from pathlib import Path

from foretaste.config.load import load_config
from foretaste.domain.ports import TextEncoder
from foretaste.online.loading import share_snapshot
from foretaste.serve import run
from foretaste.serve.run import WORKSPACE_VARIABLE

log = logging.getLogger("foretaste.serve")

shared_encoders: list[TextEncoder] = []
"""Whatever opens the same encoder later has its weights, as long as it is here."""


def preload(folder: Path) -> None:
    """Import what answers, load the weights that the settings of a workspace name and its model,
    and make the application.

    What cannot be loaded here is told by the processes, which load it themselves.
    """
    import torch

    thread_count = torch.get_num_threads()
    torch.set_num_threads(1)  # threads are not copied, and whoever waits for them waits for ever
    for share in (_share_encoder, _share_model, run.preload_application):
        try:
            share(folder)
        except Exception as error:
            log.debug("%s: %s", share.__name__, error)
    torch.set_num_threads(thread_count)
    gc.collect()
    gc.freeze()  # what looked at it in a copy would write to it


def _share_encoder(folder: Path) -> None:
    from foretaste.language.encoder import TransformerEncoder
    from foretaste.language.open import forgetful, open_encoder

    encoder = forgetful(open_encoder(load_config(folder).language, folder / "cache"))
    if isinstance(encoder, TransformerEncoder) and encoder.is_on_cpu:
        encoder.load()
        shared_encoders.append(encoder)


def _share_model(folder: Path) -> None:
    """Nothing of the workspace stays open: a copy of a connection would be used by two."""
    from foretaste.loop import Foretaste

    workspace = Foretaste.open(folder)
    try:
        share_snapshot(workspace)
    finally:
        workspace.close()


if WORKSPACE_VARIABLE in os.environ:
    preload(Path(os.environ[WORKSPACE_VARIABLE]))
