from foretaste.domain.prompt import Deadline


def test_a_deadline_runs_out() -> None:
    assert 9 < Deadline(10).seconds_left() <= 10
    assert Deadline(0).seconds_left() == 0
    assert Deadline(-1).seconds_left() == 0


def test_what_is_called_off_has_no_time_left() -> None:
    deadline = Deadline(10)
    assert not deadline.cancelled

    deadline.cancel()

    assert deadline.cancelled
    assert deadline.seconds_left() == 0
