from pathlib import Path

import pytest

from foretaste.errors import SettingsError
from foretaste.serve.run import check_host, serve


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"])
def test_this_machine_alone_is_fine(host: str) -> None:
    check_host(host, insecure=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "example.org", "2130706433"])
def test_others_are_kept_out_unless_that_is_wanted(host: str) -> None:
    with pytest.raises(SettingsError, match="--insecure"):
        check_host(host, insecure=False)
    check_host(host, insecure=True)


def test_nothing_is_opened_where_the_host_or_the_settings_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="other machines"):
        serve(tmp_path, host="0.0.0.0")
    (tmp_path / "foretaste.toml").write_text("[rank]\nnn = 1\n")
    with pytest.raises(SettingsError, match="did you mean 'n'"):
        serve(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["foretaste.toml"]
