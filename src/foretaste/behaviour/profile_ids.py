"""In: a table that names a person by an account and the name of a profile. Out: the same with an id
of each profile, which is the person.

Of an account several people watch by, `account_id` names the household and `profile_name` says who
it was; neither alone is a person: every account has its “Kids”.
"""

from foretaste.behaviour.columns import normalise_column
from foretaste.behaviour.files.file_settings import RecordType
from foretaste.behaviour.open_table import OpenTable
from foretaste.behaviour.settings import BehaviourSettings
from foretaste.behaviour.stream import Row, Rows
from foretaste.behaviour.values import is_missing
from foretaste.domain.data import RejectedRow
from foretaste.domain.identifiers import required_identifier
from foretaste.errors import InputError

PROFILE_COLUMN = "profile_id"
"""The column that is added; a file that has one of its own needs none."""
SEPARATOR = ":"
MAX_NAME_LENGTH = 60
"""Letters of the name of a profile; what is longer describes it."""
_ACCOUNT_NAMES = frozenset(
    [
        "accountid",
        "accountno",
        "accountnumber",
        "accountuuid",
        "account",
        "householdid",
        "householdkey",
        "household",
        "subscriptionid",
        "kontoid",
        "kontonummer",
        "kontonr",
        "konto",
        "haushaltid",
        "haushalt",
        "compteid",
        "idcompte",
        "numerocompte",
        "compte",
        "foyerid",
        "foyer",
        "cuentaid",
        "idcuenta",
        "cuenta",
        "hogar",
    ]
)
_PROFILE_NAMES = frozenset(
    [
        "profilename",
        "profilelabel",
        "viewerprofile",
        "userprofile",
        "profilname",
        "profilnom",
        "nomprofil",
        "nomduprofil",
        "nombreperfil",
        "nombredelperfil",
    ]
)
_PROFILE_IDS = frozenset(
    [
        "profileid",
        "profileno",
        "profileuuid",
        "viewerprofileid",
        "profilid",
        "idprofil",
        "idperfil",
        "perfilid",
    ]
)


def add_profile_ids(table: OpenTable, record_type: RecordType, settings: BehaviourSettings) -> None:
    """Put the id of a profile in the place of the two columns of a table that name it together."""
    columns = settings.columns
    named_column = (
        columns.events.get("user") if record_type == "events" else columns.users.get("id")
    )
    if record_type == "items" or named_column or table.format is not None:
        return
    pair = _columns_of_profile(table)
    if pair is None:
        return
    table.rows = _with_ids(table.rows, *pair)
    table.head = [_with_id(row, *pair) for row in table.head]
    table.columns = (PROFILE_COLUMN, *(name for name in table.columns if name not in pair))
    example = next((row[PROFILE_COLUMN] for row in table.head), None)
    field = "user" if record_type == "events" else "id"
    note = (
        f"each profile of an account was taken for a person, named by '{pair[0]}' and '{pair[1]}' "
        f"as in '{example}': ask for lists by that name; [behaviour.columns.{record_type}] "
        f'{field} = "{pair[0]}" takes the account for the person'
    )
    earlier_notes = table.step_notes
    table.step_notes = lambda: (*earlier_notes(), note)


def _columns_of_profile(table: OpenTable) -> tuple[str, str] | None:
    """(account, name of the profile); None where the table has not both, or has ids of profiles."""
    by_name = {normalise_column(column): column for column in reversed(table.columns)}
    account = next((column for name, column in by_name.items() if name in _ACCOUNT_NAMES), None)
    profile = next((column for name, column in by_name.items() if name in _PROFILE_NAMES), None)
    if account is None or profile is None or _PROFILE_IDS & by_name.keys():
        return None
    names = [row.get(profile) for row in table.head]
    is_short = all(len(str(name)) <= MAX_NAME_LENGTH for name in names if not is_missing(name))
    return (account, profile) if is_short else None


def _with_ids(rows: Rows, account: str, profile: str) -> Rows:
    for line, row in rows:
        yield line, row if isinstance(row, RejectedRow) else _with_id(row, account, profile)


def _with_id(row: Row, account: str, profile: str) -> Row:
    """A row whose profile is not named is the account's."""
    account_id, name = row.get(account), row.get(profile)
    other_cells = {column: cell for column, cell in row.items() if column not in (account, profile)}
    if is_missing(account_id) or is_missing(name):
        return {PROFILE_COLUMN: account_id, **other_cells}
    try:
        parts = (required_identifier(account_id, account), required_identifier(name, profile))
    except InputError:  # said of the account where its id is read
        return {PROFILE_COLUMN: account_id, **other_cells}
    return {PROFILE_COLUMN: SEPARATOR.join(parts), **other_cells}
