"""What every `Writer` must do. Inherit it and give the fixture `writer`."""

import threading

import pytest

from foretaste.domain.ports import Writer
from foretaste.domain.prompt import Deadline, Prompt
from foretaste.errors import WriterError

PROMPT = Prompt((("system", "Write of films."), ("user", "a slow film about space")), tokens=12)
LONG = Prompt((("user", "the end of time"),), tokens=120)
PLENTY = 240.0


def written(writer: Writer, prompt: Prompt = PROMPT) -> str:
    return "".join(writer.write(prompt, Deadline(PLENTY)))


class WriterContract:
    @pytest.fixture
    def writer(self) -> Writer:
        raise NotImplementedError

    def test_it_writes_the_same_to_the_same_prompt(self, writer: Writer) -> None:
        text = written(writer)

        assert text.strip()
        assert written(writer) == text
        assert writer.name
        assert writer.fingerprint

    def test_it_writes_piece_by_piece(self, writer: Writer) -> None:
        assert len(list(writer.write(LONG, Deadline(PLENTY)))) > 3

    def test_what_is_not_written_in_time_is_an_error(self, writer: Writer) -> None:
        written(writer)  # it is loaded

        with pytest.raises(WriterError, match="not written in time"):
            list(writer.write(LONG, Deadline(0)))
        assert written(writer)  # and goes on with the next

    def test_what_is_called_off_ends_without_an_error(self, writer: Writer) -> None:
        deadline = Deadline(PLENTY)
        pieces = []
        for piece in writer.write(LONG, deadline):
            pieces.append(piece)
            deadline.cancel()

        assert len(pieces) == 1
        assert written(writer)

    def test_several_may_ask_at_once(self, writer: Writer) -> None:
        alone, found = written(writer), list[str]()
        askers = [threading.Thread(target=lambda: found.append(written(writer))) for _ in range(4)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()

        assert found == [alone] * 4
