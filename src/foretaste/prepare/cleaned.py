"""In: a store and the catalogue. Out: everybody's behaviour, cleaned, with the accounts of it."""

from collections.abc import Iterable, Mapping

from foretaste.domain.consent import ConsentBook
from foretaste.domain.data import Interactions, Item
from foretaste.domain.event_value import ValueCurves, ValueSettings
from foretaste.domain.order_charges import is_article
from foretaste.domain.ports import Progress
from foretaste.domain.store import EventColumns, Store
from foretaste.prepare.clean import CleaningReport, clean
from foretaste.prepare.interactions import LoadReport, build_interactions
from foretaste.prepare.settings import PrepareSettings
from foretaste.prepare.value_curves import apply_value_curves, fit_value_curves


def teaching_rows(rows: Iterable[EventColumns], book: ConsentBook | None) -> Iterable[EventColumns]:
    """Those that others may learn of. book: what people said; None where nobody refuses it."""
    if book is None:
        yield from rows
        return
    is_allowed: dict[tuple[str | None, str | None], bool] = {}
    for row in rows:
        person = row[0], row[1]
        if person not in is_allowed:
            is_allowed[person] = book.consent(*person).allows("train")
        if is_allowed[person]:
            yield row


def cleaned_interactions(
    store: Store,
    items: Mapping[str, Item],
    weights: Mapping[str, float],
    settings: PrepareSettings,
    values: Mapping[str, ValueSettings],
    *,
    curves: ValueCurves | None = None,
    until: int | None,
    as_returned: bool = False,
    progress: Progress,
) -> tuple[Interactions, CleaningReport, LoadReport]:
    """items: they get their internal ids by their order. until: a number in the log; None is all
    of it. weights: event type → what one event of it weighs. values: what values are
    worth by the settings. curves: those of a model version; None makes them from the data.
    as_returned: as of `event_columns`.
    """
    index = {item: position for position, item in enumerate(items)}
    raw, gathering = build_interactions(
        teaching_rows(
            store.event_columns(until_number=until, as_returned=as_returned), store.training_book()
        ),
        index,
        weights,
        total=store.counts()["events"],
        progress=progress,
    )
    unknown_items = store.items_by_id(tuple(gathering.unknown_items))
    charges = [item.id for item in unknown_items.values() if not is_article(item)]
    gathering = gathering.with_charges(charges)
    interactions, cleaning = clean(raw, settings)
    if curves is None:
        curves = fit_value_curves(interactions, values)
    return apply_value_curves(interactions, curves), cleaning, gathering
