"""Words come from a writer where it writes truly and in time, and else from a template."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from foretaste.domain.prompt import TEMPLATE_AUTHOR, Deadline, Prompt
from foretaste.domain.reason import Reason
from foretaste.errors import WriterError
from foretaste.generate.facts import ItemFacts, SlateFacts
from foretaste.generate.narration import MAX_WRITER_ERRORS, Narrator

REASON = Reason("People who watched Dune also watched this", 1.0, event="d", names=("Dune",))
FACTS = SlateFacts(
    ("Sci-Fi",), (), None,
    (ItemFacts("1", "Arrival", (REASON,)), ItemFacts("2", "Solaris", (REASON,)),
     ItemFacts("3", None, (REASON,))),
    kinds=("Sci-Fi",),
)  # fmt: skip


class Scripted:
    """A writer that says what it is given, one text after another."""

    name, fingerprint = "scripted", "scripted"

    def __init__(self, *texts: str | WriterError) -> None:
        self.texts, self.prompts = list(texts), list[Prompt]()

    def start(self) -> None: ...
    def close(self) -> None: ...

    def write(self, prompt: Prompt, deadline: Deadline) -> Iterator[str]:
        self.prompts.append(prompt)
        text = self.texts.pop(0)
        if isinstance(text, WriterError):
            raise text
        yield from (text[:5], text[5:])


def told(writer: Scripted | None, facts: SlateFacts = FACTS) -> list[tuple[str, str, str | None]]:
    """(text, who, why) of each passage."""
    found = Narrator(writer).narrate(facts, Deadline(30))
    return [(one.wording.text, one.wording.author, one.wording.fallback_reason) for one in found]


def test_without_a_writer_templates_say_it_all() -> None:
    assert told(None) == [
        ("Sci-Fi", TEMPLATE_AUTHOR, None),
        (
            "Your taste leans towards Sci-Fi. Begin with Arrival, then try Solaris.",
            TEMPLATE_AUTHOR,
            None,
        ),
        ("People who watched Dune also watched this.", TEMPLATE_AUTHOR, None),
        ("People who watched Dune also watched this.", TEMPLATE_AUTHOR, None),
        (
            "People who watched Dune also watched this.",
            TEMPLATE_AUTHOR,
            "its title cannot stand in a sentence",
        ),
    ]


def test_somebody_who_is_known_is_not_told_that_nothing_is() -> None:
    (_, _, _), (description, _, _), *_ = told(None, replace(FACTS, kinds=()))
    assert description == "Begin with Arrival, then try Solaris."


def test_a_stranger_is_told_so() -> None:
    stranger = SlateFacts((), (), None, (ItemFacts("1", "Arrival"), ItemFacts("2", "Solaris")))
    _, (description, _, _), (line, _, _), _ = told(None, stranger)
    assert description.startswith("Nothing sets your taste apart yet")
    assert line == "Suggested for you."


def test_true_sentences_are_the_writer_s_and_false_ones_are_not() -> None:
    writer = Scripted(
        "More Sci-Fi for you.\nAnd a second line",
        "Look for more Sci-Fi. It is also",
        "People take “Arrival” together with “Dune”.",
        "“Solaris” goes with “Night Train”.",
    )

    title, description, first, second, third = told(writer)

    assert title == ("More Sci-Fi for you", "scripted", None)
    assert description == ("Look for more Sci-Fi.", "scripted", None)
    assert first == ("People take “Arrival” together with “Dune”.", "scripted", None)
    assert second[:2] == ("People who watched Dune also watched this.", TEMPLATE_AUTHOR)
    assert "quotes what is not in the evidence" in str(second[2])
    assert third[1] == TEMPLATE_AUTHOR  # it is not even asked


@pytest.mark.parametrize("why", ["not written in time", "cannot be reached"])
def test_a_writer_that_fails_is_stood_in_for_and_soon_left_alone(why: str) -> None:
    writer = Scripted(*[WriterError(why)] * MAX_WRITER_ERRORS)

    found = told(writer)

    assert [one[1:] for one in found[:4]] == [(TEMPLATE_AUTHOR, why)] * 4
    assert len(writer.prompts) == MAX_WRITER_ERRORS


def test_who_called_it_off_is_told_no_more() -> None:
    deadline = Deadline(30)
    passages = Narrator(None).narrate(FACTS, deadline)
    next(passages), next(passages)
    deadline.cancel()

    assert list(passages) == []


def test_a_writer_sees_names_and_no_text_of_an_item() -> None:
    writer = Scripted("Sci-Fi", "Sci-Fi.", "Dune.", "Dune.")
    told(writer)

    asked = [prompt.messages[-1][1] for prompt in writer.prompts]
    assert asked[2] == 'Item: "Arrival". Why: People who watched Dune also watched this. Say why.'
    assert all(prompt.messages[0][0] == "system" for prompt in writer.prompts)
