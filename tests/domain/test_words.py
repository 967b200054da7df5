from foretaste.domain.words import words_of


def test_words_are_in_lower_case_and_in_their_order() -> None:
    assert words_of("L'Été, 2!") == ["l", "été", "2"]
    assert words_of("M") == ["m"], "a film may be called so"
    assert words_of(" -…") == []
