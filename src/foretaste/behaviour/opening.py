"""In: the settings and the folder of a workspace. Out: its store, opened as it is kept."""

from pathlib import Path

from foretaste.behaviour.keys import KEYS_MARKER, had_keys
from foretaste.behaviour.pseudonymous_store import PseudonymousStore
from foretaste.behaviour.pseudonyms import PSEUDONYMS_FACT, Pseudonyms
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.store import STORE_FILE, SqlStore, store_url
from foretaste.domain.event_types import EVENT_TYPE_WEIGHTS
from foretaste.domain.returns import reads_returns
from foretaste.errors import StoreError


def open_store(settings: BehaviourSettings, folder: Path) -> SqlStore:
    """The store of a workspace: what the settings name, or a SQLite file in its folder.

    Raises StoreError where that file is lost, or its ids are not kept as the settings say.
    """
    path = folder / STORE_FILE
    if settings.database is None and had_keys(folder) and not path.exists():
        raise StoreError(
            f"{path} is not there, and {KEYS_MARKER} beside it says that there was one with keys; "
            f"restore it from a backup, or delete {KEYS_MARKER} as well to begin anew"
        )
    arguments = store_url(settings, folder), folder, settings.consent
    if settings.pseudonym_key_file is None:
        return _checked(SqlStore(*arguments), None, settings)
    pseudonyms = Pseudonyms.of_file(Path(settings.pseudonym_key_file), folder)
    return _checked(PseudonymousStore(pseudonyms, *arguments), pseudonyms, settings)


def _checked(
    store: SqlStore, pseudonyms: Pseudonyms | None, settings: BehaviourSettings
) -> SqlStore:
    """The store, if its ids are pseudonyms of this key; None: if they are no pseudonyms."""
    try:
        _check(store, pseudonyms)
    except BaseException:
        store.close()
        raise
    store.reads_returns = reads_returns({**EVENT_TYPE_WEIGHTS, **settings.event_weights})
    return store


def _check(store: SqlStore, pseudonyms: Pseudonyms | None) -> None:
    fingerprint = store.meta_text(PSEUDONYMS_FACT)
    if pseudonyms is None:
        if fingerprint is not None:
            raise StoreError(
                "the ids in this store are pseudonyms; name the file of their key as "
                "behaviour.pseudonym_key_file in the settings"
            )
        return
    if fingerprint is None:
        counts = store.counts()
        if counts["events"] or counts["users"]:
            raise StoreError(
                "the ids in this store are not pseudonyms yet; stop every process that has it open "
                "and run 'foretaste pseudonymise'"
            )
        store.swap_meta_text(PSEUDONYMS_FACT, None, pseudonyms.fingerprint)
        fingerprint = store.meta_text(PSEUDONYMS_FACT)
    if fingerprint != pseudonyms.fingerprint:
        raise StoreError(
            "the ids in this store are pseudonyms of another key than that of "
            "behaviour.pseudonym_key_file; name the file of theirs"
        )
