"""Telling: facts and a writer in, passages out, one after another as they are written and checked.

Each passage is the writer's if it wrote one in time and the checker found nothing wrong, and else
the template's; it says which, and why.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from foretaste.domain.ports import Writer
from foretaste.domain.prompt import Deadline, Prompt, Said
from foretaste.errors import WriterError
from foretaste.generate import prompts, templates
from foretaste.generate.checker import fault, sayable, sentences
from foretaste.generate.facts import Facts

SAID_ENOUGH = 3
"""Errors of the writer after which it is asked no more for this answer."""


Faults = Callable[[str], tuple[str, ...]]


def nothing(text: str) -> tuple[str, ...]:
    """No policy."""
    return ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of what is said."""

    part: Literal["title", "description", "line"]
    said: Said
    item: str | None = None
    """Of a line: the item's id."""


class Teller:
    """Puts facts into words."""

    def __init__(self, writer: Writer | None, faults: Faults = nothing) -> None:
        """faults: why the operator will not have a text said; none where they will."""
        self._writer, self._faults = writer, faults

    def tell(self, facts: Facts, deadline: Deadline) -> Iterator[Passage]:
        """Title, description, and a line for each item, in their order."""
        one = _Answer(self._writer, self._faults, deadline)
        yield Passage(
            "title",
            one.say(prompts.title(facts), facts.names, templates.title(facts), _titled),
        )
        yield Passage(
            "description",
            one.say(prompts.description(facts), facts.names, templates.description(facts)),
        )
        for item in facts.items:
            if deadline.cancelled:
                return
            plain = templates.line(item)
            if item.title is None:
                said = Said(plain, why="its title cannot stand in a sentence")
            else:
                prompt = prompts.line(item, private=facts.private)
                said = one.say(prompt, item.names, plain)
            yield Passage("line", said, item.id)


def _titled(text: str) -> str:
    """The first line, without the stop and the quotes that a title has not."""
    return text.strip().split("\n")[0].strip().rstrip(".").strip()


def _plain(text: str) -> str:
    """The whole sentences of the first paragraph."""
    return sentences(text.strip().split("\n")[0])


class _Answer:
    """The words of one answer."""

    def __init__(self, writer: Writer | None, faults: Faults, deadline: Deadline) -> None:
        self._writer, self._faults, self._deadline = writer, faults, deadline
        self._errors = 0
        self._last: str | None = None

    def say(
        self,
        prompt: Prompt,
        names: tuple[str, ...],
        plain: str,
        cut: Callable[[str], str] = _plain,
    ) -> Said:
        """What the writer says of it, or else `plain`; nothing much where neither may be said."""
        barred = self._faults(plain)
        if barred:
            return Said(templates.ANY, why=f"the operator's policy: {barred[0]}")
        writer = self._writer
        if writer is None:
            return Said(plain)
        if not names:
            return Said(plain, why="there is nothing to name")
        if self._errors >= SAID_ENOUGH or not self._deadline.left():
            return Said(plain, why=self._last or "not written in time")
        prompt = replace(prompt, names=names, words=sayable(names, plain))
        try:
            text = cut("".join(writer.write(prompt, self._deadline)))
        except WriterError as error:
            self._errors, self._last = self._errors + 1, str(error)
            return Said(plain, why=str(error))
        wrong = fault(text, names, plain)
        if wrong is None and (barred := self._faults(text)):
            wrong = barred[0]
        if wrong is not None:
            return Said(plain, why=f"what was written is not said: {wrong}")
        return Said(text, by=writer.name)
