import subprocess
import sys

import pytest
from pydantic import ValidationError

from foretaste.language.settings import LanguageSettings


def test_the_default_is_a_bert_that_we_carry() -> None:
    assert LanguageSettings().encoder == "sentence-transformers/all-MiniLM-L6-v2"


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "magic"}, {"max_tokens": 0}, {"sha256": "abc"}, {"threads": 0}, {"encodr": "x"}],
)
def test_what_is_not_valid_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LanguageSettings.model_validate(wrong)


def test_every_setting_says_what_it_does() -> None:
    assert all(field.description for field in LanguageSettings.model_fields.values())


def test_reading_settings_does_not_load_pytorch() -> None:
    code = (
        "import sys, foretaste.language.settings, foretaste.language.open;"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
