import pytest

from foretaste.language.text import CHARACTERS_PER_TOKEN, readable


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("  a cat\n", "a cat"),
        ("", ""),
        ("\ud83d broken", "? broken"),
        ("🎬 film", "🎬 film"),
        ("\x00", "\x00"),
    ],
)
def test_what_is_left_of_a_text(text: str, wanted: str) -> None:
    assert readable(text, max_tokens=8) == wanted


def test_a_long_text_is_cut() -> None:
    assert len(readable("x" * 100_000, max_tokens=8)) == 8 * CHARACTERS_PER_TOKEN
