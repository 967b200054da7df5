"""In: a folder, a host and a port. Out: a server, or several, that run until they are stopped."""

import errno
import logging
import multiprocessing
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING, Any

from foretaste.behaviour.keys import KEYS_MARKER, ApiKey, had_keys
from foretaste.behaviour.opening import open_store
from foretaste.behaviour.store import STORE_FILE as STORE
from foretaste.behaviour.values import display_text
from foretaste.config.load import Config, load_config
from foretaste.domain.cores import core_count
from foretaste.domain.patience import KEEP_ALIVE_SECONDS
from foretaste.errors import ForetasteError, SettingsError
from foretaste.serve.garbage import start_collector
from foretaste.serve.http import logs
from foretaste.serve.http.hosts import is_loopback_host
from foretaste.serve.http.metrics import MULTIPROCESS_VARIABLE
from foretaste.serve.worker_process import running_worker
from foretaste.workspace.backup import remove_backup_leftovers

if TYPE_CHECKING:
    from fastapi import FastAPI

log = logging.getLogger("foretaste.serve")

WORKSPACE_VARIABLE = "FORETASTE_WORKSPACE"
"""Tells the processes of a server which folder they serve."""
HOST_VARIABLE = "FORETASTE_LISTENS_ON"
"""Tells them the name or address that they listen on."""
MAX_OPEN_FILES = 65_536
"""Files and connections that a process may have open, where the system allows it."""
REQUEST_SECONDS = 8
"""Seconds that requests under way have when the server is stopped."""
START_SECONDS = 120
"""Seconds without a sign after which one of several processes is taken for dead. It gives none
while it is started, which takes long on a busy machine: with a shorter time it would be started
again for ever.
"""
STOP_SECONDS = 10.0
"""Seconds from the signal to stop until the process is over, whatever is under way in it."""


def serve(
    folder: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    insecure: bool = False,
    workers: int = 1,
    with_worker: bool = False,
) -> None:
    """Serve a workspace until interrupted. Raises SettingsError before anything is opened.

    With several workers each is a process; they share the port, and what `preload` loads, the model
    too, until another one is promoted. With `with_worker` one more process keeps the models fresh.
    """
    folder = Path(folder).absolute()
    config = load_config(folder)  # a mistake in the settings is told here, not by every answer
    check_host(host, folder, config, insecure=insecure)
    check_port(host, port)
    import uvicorn

    logs.log_to_stderr(config.serve.log_format)
    warn_of_keys(folder, config)
    say_idle_cores(workers, core_count())
    remove_backup_leftovers(folder)
    _raise_file_limit()
    worker_context = running_worker(folder) if with_worker or config.serve.worker else nullcontext()
    process_variables = {WORKSPACE_VARIABLE: str(folder), HOST_VARIABLE: host}
    start = _processes_as_copies() if workers > 1 else nullcontext()
    with _environment(process_variables), _shared_metrics_folder(workers), worker_context, start:
        uvicorn.run(
            "foretaste.serve.run:application" if workers > 1 else application(),
            factory=workers > 1,
            workers=workers,
            host=host,
            port=port,
            log_config=None,
            access_log=False,  # ours has no query strings in it
            server_header=False,
            proxy_headers=False,  # serve.trusted_proxies says whom to believe
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=REQUEST_SECONDS,
            timeout_worker_healthcheck=START_SECONDS,
        )


@contextmanager
def _processes_as_copies() -> Iterator[None]:
    """Have uvicorn start its processes as copies of one that has loaded what they share. It starts
    each from nothing otherwise, and offers no choice.
    """
    from uvicorn import _subprocess

    if "forkserver" not in multiprocessing.get_all_start_methods():
        yield
        return
    context, usual_context = multiprocessing.get_context("forkserver"), _subprocess.spawn
    context.set_forkserver_preload(["foretaste.serve.preload"])
    setattr(_subprocess, "spawn", context)  # noqa: B010
    try:
        yield
    finally:
        setattr(_subprocess, "spawn", usual_context)  # noqa: B010


def say_idle_cores(workers: int, cores: int) -> None:
    """Say how to use the cores that one process leaves idle: it has one interpreter, so it answers
    on one core. More processes are not the default, as each has some memory of its own.
    """
    if workers == 1 < cores:
        log.info(
            "one process answers, on one of %d cores; 'foretaste serve --workers %d' uses them "
            "all, with some more memory for each process",
            cores,
            cores,
        )


def _raise_file_limit() -> None:
    """As many connections as the system lets one have: the usual limit is 1,024 open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """With these variables for the processes that are started; afterwards as before, as a program
    that served once must not tell its later processes of a folder that is gone.
    """
    previous_values = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in previous_values.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _shared_metrics_folder(workers: int) -> Iterator[None]:
    """A folder through which several processes add up their metrics, new at each start."""
    if workers == 1:
        yield
        return
    with (
        TemporaryDirectory(prefix="foretaste-metrics-") as folder,
        _environment({MULTIPROCESS_VARIABLE: folder}),
    ):
        yield


def application() -> "FastAPI":
    """The application of one process of a server."""
    folder = Path(os.environ[WORKSPACE_VARIABLE])
    logs.log_to_stderr(load_config(folder).serve.log_format)
    return _preloaded.get(folder) or _make_application(folder)


_preloaded: dict[Path, "FastAPI"] = {}
"""Folder → its application, in a process that others are copies of."""


def preload_application(folder: Path) -> None:
    """Make the application of the processes that will be copies of this one. Nothing of it has
    begun; a service that sends traces has a thread, and is made by each process itself.
    """
    if not load_config(folder).serve.traces:
        _preloaded[folder] = _make_application(folder)


def _make_application(folder: Path) -> "FastAPI":
    from foretaste.serve.app import create_app

    return create_app(folder, host=os.environ.get(HOST_VARIABLE), on_start=_on_start)


def _on_start() -> None:
    start_collector(is_copy=bool(_preloaded))
    _limit_stop()


def _limit_stop() -> None:
    """From the signal to stop on this process has `STOP_SECONDS`: threads that read texts, wait for
    a lock or for a database that does not answer are left where they are.
    """
    stopping = threading.Event()

    def end() -> None:
        stopping.wait()
        time.sleep(STOP_SECONDS)
        log.error(
            "stopped after %.0f s; what was under way is done at the next start", STOP_SECONDS
        )
        os._exit(0)

    # started now, as a handler of signals may not start a thread
    threading.Thread(target=end, name="stop", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, partial(_on_stop, stopping, signal.getsignal(number)))


def _on_stop(stopping: threading.Event, handler: Any, number: int, frame: FrameType | None) -> None:
    """The server's own handler, and the time runs."""
    stopping.set()
    if callable(handler):
        handler(number, frame)


def check_host(host: str, folder: Path, config: Config, *, insecure: bool) -> None:
    """Refuse to be reached from other machines while nobody is asked who they are.

    Raises SettingsError unless the host is loopback, or there is a key, or `insecure` says that
    this is wanted.
    """
    if insecure or is_loopback_host(host) or _has_key(folder, config):
        return
    raise SettingsError(
        f"host '{host}' can be reached from other machines, and there is no key to ask them for: "
        "make one with 'foretaste keys create', or use 127.0.0.1, or add --insecure if everybody "
        "who can reach it may read and write everything"
    )


def warn_of_keys(folder: Path, config: Config) -> None:
    """Say why every key is refused, where the store has lost those that there were; and which keys
    are from before a key that sends events had to prove its users.
    """
    if not had_keys(folder) and not _has_store(folder, config):
        return
    try:
        stored_keys = _stored_keys(folder, config)
        for key in stored_keys:
            if key.is_undecided and key.is_valid(time.time()):
                log.warning(
                    "key %s (%s) names any user without proof, as keys did before: use one made "
                    "with --user-access signed in pages, or open on your servers, and revoke it",
                    key.id,
                    display_text(key.name),
                )
        if not stored_keys and had_keys(folder):
            log.error(
                "%s says that there were keys, and the store has none: every request is refused. "
                "Restore the store from a backup, or make a key with 'foretaste keys create'",
                folder / KEYS_MARKER,
            )
    except ForetasteError as error:
        log.error("%s", error)


def check_port(host: str, port: int) -> None:
    """Raises SettingsError unless the port can be listened on, so that nothing is begun in vain."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
                probe.listen()  # two may bind under this option, and only one listen
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(
                f"port {port} of {host} is in use by another process; stop that one, or choose "
                "another port with --port"
            ) from None
        raise SettingsError(
            f"port {port} of '{host}' cannot be listened on: {error.strerror or error}; choose "
            "others with --host and --port"
        ) from None


def _has_key(folder: Path, config: Config) -> bool:
    if had_keys(folder):
        return True
    return _has_store(folder, config) and bool(_stored_keys(folder, config))


def _has_store(folder: Path, config: Config) -> bool:
    return config.behaviour.database is not None or (folder / STORE).exists()


def _stored_keys(folder: Path, config: Config) -> list[ApiKey]:
    store = open_store(config.behaviour, folder)
    try:
        return store.keys.all_keys()
    finally:
        store.close()
