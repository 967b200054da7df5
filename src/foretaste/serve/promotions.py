"""In: a workspace. Out: whether another version is to answer than the one that does, why it does
not yet, and how many of the hosts that share models have it.
"""

from typing import Any

from foretaste.errors import ModelError
from foretaste.loop import Foretaste
from foretaste.model.artefacts import ModelRegistry


def pending_promotion(workspace: Foretaste) -> str | None:
    """The version that was promoted and does not answer yet; None where it does."""
    serving_model, live = workspace.manager.answering, workspace.models.live_name()
    return live if serving_model is not None and serving_model[0] != live else None


def substitute_reason(workspace: Foretaste) -> str | None:
    """Why another version answers than the one that was promoted; None where it is that one."""
    try:
        promoted = pending_promotion(workspace)
    except ModelError as error:
        return str(error)
    if workspace.manager.instead is None and promoted is not None:
        return f"model {promoted} was promoted and is being loaded"
    return workspace.manager.instead


def share_gauges(models: ModelRegistry) -> dict[str, float]:
    """As the metrics say it; nothing where models are not shared."""
    return {
        f"foretaste_model_hosts:{state}": float(count)
        for state, count in models.host_counts().items()
    }


def trial_content(workspace: Foretaste) -> dict[str, Any]:
    """As `/readyz` says it: what hosts that share models cannot load, and which version is tried on
    some people.
    """
    content: dict[str, Any] = {}
    if problems := workspace.models.host_problems():
        content["host_problems"] = problems
    try:
        canary = workspace.models.canary()
    except ModelError as error:
        content.setdefault("host_problems", []).append(str(error))
        return content
    if canary is not None:
        problem = workspace.canary_answers.problem
        content["canary"] = {"version": canary.version, "share": canary.share, "problem": problem}
    return content
