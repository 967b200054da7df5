"""In: a folder, a host and a port. Out: a server that runs until it is stopped."""

import ipaddress
import logging
import sys
from pathlib import Path

from foretaste.config import load
from foretaste.errors import SettingsError


def check_host(host: str, insecure: bool) -> None:
    """Refuse to be reached from other machines, as whoever reaches it reads and writes everything.

    Raises SettingsError unless the host is loopback or `insecure` says that this is wanted.
    """
    if insecure or _loopback(host):
        return
    raise SettingsError(
        f"host '{host}' can be reached from other machines, and the service does not ask who is "
        "there: use 127.0.0.1 with a proxy that does, or add --insecure if the network is yours"
    )


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:  # a name: where it leads is for others to decide
        return False


def serve(
    folder: str | Path, *, host: str = "127.0.0.1", port: int = 8000, insecure: bool = False
) -> None:
    """Serve a workspace until interrupted. Raises SettingsError before anything is opened."""
    check_host(host, insecure)
    load(Path(folder))  # a mistake in the settings is told here in one line, not by every answer
    import uvicorn

    from foretaste.serve.app import create_app

    _log_to_stderr()
    uvicorn.run(
        create_app(folder),
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # ours has no query strings in it
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def _log_to_stderr() -> None:
    # Not the root logger: some libraries tell it at debug level what they are asked.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    for name, level in (("foretaste", logging.INFO), ("uvicorn", logging.INFO)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False
