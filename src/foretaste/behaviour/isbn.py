"""In: the number of a book. Out: the other ways to write it: with 10 digits or with 13, and with
hyphens. Which parts the hyphens part depends on the publisher; all are tried.
"""

from collections.abc import Iterator

BOOKLAND = "978"
"""In front of the 13 digits of what has 10 as well."""
MAX_GROUP_DIGITS = 5
"""Of the language or the country."""
MAX_PUBLISHER_DIGITS = 7
_HYPHENS = str.maketrans("", "", "-‐‑–− ")


def isbn_digits(text: str) -> str | None:
    """The 13 digits of a book; None of what is no ISBN."""
    digits = text.translate(_HYPHENS).upper()
    if not digits.isascii():
        return None
    if len(digits) == 10 and digits[:9].isdigit() and digits[9] == _check_10(digits[:9]):
        return f"{BOOKLAND}{digits[:9]}{_check_13(BOOKLAND + digits[:9])}"
    is_13 = len(digits) == 13 and digits.isdigit() and digits[:3] in (BOOKLAND, "979")
    return digits if is_13 and digits[12] == _check_13(digits[:12]) else None


def isbn_forms(digits: str) -> Iterator[str]:
    """All ways to write it. digits: 13."""
    prefix, body, check = digits[:3], digits[3:12], digits[12]
    check_10 = _check_10(body)
    yield digits
    yield f"{prefix}-{body}{check}"
    if prefix == BOOKLAND:
        yield body + check_10
    for group in range(1, MAX_GROUP_DIGITS + 1):
        for end in range(group + 1, min(group + MAX_PUBLISHER_DIGITS, len(body) - 1) + 1):
            parts = f"{body[:group]}-{body[group:end]}-{body[end:]}"
            yield f"{prefix}-{parts}-{check}"
            if prefix == BOOKLAND:
                yield f"{parts}-{check_10}"


def _check_10(body: str) -> str:
    """The tenth digit of the nine before it."""
    total = sum((10 - place) * int(digit) for place, digit in enumerate(body))
    check = -total % 11
    return "X" if check == 10 else str(check)


def _check_13(body: str) -> str:
    """The thirteenth digit of the twelve before it."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return str(-total % 10)
