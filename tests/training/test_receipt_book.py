"""The receipts of an erasure: what they say, that they can be checked, and when they are closed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from foretaste.cli.main import app
from foretaste.domain.data import Event, User
from foretaste.domain.signed_documents import signer
from foretaste.errors import InputError
from foretaste.loop import Foretaste
from foretaste.model.version import ModelVersions
from foretaste.training.erasure_receipt import (
    PENDING_BACKUPS_NOTE,
    PENDING_PAGES_NOTE,
    PENDING_WEIGHTS_NOTE,
)


@pytest.fixture
def loop(trained: Path) -> Iterator[Foretaste]:
    loop = Foretaste.open(trained)
    loop.store.put_users([User("u1", {"country": ("de",)})])
    loop.recommend("u1")
    yield loop
    loop.close()


def test_the_first_receipt_says_what_was_and_what_is_due(loop: Foretaste) -> None:
    receipt = loop.erase("u1")
    document = receipt.signed_receipt
    assert document["user"] == "u1"
    stores = {row["store"]: (row["before"], row["after"]) for row in document["stores"]}
    assert stores["events"] == (5, 0)
    assert stores["recommendations"] == (1, 0)
    assert stores["attributes"] == (1, 0)
    assert all(after == 0 for _, after in stores.values())
    (model,) = document["models"]
    assert model["after"] == loop.models.live_name() != model["before"]
    assert [row["what"] for row in document["due"]] == [PENDING_PAGES_NOTE, PENDING_WEIGHTS_NOTE]
    assert all(row["expected_by"] > document["erased_at"] for row in document["due"])
    assert signer(document) == loop.receipt_key()["fingerprint"]
    assert receipt.completion is None


def test_the_second_closes_it_after_the_versions_of_before_are_gone(loop: Foretaste) -> None:
    receipt_id = loop.erase("u1").signed_receipt["receipt_id"]
    loop.train()
    assert loop.receipt(receipt_id).due == (PENDING_WEIGHTS_NOTE,)  # a version to roll back to
    loop.models.delete_older(loop.receipt(receipt_id).erased_at)
    loop.train()  # closes what is due by itself
    state = loop.receipt(receipt_id)
    assert state.due == ()
    assert state.completion is not None
    assert state.completion["receipt_id"] == receipt_id
    assert "u1" not in json.dumps(state.completion)
    assert signer(state.completion) == loop.receipt_key()["fingerprint"]
    assert loop.receipt(receipt_id).completion == state.completion  # signed once


def test_retraining_closes_it_at_once(loop: Foretaste) -> None:
    before = {version.name for version in loop.models.versions()}
    receipt = loop.erase("u1", retrain=True)
    assert receipt.pending_notes == (PENDING_BACKUPS_NOTE,)
    assert receipt.completion is not None
    assert not before & {version.name for version in loop.models.versions()}
    assert len(loop.recommend("u3")) == 10


def test_what_open_receipts_share_is_looked_up_once(
    loop: Foretaste, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in ("u1", "u2", "u3"):
        assert PENDING_WEIGHTS_NOTE in loop.erase(user).pending_notes
    purge, purges = loop.store.purge_log, list[bool]()

    def counted_purge() -> bool:
        purges.append(purge())
        return purges[-1]

    read, readings = loop.models.versions, list[int]()

    def counted_versions() -> ModelVersions:
        readings.append(1)
        return read()

    monkeypatch.setattr(loop.store, "purge_log", counted_purge)
    monkeypatch.setattr(loop.models, "versions", counted_versions)
    assert loop.recounter.close_receipts() == []
    assert purges == [True]
    assert len(readings) == 2  # for what is to be counted anew, and for what is older


def test_nothing_in_the_store_says_whose_a_receipt_is(loop: Foretaste) -> None:
    loop.record([Event("x", "click", 1.75e9, user="somebody-rare", item="space-1")])
    receipt_id = loop.erase("somebody-rare").signed_receipt["receipt_id"]
    kept = loop.store.meta_text(f"receipt:{receipt_id}")
    assert kept is not None
    assert "somebody-rare" not in kept


def test_of_a_stranger_there_is_no_receipt(loop: Foretaste) -> None:
    assert loop.erase("nobody").signed_receipt == {}
    with pytest.raises(InputError, match="no receipt 'abc'"):
        loop.receipt("abc")


def test_the_key_stays(trained: Path) -> None:
    keys = set()
    for _ in range(2):
        loop = Foretaste.open(trained)
        keys.add(loop.receipt_key()["fingerprint"])
        loop.close()
    assert len(keys) == 1


def test_the_commands(trained: Path, tmp_path: Path) -> None:
    runner, file = CliRunner(), tmp_path / "receipt.json"

    def run(*arguments: str, code: int = 0) -> str:
        result = runner.invoke(app, list(arguments))
        assert result.exit_code == code, result.output
        return result.output

    workspace = ("-w", str(trained))
    data = {user: tmp_path / user for user in ("u1", "u2")}
    for user, folder in data.items():
        run("users", "data", user, "--folder", str(folder), *workspace)
    assert "receipt" in run("users", "erase", "u1", "--out", str(file), *workspace)
    receipt_id = json.loads(file.read_text())["receipt_id"]
    output = run("verify", str(file), *workspace)
    assert "events: 5 before, 0 after" in output
    assert "for others to do: your own backups" in output
    own, other = (str(folder / "data.json") for folder in data.values())
    assert "what was erased is what" in run("verify", str(file), "--data", own)
    assert "differs from these data in: events" in run("verify", str(file), "--data", other, code=2)
    Foretaste.open(tmp_path / "another shop").close()
    for _ in range(2):  # looking makes no key
        output = run("verify", str(file), "-w", str(tmp_path / "another shop"), code=2)
        assert "has signed no receipt" in output
    fingerprint = json.loads(file.read_text())["key"]["fingerprint"]
    assert fingerprint in run("verify", str(file), "--fingerprint", fingerprint)
    assert "of another service" in run("verify", str(file), "--fingerprint", "00", code=2)
    assert "gradient" in run("users", "receipt", receipt_id, *workspace)
    assert "closed" in run("users", "erase", "u3", "--retrain", *workspace)
    closing = tmp_path / "closing.json"
    assert "closed at" in run("users", "receipt", receipt_id, "--out", str(closing), *workspace)
    assert "nothing is due" in run("verify", str(closing), *workspace)
    file.write_text(file.read_text().replace('"u1"', '"u2"'))
    assert "was changed" in run("verify", str(file), code=2)
    file.write_text("[]")
    assert "no receipt" in run("verify", str(file), code=2)
