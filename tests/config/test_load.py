"""Settings: one place, strict, and every fault told in one line with the remedy."""

from pathlib import Path

import pytest

from foretaste.config.load import SETTINGS_FILE, Config, load_config
from foretaste.errors import SettingsError


def written(folder: Path, text: str) -> Path:
    (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return folder


def fault(folder: Path, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_config(folder, environment or {})
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_config(tmp_path, {}) == Config()


def test_the_file_is_read_by_group(tmp_path: Path) -> None:
    text = """
        name = "my shop"
        [behaviour.event_weights]
        wishlist = 0.5
        [model]
        experts = ["popularity", "transition"]
        [model.sequence]
        epochs = 7
    """
    config = load_config(written(tmp_path, text), {})

    assert config.name == "my shop"
    assert config.behaviour.event_weights == {"wishlist": 0.5}
    assert config.model.experts == ("popularity", "transition")
    assert config.model.sequence.epochs == 7
    assert config.model.sequence.dim == Config().model.sequence.dim


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    folder = written(tmp_path, 'name = "file"\n[model.sequence]\nepochs = 7\ndim = 32\n')
    config = load_config(
        folder,
        {
            "FORETASTE_MODEL__SEQUENCE__EPOCHS": "9",
            "FORETASTE_NAME": "Müller & Söhne",
            "FORETASTE_RANK__HIDE_SEEN": "false",
            "FORETASTE_MODEL__EXPERTS": '["content"]',
            "FORETASTE_WORKSPACE": "/somewhere",
            "OTHER": "1",
        },
    )

    assert config.model.sequence.epochs == 9
    assert config.model.sequence.dim == 32
    assert config.name == "Müller & Söhne"
    assert config.rank.hide_seen is False
    assert config.model.experts == ("content",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[modle]\n", "the top level has no key 'modle'; did you mean 'model'?"),
        ("[model]\nsed = 1\n", "[model] has no key 'sed'; did you mean 'seed'?"),
        (
            "[model.sequence]\nepoch = 1\n",
            "[model.sequence] has no key 'epoch'; did you mean 'epochs'?",
        ),
        (
            '[model.sequence]\nepochs = "many"\n',
            "[model.sequence] epochs = 'many': input should be a valid integer",
        ),
        ("[model]\nexperts = [1]\n", "[model.experts] 0 = 1: input should be a valid string"),
        ("model = 3\n", "the top level model = 3: input should be a valid dictionary"),
        (
            '[behaviour.event_weights]\nbuy = "x"\n',
            "[behaviour.event_weights] buy = 'x': input should be",
        ),
        ("[behaviour.columns.events]\nuserId = 'x'\n", "has no key 'userId'; did you mean 'user'?"),
        ("[rank]\nhide_seen = 'perhaps'\n", "[rank] hide_seen = 'perhaps': input should be"),
        ("name = 'two\nlines'\n", "not valid TOML"),
        ("name = 1 2\n", "not valid TOML"),
    ],
)
def test_a_fault_in_the_file_names_key_value_and_remedy(
    tmp_path: Path, text: str, said: str
) -> None:
    told = fault(written(tmp_path, text))

    assert said in told
    assert told.startswith(str(tmp_path / SETTINGS_FILE))


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("FORETASTE_MODEL__SED", "1", "[model] has no key 'sed'; did you mean 'seed'?"),
        ("FORETASTE_MODEL__SEED", "x", "[model] seed = 'x': input should be a valid integer"),
        ("FORETASTE_MODEL", "3", "model = 3: input should be"),
        ("FORETASTE_NAME__X", "3", "name = {'x': 3}: input should be a valid string"),
        ("FORETASTE_", "3", "the top level has no key ''"),
    ],
)
def test_a_fault_in_the_environment_names_the_variable(
    tmp_path: Path, variable: str, value: str, said: str
) -> None:
    told = fault(written(tmp_path, 'name = "fine"\n'), {variable: value})

    assert said in told
    assert told.startswith(f"the environment variable {variable}: ")


def test_settings_that_need_one_another_may_both_come_from_the_environment(
    tmp_path: Path,
) -> None:
    epsilon, delta = "FORETASTE_PRIVACY__EPSILON", "FORETASTE_PRIVACY__DELTA"
    both = {epsilon: "4", delta: "1e-6"}
    privacy = load_config(written(tmp_path, ""), both).privacy
    assert (privacy.epsilon, privacy.delta) == (4, 1e-6)
    alone = fault(tmp_path, {epsilon: "4", "FORETASTE_NAME": "shop"})
    assert alone.startswith(f"the environment variable {epsilon}: ")
    assert "needs a delta" in alone
    third = fault(tmp_path, {**both, "FORETASTE_MODEL__SED": "1"})
    assert third.startswith("the environment variable FORETASTE_MODEL__SED: ")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).write_bytes(b'name = "\xff\xfe"')
    assert "not valid TOML" in fault(tmp_path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).mkdir()
    assert "cannot be read" in fault(tmp_path)


def test_settings_cannot_be_changed_afterwards(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(load_config(tmp_path, {}), "name", "other")  # noqa: B010


@pytest.mark.parametrize(
    "name",
    [
        "FORETASTE_SERVICE_HOST",
        "FORETASTE_SERVICE_PORT",
        "FORETASTE_SERVICE_PORT_HTTP",
        "FORETASTE_PORT",
        "FORETASTE_PORT_8000_TCP",
        "FORETASTE_PORT_8000_TCP_ADDR",
        "FORETASTE_WORKER_SERVICE_HOST",
        "FORETASTE_MY_SHOP_PORT_8000_TCP_PROTO",
    ],
)
def test_what_kubernetes_says_of_a_service_called_foretaste_is_no_setting(
    tmp_path: Path, name: str
) -> None:
    assert load_config(tmp_path, {name: "tcp://10.0.0.1:8000"}) == Config()


def test_a_mistyped_setting_is_not_taken_for_a_word_of_kubernetes(tmp_path: Path) -> None:
    assert "no key 'port'" in fault(tmp_path, {"FORETASTE_SERVE__PORT": "8000"})
    assert "no key 'nme'" in fault(tmp_path, {"FORETASTE_NME": "shop"})


def test_models_are_shared_by_hosts_with_one_store(tmp_path: Path) -> None:
    file = tmp_path / "foretaste.toml"
    file.write_text('[model]\nshare = "/srv/models"\n')
    with pytest.raises(SettingsError, match=r"one store; name it as behaviour\.database"):
        load_config(tmp_path)
    file.write_text(file.read_text() + '[behaviour]\ndatabase = "postgresql://db/shop"\n')
    assert load_config(tmp_path).model.share_rule == "all"
