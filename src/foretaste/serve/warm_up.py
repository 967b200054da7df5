"""In: a workspace that answers without words. Out: the same with its language model loaded."""

from foretaste.domain.data import Request
from foretaste.language.open import REHEARSAL_QUERY, forgetful
from foretaste.loop import Foretaste


def warm_up_language(workspace: Foretaste) -> None:
    """Load what words need.

    A language model takes longer to load than all the rest, and a list that nobody asked for in
    words need not wait for it. Until it is there a request in words is answered by what counts, and
    says so; and no list waits for a new item to be read. Raises ForetasteError where the model
    cannot be loaded.
    """
    workspace.suggest("a")  # who types first need not wait for the index of titles
    encoder = workspace.data_encoder.open_encoder(workspace.catch_up().encoder)
    forgetful(encoder).encode([REHEARSAL_QUERY])  # alone: others have their turn meanwhile
    workspace.manager.waits_for_items = True
    workspace.recommend(Request(query=REHEARSAL_QUERY, n=1, explain=True, incognito=True))
    workspace.generator.warm()
