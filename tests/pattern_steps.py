"""Steps that Python's regular expressions take: the same backtracking, counted instead of timed.

In: a compiled pattern and a text. Out: how many nodes of the pattern were tried. And the texts that
make a pattern with a weak place take many steps: what leads to a repeat, then what it repeats, over
and over.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from re import _constants as op
from re import _parser
from typing import Any

ENDINGS = ("", "\0")
MIN_REPEATS = 20
"""A repeat up to fewer times than this is no loop."""


CHARACTER = "one character"
"""The kind of a node that takes one character; its argument says of each whether it does."""
ASCII, DOTALL, IGNORECASE, MULTILINE = map(
    int, (re.ASCII, re.DOTALL, re.IGNORECASE, re.MULTILINE)
)  # as numbers: `re.RegexFlag` takes longer to compare than all else that a step does


class Taken(dict[str, bool]):
    """Characters → whether a node takes them, worked out when they are met."""

    def __init__(self, kind: Any, argument: Any, flags: int) -> None:
        self.node = kind, argument, flags

    def __missing__(self, character: str) -> bool:
        kind, argument, flags = self.node
        self[character] = holds(kind, argument, character, flags)
        return self[character]


class Branches(dict[str, tuple[list[tuple[int, list[Any]]], int]]):
    """Next character, "" at the end → ([(how many that cannot begin so are before it, branch)] of
    those that may, how many are after the last), worked out when it is met.
    """

    def __init__(self, branches: list[list[Any]]) -> None:
        self.branches = branches

    def __missing__(self, character: str) -> tuple[list[tuple[int, list[Any]]], int]:
        possible, failed = [], 0
        for branch in self.branches:
            kind, taken = branch[0] if branch else ("nothing", {})
            if kind is CHARACTER and not (character and taken[character]):
                failed += 1
            else:
                possible.append((failed, branch))
                failed = 0
        self[character] = possible, failed
        return self[character]


@cache
def parsed(pattern: "re.Pattern[str]") -> list[Any]:
    """Its nodes, in the form that `Counter` walks through quickest."""
    return quick(_parser.parse(pattern.pattern, pattern.flags), pattern.flags)


def quick(nodes: Sequence[Any], flags: int) -> list[Any]:
    """Nodes as lists, each a kind and its argument."""
    found: list[Any] = []
    for kind, argument in nodes:
        if kind in (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY):
            found.append((CHARACTER, Taken(kind, argument, flags)))
        elif kind is op.BRANCH:
            found.append((kind, Branches([quick(branch, flags) for branch in argument[1]])))
        elif kind is op.SUBPATTERN:
            found.append((kind, quick(argument[3], flags)))
        elif kind is op.ATOMIC_GROUP:
            found.append((kind, quick(argument, flags)))
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            direction, inner = argument
            behind = 0 if direction > 0 else inner.getwidth()[0]
            found.append((kind, (behind, quick(inner, flags))))
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            low, high, inner = argument
            found.append((kind, (low, high, quick(inner, flags))))
        else:
            found.append((kind, argument))
    return found


def sight(nodes: Sequence[Any]) -> tuple[int, int]:
    """How many characters before and after a place `failure_steps` may look at, at most."""
    before, after, width = 1, 1, 0
    for kind, argument in nodes:
        if kind is CHARACTER:
            width += 1
        elif kind is op.SUBPATTERN or kind is op.BRANCH:
            for branch in argument.branches if kind is op.BRANCH else [argument]:
                inner_before, inner_after = sight(branch)
                before = max(before, inner_before - width)
                after = max(after, width + inner_after)
            break
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            behind, inner = argument
            if len(inner) != 1 or inner[0][0] is not CHARACTER:
                break
            before = max(before, behind - width)
        elif kind is not op.AT:
            break
    return before, max(after, width + 2)  # `$` looks at what is behind the next character


@cache
def sight_of(pattern: "re.Pattern[str]") -> tuple[int, int]:
    """That of a pattern as a whole."""
    return sight(parsed(pattern))


class Counter:
    """Matches as `re` does, and counts."""

    def __init__(self, pattern: "re.Pattern[str]", text: str) -> None:
        self.tree = parsed(pattern)
        self.sight = sight_of(pattern)
        self.flags, self.text, self.steps = pattern.flags, text, 0

    def search(self) -> int:
        """Steps to find all matches, as `findall` does. What is seen from a place decides whether
        it fails early there, so that is worked out once for all places that look the same.
        """
        text, tree, (before, after) = self.text, self.tree, self.sight
        known = dict[str, int | None]()
        last = len(text) - after
        start = 0
        while start <= len(text):
            if before <= start <= last:
                seen = text[start - before : start + after]
                if seen not in known:
                    known[seen] = self.failure_steps(tree, start)
                steps = known[seen]
            else:
                steps = self.failure_steps(tree, start)
            if steps is not None:
                self.steps += steps
                start += 1
                continue
            end = next(self.ends(tree, start), None)
            start = start + 1 if end is None else max(end, start + 1)
        return self.steps

    def fullmatch(self) -> int:
        """Steps until no way to match from the start is left, as when `fullmatch` fails."""
        for _ in self.ends(self.tree, 0):
            pass
        return self.steps

    def ends(self, nodes: Sequence[Any], at: int, first_node: int = 0) -> Iterator[int]:
        """Where the nodes can end that begin here, in the order in which `re` tries them."""
        text, size = self.text, len(self.text)
        for number in range(first_node, len(nodes)):
            kind, argument = nodes[number]
            if kind is not CHARACTER:
                if number + 1 == len(nodes):
                    yield from self.node_ends(kind, argument, at)
                else:
                    for end in self.node_ends(kind, argument, at):
                        yield from self.ends(nodes, end, number + 1)
                return
            self.steps += 1
            if at >= size or not argument[text[at]]:
                return
            at += 1
        yield at

    def node_ends(self, kind: Any, argument: Any, at: int) -> Iterator[int]:
        self.steps += 1
        if kind is op.AT:
            if self.is_at(argument, at):
                yield at
        elif kind is op.BRANCH:
            possible, failed = argument[self.text[at : at + 1]]
            for failed_before, branch in possible:
                self.steps += failed_before
                if not self.fails_early(branch, at):
                    yield from self.ends(branch, at)
            self.steps += failed
        elif kind is op.SUBPATTERN:
            yield from self.ends(argument, at)
        elif kind is op.ATOMIC_GROUP:
            yield from first(self.ends(argument, at))
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            behind, inner = argument
            start = at - behind
            hit = start >= 0 and next(self.ends(inner, start), None) is not None
            if hit == (kind is op.ASSERT):
                yield at
        elif kind is op.POSSESSIVE_REPEAT:
            yield from first(self.repeat_ends(argument, at, greedy=True))
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            yield from self.repeat_ends(argument, at, greedy=kind is op.MAX_REPEAT)
        else:
            raise NotImplementedError(kind)

    def fails_early(self, nodes: Sequence[Any], at: int) -> bool:
        """Whether it fails before there are two ways to go on, which is then counted here."""
        steps = self.failure_steps(nodes, at)
        self.steps += steps or 0
        return steps is not None

    def failure_steps(self, nodes: Sequence[Any], at: int) -> int | None:
        """Steps that `ends` takes to find no end, where each node ends in one place at most or
        fails; None where it takes more than that to tell.
        """
        text, size, steps = self.text, len(self.text), 0
        for kind, argument in nodes:
            steps += 1
            if kind is CHARACTER:
                if at >= size or not argument[text[at]]:
                    return steps
                at += 1
            elif kind is op.AT:
                if not self.is_at(argument, at):
                    return steps
            elif kind is op.SUBPATTERN:
                inner_steps = self.failure_steps(argument, at)
                return None if inner_steps is None else steps + inner_steps
            elif kind is op.BRANCH:
                possible, failed = argument[text[at : at + 1]]
                for failed_before, branch in possible:
                    branch_steps = self.failure_steps(branch, at)
                    if branch_steps is None:
                        return None
                    steps += failed_before + branch_steps
                return steps + failed
            elif kind in (op.ASSERT, op.ASSERT_NOT):
                behind, inner = argument
                if len(inner) != 1 or inner[0][0] is not CHARACTER:
                    return None
                start = at - behind
                steps += start >= 0
                hit = 0 <= start < size and inner[0][1][text[start]]
                if hit != (kind is op.ASSERT):
                    return steps
            else:
                return None
        return None

    def repeat_ends(self, repeat: Any, at: int, *, greedy: bool) -> Iterator[int]:
        """Without recursion: `re` keeps its own stack."""
        low, high, inner = repeat
        if len(inner) == 1 and inner[0][0] is CHARACTER:
            yield from self.run_ends(low, high, inner[0][1], at, greedy=greedy)
            return
        if not greedy and low == 0:
            yield at
        stack = [(at, 0, self.ends(inner, at))]
        while stack:
            here, count, tries = stack[-1]
            end = next(tries, None) if high is op.MAXREPEAT or count < high else None
            if end is None:
                stack.pop()
                if greedy and count >= low:
                    yield here
            elif end > here or count < low:
                stack.append((end, count + 1, self.ends(inner, end)))
                if not greedy and count + 1 >= low:
                    yield end

    def run_ends(
        self, low: int, high: Any, taken: Taken, at: int, *, greedy: bool
    ) -> Iterator[int]:
        """The same of one character, again and again."""
        text, size, end = self.text, len(self.text), at
        limit = size + 1 if high is op.MAXREPEAT else at + high
        while True:
            if not greedy and end >= at + low:
                yield end
            if end >= limit:
                break
            self.steps += 1
            if end >= size or not taken[text[end]]:
                break
            end += 1
        if greedy:
            yield from range(end, at + low - 1, -1)

    def is_at(self, place: Any, at: int) -> bool:
        text, many = self.text, bool(self.flags & MULTILINE)
        if place in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return at == 0 or (many and place is op.AT_BEGINNING and text[at - 1] == "\n")
        if place in (op.AT_END, op.AT_END_STRING):
            last = at == len(text) or (at == len(text) - 1 and text[at] == "\n")
            return last or (many and place is op.AT_END and text[at] == "\n")
        ahead, behind = (
            0 <= side < len(text) and is_word(text[side], self.flags) for side in (at, at - 1)
        )
        return (ahead != behind) == (place is op.AT_BOUNDARY)


def first(ends: Iterator[int]) -> Iterator[int]:
    """The first alone: nothing within is tried again."""
    end = next(ends, None)
    if end is not None:
        yield end


def is_word(character: str, flags: int) -> bool:
    ascii_only = bool(flags & ASCII)
    return (character.isalnum() or character == "_") and not (
        ascii_only and not character.isascii()
    )


def holds(kind: Any, argument: Any, character: str, flags: int) -> bool:
    """Whether a node for one character takes this one."""
    if kind is op.ANY:
        return bool(flags & DOTALL) or character != "\n"
    if kind is op.NOT_LITERAL:
        return ord(character) != argument
    if kind is op.LITERAL:
        return chr(argument) == character or bool(
            flags & IGNORECASE and chr(argument).lower() == character.lower()
        )
    negated = bool(argument) and argument[0][0] is op.NEGATE
    hit = any(in_set(part, character, flags) for part in argument if part[0] is not op.NEGATE)
    return hit != negated


def in_set(part: tuple[Any, Any], character: str, flags: int) -> bool:
    kind, argument = part
    if kind is op.RANGE:
        low, high = argument
        letters = {character, character.lower(), character.upper()}
        return any(
            low <= ord(letter) <= high
            for letter in (letters if flags & IGNORECASE else {character})
            if len(letter) == 1
        )
    if kind is op.CATEGORY:
        name = str(argument)
        test = (
            character.isdecimal()
            if "DIGIT" in name
            else character.isspace()
            if "SPACE" in name
            else is_word(character, flags)
        )
        return test != ("NOT" in name)
    return holds(op.LITERAL, argument, character, flags)


SAMPLES = "a1 .@!-<“(’,'\n\tZ_:/&é"


def samples(kind: Any, argument: Any, flags: int) -> list[str]:
    """Some characters that a node takes."""
    if kind is op.LITERAL:
        return [chr(argument)]
    literals = [
        chr(part[1] if part[0] is op.LITERAL else part[1][0])
        for part in (argument if kind is op.IN else ())
        if part[0] in (op.LITERAL, op.RANGE)
    ]
    return [letter for letter in [*SAMPLES, *literals] if holds(kind, argument, letter, flags)][
        :3
    ] or [
        next(
            letter for letter in map(chr, range(33, 0x3000)) if holds(kind, argument, letter, flags)
        )
    ]


def witness(nodes: Sequence[Any], flags: int) -> str:
    """A text that the nodes take."""
    text = ""
    for kind, argument in nodes:
        if kind in (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY):
            text += samples(kind, argument, flags)[0]
        elif kind is op.BRANCH:
            text += witness(argument[1][0], flags)
        elif kind is op.SUBPATTERN:
            text += witness(argument[3], flags)
        elif kind is op.ATOMIC_GROUP:
            text += witness(argument, flags)
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            text += witness(argument[2], flags) * max(argument[0], 1 if argument[1] else 0)
    return text


def loops(
    nodes: Sequence[Any], flags: int, lead: str = ""
) -> Iterator[tuple[str, Sequence[Any], str]]:
    """(what leads to it, what it repeats, what follows) of each repeat without an end."""
    for position, (kind, argument) in enumerate(nodes):
        here = lead + witness(nodes[:position], flags)
        if kind is op.BRANCH:
            for branch in argument[1]:
                yield from loops(list(branch), flags, here)
        elif kind is op.SUBPATTERN:
            yield from loops(list(argument[3]), flags, here)
        elif kind is op.ATOMIC_GROUP:
            yield from loops(list(argument), flags, here)
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            _, high, inner = argument
            if high is op.MAXREPEAT or high >= MIN_REPEATS:
                yield here, list(inner), witness(nodes[position + 1 :], flags)[:2]
            yield from loops(list(inner), flags, here)


def attacks(pattern: "re.Pattern[str]") -> list[tuple[str, str, str]]:
    """(beginning, what is repeated, end) of texts that find weak places."""
    flags = pattern.flags
    found = {("", letter, "") for letter in SAMPLES}
    for lead, inner, follow in loops(list(_parser.parse(pattern.pattern, flags)), flags):
        letters = (
            samples(inner[0][0], inner[0][1], flags)
            if len(inner) == 1 and inner[0][0] in (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY)
            else [witness(inner, flags)]
        )
        pumps = {*letters, *(lead + letter for letter in letters[:2]), lead, follow} - {""}
        found |= {(start, pump, end) for start in {"", lead} for pump in pumps for end in ENDINGS}
    return sorted(found)


def growth(pattern: "re.Pattern[str]", attack: tuple[str, str, str], length: int) -> int:
    """How many more steps the third part of a text takes than the second, both of this length: none
    where steps grow as the text does. By the dearer method.
    """
    start, pump, end = attack
    times = max(2, length // len(pump))
    texts = [start + pump * (many * times) + end for many in (1, 2, 3)]
    counts = (
        [method(Counter(pattern, text)) for text in texts]
        for method in (Counter.search, Counter.fullmatch)
    )
    return max(third - 2 * second + shortest for shortest, second, third in counts)
