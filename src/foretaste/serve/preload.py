"""What all processes of a server have in common: modules and the language model, loaded once.

`run.serve` has `multiprocessing`'s fork server import this before it starts the first of several
processes. Each of them is a copy of that server, whose memory they share until somebody writes to
it, so what is here is in memory once. Nothing is begun here that does not survive a copy: no
thread, no connection, no product of PyTorch.
"""

import gc
import logging
import os
from pathlib import Path

from foretaste.config.load import load_config
from foretaste.domain.ports import TextEncoder
from foretaste.serve.run import WORKSPACE_VARIABLE

log = logging.getLogger("foretaste.serve")

shared_encoders: list[TextEncoder] = []
"""Whatever opens the same encoder later has its weights, as long as it is here."""


def preload(folder: Path) -> None:
    """Import what answers, and load the weights that the settings of a workspace name.

    What cannot be loaded here is told by the processes, which load it themselves.
    """
    import torch

    import foretaste.serve.app  # noqa: F401
    from foretaste.language.encoder import TransformerEncoder
    from foretaste.language.open import forgetful, open_encoder

    thread_count = torch.get_num_threads()
    torch.set_num_threads(1)  # threads are not copied, and whoever waits for them waits for ever
    try:
        settings = load_config(folder).language
        encoder = forgetful(open_encoder(settings, folder / "cache"))
        if isinstance(encoder, TransformerEncoder) and encoder.is_on_cpu:
            encoder.load()
            shared_encoders.append(encoder)
    except Exception as error:
        log.debug("the language model is not shared: %s", error)
    finally:
        torch.set_num_threads(thread_count)
    gc.collect()
    gc.freeze()  # what looked at it in a copy would write to it


if WORKSPACE_VARIABLE in os.environ:
    preload(Path(os.environ[WORKSPACE_VARIABLE]))
