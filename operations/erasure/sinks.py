"""The database's tables, and the effect of an applicant's erasure on each table. A test finds missing tables."""

from dataclasses import dataclass
from typing import Final

from schemas.privacy import NO_DIGEST


@dataclass(frozen=True)
class Sink:
    """An erasure's effect in one table. `what`: in words; `statement`: as SQL, if it needs any (`$1`: the filing)."""

    what: str
    statement: str | None = None


_UNREADABLE: Final = "what is sealed can't be opened any more; the rest names nobody"
_NOTHING: Final = "holds nothing of a filing"
_MONEY: Final = "numbers and amounts stay, which name nobody"
_FOLD: Final = "folded anew from the streams, which name nobody any more"
_CALLBACKS: Final = "select id from callback where stream in (select stream from stream where filing_id = $1)"
_RECEIVED: Final = "select id from received where filing_id = $1"

SINKS: Final[dict[str, Sink]] = {
    # The record.
    "event": Sink(f"each stream gets `erased`; {_UNREADABLE}"),
    "stream": Sink("marked as erased", "update stream set erased_at = clock_timestamp() where filing_id = $1"),
    "receipt": Sink(
        "the digests of what was said go: a guess could be tried at them",
        f"""
        update receipt set digest = '{NO_DIGEST}',
            body = convert_to(replace(convert_from(body, 'UTF8'), digest, '{NO_DIGEST}'), 'UTF8')
        where filing_id = $1 and digest <> '' and not starts_with(stream, 'restarts:')
        """,  # noqa: S608 -- a constant
    ),
    "counter": Sink(_NOTHING),
    "unpositioned": Sink("places of events, which name nobody"),
    "position": Sink("places of events, which name nobody"),
    **dict.fromkeys(("sequencer", "generation"), Sink(_NOTHING)),
    "filing_key": Sink(
        "the filing's key goes, and those of kept messages, and of what was paid before it was known whose that was",
        f"delete from filing_key where filing_id = $1 or filing_id in ({_CALLBACKS} union {_RECEIVED})",  # noqa: S608 -- a constant
    ),
    "outbox": Sink("empty: no filing is erased while a paper has to be made"),
    "access": Sink(f"who has looked stays, without applicants; {_UNREADABLE}"),
    "callback": Sink(f"{_MONEY}; {_UNREADABLE}"),
    "suspense_step": Sink(
        f"files given as evidence go; {_UNREADABLE}",
        f"update suspense_step set evidence = null where callback in ({_CALLBACKS})",  # noqa: S608 -- a constant
    ),
    "received": Sink(
        f"the digests of messages go: a guess could be tried at them; {_UNREADABLE}",
        f"update received set content = '{NO_DIGEST}' where filing_id = $1",  # noqa: S608 -- a constant
    ),
    "refund_call": Sink(_MONEY),
    "bank_reference": Sink(_MONEY),
    "finding": Sink(
        "gone: a guess could be tried at the digest of what was handed in",
        "delete from finding where stream in (select stream from stream where filing_id = $1)",
    ),
    **dict.fromkeys(("till", "till_open", "till_cash", "till_count", "till_closing"), Sink(_MONEY)),
    "export_request": Sink("stays: when somebody asked for what is held about them, not who it was"),
    "erasure_deed": Sink("stays: who asked for it, who approved it and why"),
    "erasure": Sink("stays: how far it is, and by which kind of error it failed"),
    **dict.fromkeys(("unchained", "chained"), Sink("digests of rows, over what is sealed or names nobody")),
    "row_batch": Sink(_NOTHING),
    # Read models.
    "reader": Sink(f"{_FOLD}; the applicant and the representative go"),
    "filing": Sink(f"{_FOLD}, nor do `person`, `representative` and `stands_for_it`"),
    **dict.fromkeys(("task", "payment", "parcel", "standing", "money_receipt"), Sink(_FOLD)),
    "result": Sink(f"{_FOLD}; number and digest stay, so that whoever holds a result can have it verified"),
    # Tables without a filing's data.
    "stamp": Sink("digests of files of results, and until when their time-stamps hold"),
    **dict.fromkeys(("agency", "officer", "absence", "procedure"), Sink(_NOTHING)),
    **dict.fromkeys(("province_overlay", "paper_template", "calendar"), Sink(_NOTHING)),
    "index_key": Sink("tells people apart; no filing points there once `person` is gone"),
    **dict.fromkeys(("publication_state", "build", "codec_key", "clock_off", "schema_migrations"), Sink(_NOTHING)),
    **dict.fromkeys(("principal_change", "principal", "principal_key", "principal_version"), Sink(_NOTHING)),
    "draft": Sink("stays until it expires, which names nobody: what a person has not handed in yet is no filing's"),
    "signed_out": Sink("digests of accounts, for two days"),
    "question_statement": Sink("digests of statements of questions, for some minutes"),
}

LEFT: Final = ("bundle", "backup", "bank", "post", "agency", "result")
"""The kinds of copies that the platform can't erase: the keys of their descriptions in the operator's notice."""
