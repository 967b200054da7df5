"""Telling: facts and a writer in, passages out, one after another as they are written and checked.

Each passage is the writer's if it wrote one in time and the checker found nothing wrong, and else
the template's; it says which, and why.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from foretaste.domain.ports import Writer
from foretaste.domain.prompt import Deadline, GeneratedText, Prompt
from foretaste.errors import WriterError
from foretaste.generate import prompts, templates
from foretaste.generate.checker import allowed_vocabulary, find_fault, whole_sentences
from foretaste.generate.facts import SlateFacts

MAX_WRITER_ERRORS = 3
"""Errors of the writer after which it is asked no more for this answer."""


FindViolations = Callable[[str], tuple[str, ...]]


def no_violations(text: str) -> tuple[str, ...]:
    """No policy."""
    return ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of what is said."""

    part: Literal["title", "description", "line"]
    wording: GeneratedText
    item: str | None = None
    """Of a line: the item's id."""


class Narrator:
    """Puts facts into words."""

    def __init__(
        self, writer: Writer | None, find_violations: FindViolations = no_violations
    ) -> None:
        """find_violations: why the operator will not have a text said; none where they will."""
        self._writer, self._find_violations = writer, find_violations

    def narrate(self, facts: SlateFacts, deadline: Deadline) -> Iterator[Passage]:
        """Title, description, and a line for each item, in their order."""
        passage_writer = _PassageWriter(self._writer, self._find_violations, deadline)
        yield Passage(
            "title",
            passage_writer.write_passage(
                prompts.title_prompt(facts), facts.names, templates.title_text(facts), _title_line
            ),
        )
        yield Passage(
            "description",
            passage_writer.write_passage(
                prompts.description_prompt(facts), facts.names, templates.description_text(facts)
            ),
        )
        for item in facts.items:
            if deadline.cancelled:
                return
            template_text = templates.line_text(item, facts.messages)
            if item.title is None:
                wording = GeneratedText(
                    template_text, fallback_reason="its title cannot stand in a sentence"
                )
            else:
                prompt = prompts.line_prompt(item, private=facts.private)
                wording = passage_writer.write_passage(prompt, item.names, template_text)
            yield Passage("line", wording, item.id)


def _title_line(text: str) -> str:
    """The first line, without the stop and the quotes that a title has not."""
    return text.strip().split("\n")[0].strip().rstrip(".").strip()


def _first_paragraph(text: str) -> str:
    """The whole sentences of the first paragraph."""
    return whole_sentences(text.strip().split("\n")[0])


class _PassageWriter:
    """The words of one answer."""

    def __init__(
        self, writer: Writer | None, find_violations: FindViolations, deadline: Deadline
    ) -> None:
        self._writer, self._find_violations, self._deadline = writer, find_violations, deadline
        self._error_count = 0
        self._last_error: WriterError | None = None

    def write_passage(
        self,
        prompt: Prompt,
        names: tuple[str, ...],
        template_text: str,
        trim_text: Callable[[str], str] = _first_paragraph,
    ) -> GeneratedText:
        """What the writer says of it, else `template_text`; `DEFAULT_TITLE` if neither may be."""
        violations = self._find_violations(template_text)
        if violations:
            return GeneratedText(
                templates.DEFAULT_TITLE, fallback_reason=f"the operator's policy: {violations[0]}"
            )
        writer = self._writer
        if writer is None:
            return GeneratedText(template_text)
        if not names:
            return GeneratedText(template_text, fallback_reason="there is nothing to name")
        if self._error_count >= MAX_WRITER_ERRORS or not self._deadline.seconds_left():
            return _instead_of_writer(template_text, self._last_error)
        prompt = replace(prompt, names=names, words=allowed_vocabulary(names, template_text))
        try:
            text = trim_text("".join(writer.write(prompt, self._deadline)))
        except WriterError as error:
            self._error_count, self._last_error = self._error_count + 1, error
            return _instead_of_writer(template_text, error)
        problem = find_fault(text, names, template_text)
        if problem is None and (violations := self._find_violations(text)):
            problem = violations[0]
        if problem is not None:
            return GeneratedText(
                template_text, fallback_reason=f"what was written is not said: {problem}"
            )
        return GeneratedText(text, author=writer.name)


def _instead_of_writer(template_text: str, error: WriterError | None) -> GeneratedText:
    """The template's words, and why: what the writer failed with, or that there was no time."""
    if error is None:
        return GeneratedText(template_text, fallback_reason="not written in time")
    return GeneratedText(
        template_text, fallback_reason=str(error), public_fallback_reason=error.public_text()
    )
