from foretaste.serve.http.activity import (
    MAX_TENANTS,
    MINUTES,
    ActivityWindow,
    ActivityWindows,
    RequestCounts,
    request_group_of,
)


class Clock:
    def __init__(self) -> None:
        self.now = 6_000_000.0

    def __call__(self) -> float:
        return self.now


def test_requests_are_told_apart_by_what_they_are_for() -> None:
    groups = {"/v1/recommend": "lists", "/v1/trending": "lists", "/api/recommend/{user}": "lists"}
    groups |= {"/v1/events": "events", "/api/feedback": "events", "/v1/items": "remaining"}
    assert {route: request_group_of(route) for route in groups} == groups


def test_what_machines_ask_again_and_again_is_not_counted() -> None:
    window = ActivityWindow(Clock())
    for route in ("/readyz", "/static/{version}/{path:path}", "/api/health/ready", "/v1/status"):
        window.note_request(route, 503, 0.001)
    assert window.minutes() == []


def test_minutes_have_counts_and_latencies() -> None:
    clock = Clock()
    window = ActivityWindow(clock)
    for seconds in (0.010, 0.010, 0.010, 0.2):
        window.note_request("/v1/recommend", 200, seconds)
    window.note_request("/v1/recommend", 422, 0.001)
    window.note_request("/v1/items", 500, 0.001)
    window.note_events(accepted=5, duplicates=1, rejected=2)
    clock.now += 60
    window.note_request("/v1/recommend", 200, 0.010)
    first, second = window.minutes()
    lists = first.requests["lists"]
    assert (lists.requests, lists.refused, lists.failed) == (5, 1, 0)
    assert first.requests["remaining"].failed == 1
    assert (first.accepted_events, first.duplicate_events, first.rejected_events) == (5, 1, 2)
    half, nearly_all = lists.quantile_ms(0.5), lists.quantile_ms(0.99)
    assert half is not None
    assert nearly_all is not None
    assert 10 <= half <= 12.7
    assert 200 <= nearly_all <= 255
    assert second.requests["lists"].requests == 1


def test_a_slow_request_is_in_the_last_bucket_and_none_in_no_bucket() -> None:
    window = ActivityWindow(Clock())
    window.note_request("/v1/recommend", 200, 1e6)
    (minute,) = window.minutes()
    assert (minute.requests["lists"].quantile_ms(0.5) or 0) > 60_000
    assert RequestCounts().quantile_ms(0.5) is None


def test_an_hour_is_kept_and_no_more() -> None:
    clock = Clock()
    window = ActivityWindow(clock)
    for _ in range(3 * MINUTES):
        window.note_request("/v1/events", 200, 0.001)
        clock.now += 60
    assert len(window.minutes()) <= MINUTES
    clock.now += 7200
    assert window.minutes() == []


def test_tenants_are_apart_and_not_too_many() -> None:
    windows = ActivityWindows(Clock())
    for number in range(2 * MAX_TENANTS):
        windows.of_tenant(f"t{number}").note_request("/v1/events", 200, 0.001)
    assert windows.of_tenant("t0").minutes() == []
    assert len(windows.of_tenant(f"t{2 * MAX_TENANTS - 1}").minutes()) == 1
