import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretaste.behaviour.store import STORE_FILE, SqlStore
from foretaste.config.load import load_config
from foretaste.errors import SettingsError
from foretaste.serve.http.keys import create_key
from foretaste.serve.run import MAX_OPEN_FILES, _raise_file_limit, check_host, check_port, serve

from .workspace import running


def check(host: str, folder: Path, *, insecure: bool = False) -> None:
    check_host(host, folder, load_config(folder), insecure=insecure)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"])
def test_this_machine_alone_is_fine(host: str, tmp_path: Path) -> None:
    check(host, tmp_path)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "example.org", "2130706433"])
def test_others_are_kept_out_unless_there_is_a_key_or_that_is_wanted(
    host: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"foretaste keys create.*--insecure"):
        check(host, tmp_path)
    check(host, tmp_path, insecure=True)
    with SqlStore(tmp_path / STORE_FILE) as store:
        with pytest.raises(SettingsError, match="keys create"):
            check(host, tmp_path)
        create_key(store.keys, "shop", ["read"], now=0.0)
    check(host, tmp_path)


def test_nothing_is_opened_where_the_host_or_the_settings_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="other machines"):
        serve(tmp_path, host="0.0.0.0")
    (tmp_path / "foretaste.toml").write_text("[rank]\nnn = 1\n")
    with pytest.raises(SettingsError, match="did you mean 'n'"):
        serve(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["foretaste.toml"]


def test_as_many_connections_as_the_system_allows() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        _raise_file_limit()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert hard == before[1]
        assert soft == (
            MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port of this machine on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_in_use_is_one_line(copied: Path, taken_port: int) -> None:
    with running(copied, "serve", "--port", str(taken_port)) as command:
        assert command.process.wait(60) == 2
        assert command.log == (
            f"error: port {taken_port} of 127.0.0.1 is in use by another process; stop that one, "
            "or choose another port with --port\n"
        )


def test_a_port_is_looked_at_and_left_free(taken_port: int) -> None:
    with pytest.raises(SettingsError, match="is in use"):
        check_port("127.0.0.1", taken_port)
    with pytest.raises(SettingsError, match=r"of '192\.0\.2\.1' cannot be listened on"):
        check_port("192.0.2.1", 8000)  # of no machine, by RFC 5737
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    check_port("127.0.0.1", free)
    check_port("127.0.0.1", free)
    check_port("localhost", 0)
