"""Which figures of a service are marked as worrying."""

import pytest

from foretaste.serve.admin.status_route import MIN_JUDGED_LISTS, is_worrying


@pytest.mark.parametrize(
    ("name", "value", "list_count", "expected"),
    [
        ("list_p95_ms", 400.0, MIN_JUDGED_LISTS, True),
        ("list_p95_ms", 400.0, 1, False),
        ("list_p95_ms", 100.0, MIN_JUDGED_LISTS, False),
        ("list_p95_ms", None, 0, False),
        ("failed_share", 0.5, 0, True),
        ("items", 0.0, 0, True),
    ],
)
def test_one_slow_list_after_a_start_is_no_reason_to_worry(
    name: str, value: float | None, list_count: int, expected: bool
) -> None:
    assert is_worrying(name, value, list_count) is expected
