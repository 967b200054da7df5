"""In: the `[ray]` part of the settings. Out: which cluster helps with long work."""

from pydantic import Field

from foretaste.domain.settings import Settings


class RaySettings(Settings):
    """A Ray cluster that does long work side by side: `pip install 'foretaste[ray]'`."""

    address: str = ""
    """`auto` is the cluster of this machine, or one that is started for the time of the work;
    `local` is always one of its own; else as Ray has it, `10.0.0.5:6379`. "" is none. All its
    machines must see the workspace folder under the same path."""
    workers: int | None = Field(default=None, ge=1)
    """Workers at most; unset is one a GPU of the cluster, or where it has none one a core."""
