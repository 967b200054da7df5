"""Keys of settings that have new names: the old ones are read in the file and the environment, and
give the same settings; whoever wrote them is told the new name once.
"""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foretaste.config import load
from foretaste.config.load import SETTINGS_FILE, Config, load_config
from foretaste.domain.settings import Settings, nested_settings
from foretaste.errors import SettingsError
from foretaste.language.settings import TuningSettings
from foretaste.model.settings import (
    ContentSettings,
    LanguageExpertSettings,
    ModelSettings,
    NeighbourSettings,
    SequenceSettings,
)
from foretaste.rank.rules import RULE_TYPES, QuotaRule, parse_rule

SAMPLES: dict[str, Any] = {
    "event_weights": {"wishlist": 0.5},
    "default_event_type": "click",
    "event_type": "action",
    "method": "linear",
    "tuned_parameters": "head",
    "negative_feedback": {"max_recent_items": 4},
    "mutually_exclusive": [{"first": {"a": "1"}, "second": {"b": "2"}}],
    "item_attribute": "rating",
    "user_attribute": "born",
    "first": {"a": "1"},
    "second": {"b": "2"},
    "max_compared_events": 5000,
    "test_share": 0.3,
    "validation_share": 0.3,
    "min_word_similarity": 0.3,
    "cold_item_share": 0.3,
    "exploration_rate": 0.3,
}
"""New key → a value that is not the default; of numbers 77."""
BESIDE: dict[str, dict[str, Any]] = {
    "mutually_exclusive": {"first": {"a": "1"}, "second": {"b": "2"}},
    "age": {"item_attribute": "certificate"},
}
"""Group → what it needs besides."""


def renames(
    settings_class: type[Settings], group: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(group, old key, new key) of the whole tree."""
    for old, new in settings_class.renamed_keys.items():
        *outer, old_key = old.split(".")
        yield (*group, *outer), old_key, new.rpartition(".")[2]
    for name in settings_class.model_fields:
        nested_class = nested_settings(settings_class, name)
        if nested_class is not None:
            yield from renames(nested_class, (*group, name))


RENAMES = list(renames(Config))


def tree(group: tuple[str, ...], key: str, value: Any, unset: str) -> dict[str, Any]:
    beside = BESIDE.get(group[-1], {})
    values: Any = {name: given for name, given in beside.items() if name != unset} | {key: value}
    for name in reversed(group):
        values = {name: [values] if name == "mutually_exclusive" else values}
    return dict(values)


def written(folder: Path, settings: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    lines = [f"{name} = {toml(value)}" for name, value in settings.items()]
    (folder / SETTINGS_FILE).write_text("\n".join(lines), encoding="utf-8")
    return folder


def toml(value: Any) -> str:
    """Inline tables, which need no order."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml(inner)}" for name, inner in value.items()) + " }"
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else json.dumps(value)


@pytest.mark.parametrize(("group", "old", "new"), RENAMES)
def test_the_old_key_in_the_file_gives_the_same_settings(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    group: tuple[str, ...],
    old: str,
    new: str,
) -> None:
    value = SAMPLES.get(new, 77)
    present = load_config(written(tmp_path / "new", tree(group, new, value, new)), {})
    assert not caplog.records
    folder = written(tmp_path / "old", tree(group, old, value, new))

    assert load_config(folder, {}) == load_config(folder, {}) == present != Config()
    (warning,) = caplog.records
    assert f"[{'.'.join(group)}] {old} is now called {new}" in warning.getMessage()
    assert str(folder / SETTINGS_FILE) in warning.getMessage()


@pytest.mark.parametrize(("group", "old", "new"), RENAMES)
def test_both_keys_are_an_error_that_says_which_to_leave_out(
    tmp_path: Path, group: tuple[str, ...], old: str, new: str
) -> None:
    both = tree(group, new, SAMPLES.get(new, 77), new)
    innermost: Any = both
    for name in group:
        innermost = innermost[name][0] if name == "mutually_exclusive" else innermost[name]
    innermost[old] = innermost[new]

    message = (
        f"[{'.'.join(group)}] {old} is the old name of {new}, and both are given; leave {old} out"
    )
    with pytest.raises(SettingsError) as caught:
        load_config(written(tmp_path / "both", both), {})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("group", "old", "new"), [rename for rename in RENAMES if "mutually_exclusive" not in rename[0]]
)
def test_the_old_variable_gives_the_same_settings(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    group: tuple[str, ...],
    old: str,
    new: str,
) -> None:
    load._warn_once.cache_clear()
    beside = tree(group, "limits", {}, "limits") if group[-1] == "age" else {}
    folder = written(tmp_path / "any", beside)
    value = json.dumps(SAMPLES.get(new, 77))
    variables = [f"FORETASTE_{'__'.join((*group, key))}".upper() for key in (old, new)]
    older, present = (load_config(folder, {variable: value}) for variable in variables)

    assert older == present != load_config(folder, {})
    (warning,) = caplog.records
    assert f"{variables[0]}: it is now called {variables[1]}" in warning.getMessage()
    with pytest.raises(SettingsError, match=f"keep {variables[1]} alone"):
        load_config(folder, dict.fromkeys(variables, value))


def test_the_environment_goes_over_the_file_by_either_name(tmp_path: Path) -> None:
    old = written(tmp_path / "old", {"rank": {"most": 50}, "model": {"refusal": {"last": 5}}})
    new = written(tmp_path / "new", {"rank": {"max_n": 50}})

    assert load_config(old, {"FORETASTE_RANK__MAX_N": "60"}).rank.max_n == 60
    assert load_config(new, {"FORETASTE_RANK__MOST": "60"}).rank.max_n == 60
    config = load_config(old, {"FORETASTE_MODEL__NEGATIVE_FEEDBACK__STRENGTH": "2"})
    assert config.model.negative_feedback.max_recent_items == 5
    assert config.model.negative_feedback.strength == 2


def test_a_group_given_whole_in_the_environment_may_have_old_keys(tmp_path: Path) -> None:
    apart = '[{"these": {"a": "1"}, "those": {"b": "2"}}]'
    config = load_config(tmp_path, {"FORETASTE_RANK__POLICY__APART": apart})
    assert config.rank.policy.mutually_exclusive[0].second == {"b": "2"}


def test_one_line_tells_of_all_old_keys(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = '[[rank.policy.apart]]\nthese = {a = "1"}\nthose = {b = "2"}\n[rank]\nnewcomers = 0.1\n'
    (tmp_path / SETTINGS_FILE).write_text(text, encoding="utf-8")
    load_config(tmp_path, {})

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    for rename in (
        "[rank] newcomers is now called cold_item_share",
        "[rank.policy] apart is now called mutually_exclusive",
        "[rank.policy.mutually_exclusive] these is now called first",
    ):
        assert rename in caplog.text


def test_the_saved_state_of_a_model_may_have_old_keys() -> None:
    assert ContentSettings(**{"last": 5}) == ContentSettings(max_recent_events=5)
    assert NeighbourSettings.model_validate({"popular": 0.25}).popularity_damping == 0.25
    with pytest.raises(ValueError, match="last is the old name of max_recent_events"):
        ContentSettings.model_validate({"last": 5, "max_recent_events": 5})


@pytest.mark.parametrize("rule_type", RULE_TYPES)
def test_the_schema_of_a_rule_has_the_old_keys_marked(rule_type: type[Settings]) -> None:
    properties = rule_type.model_json_schema()["properties"]
    for old, new in rule_type.renamed_keys.items():
        assert properties[old]["deprecated"]
        assert properties[old]["anyOf"] == properties[new]["anyOf"]


def test_a_rule_may_be_written_with_old_keys() -> None:
    quota = {"quota": {"brand": "Own"}, "least": 2, "most": 5}
    assert parse_rule(quota) == QuotaRule(quota={"brand": "Own"}, min_items=2, max_items=5)


def test_what_names_a_tuned_encoder_and_a_checkpoint_stayed() -> None:
    """The text is what 2dafb50 hashed, before keys were renamed."""
    tuning = TuningSettings(method="lora", max_pairs=500, batch_size=8, learning_rate=1e-5)
    assert tuning.json_with_old_keys() == (
        '{"what":"lora","pairs":500,"window":3,"search_hours":24.0,"batch":8,"temperature":0.07,'
        '"learning_rate":0.00001,"rank":8,"epochs":3}'
    )
    model = ModelSettings(
        seed=3,
        experts=("content", "refusal"),
        content=ContentSettings(max_recent_events=5),
        neighbour=NeighbourSettings(popularity_damping=0.25),
        language=LanguageExpertSettings(learning_rate=5e-5, batch_size=8),
        sequence=SequenceSettings(epochs=16, layers=2),  # the defaults then
    )
    stored = Path(__file__).with_name("model_settings_2dafb50.json")
    assert model.json_with_old_keys() == stored.read_text(encoding="utf-8")


def test_the_guide_lists_every_renamed_key() -> None:
    guide = Path(__file__).parents[2] / "docs" / "operations.md"
    rows = [f"| `[{'.'.join(group)}]` | `{old}` | `{new}` |" for group, old, new in RENAMES]
    assert [row for row in rows if row not in guide.read_text(encoding="utf-8")] == []
