import json
import logging
import sys
import threading

from foretaste.serve.http import logs


def line(**more: object) -> dict[str, object]:
    record = logging.LogRecord("foretaste.x", logging.ERROR, "f.py", 1, "a %s", ("b\nc",), None)
    record.created = 0.5
    for name, value in more.items():
        setattr(record, name, value)
    told = logs.JsonFormatter().format(record)
    assert "\n" not in told
    found = json.loads(told)
    assert isinstance(found, dict)
    return found


def test_a_record_is_one_line_of_json() -> None:
    assert line() == {
        "time": "1970-01-01T00:00:00.500Z",
        "level": "error",
        "logger": "foretaste.x",
        "message": "a b\nc",
    }


def test_a_request_has_its_fields() -> None:
    told = line(fields={"status": 200, "path": "/"})
    assert told["status"] == 200
    assert "message" not in told


def test_a_traceback_stays_in_the_line() -> None:
    try:
        raise ValueError("x")
    except ValueError:
        told = line(exc_info=sys.exc_info())
    assert "ValueError: x" in str(told["traceback"])


def test_facts_belong_to_the_request_under_way() -> None:
    logs.add_fields(lost=1)
    mine = logs.begin_request()
    logs.add_fields(rung="full")
    other: list[dict[str, object]] = []

    def elsewhere() -> None:
        other.append(logs.begin_request())
        logs.add_fields(rung="popularity")

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert mine == {"rung": "full"}
    assert other == [{"rung": "popularity"}]
