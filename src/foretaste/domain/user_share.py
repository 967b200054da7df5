"""In: how many rows one user has, of how many. Out: whether a person can have so many."""

MIN_ROWS = 20
MIN_USERS = 5
MIN_SHARE = 0.25
MIN_TIMES_AVERAGE = 3
"""With few users each has a large share."""


def is_implausible_share(rows: int, all_rows: int, users: int) -> bool:
    """Whether `rows` of `all_rows` are more than one of so many users can have done."""
    if all_rows < MIN_ROWS or users < MIN_USERS:
        return False
    return rows / all_rows >= max(MIN_SHARE, MIN_TIMES_AVERAGE / users)
