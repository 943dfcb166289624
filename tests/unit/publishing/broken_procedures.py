"""A good procedure that uses every part, and what people get wrong in it: each mistake with its place and its rule."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

from schemas.publishing.time_limits import Limits

EXTRACT = Path(__file__).parents[3] / "procedures" / "2.000635@2026-12.yaml"

Raw: TypeAlias = dict[str, Any]
Change: TypeAlias = Callable[[Raw], None]


class Broken(NamedTuple):
    """What is wrong, how the good procedure is changed, and the one mistake that must be found."""

    name: str
    change: Change
    path: str
    rule: str


NAME = {"vi": "Tên", "en": "Name"}
FACT = {"source": "unconfirmed"}
STEP = FACT | {"name": NAME, "limit": "1 working days"}
PROPOSE = STEP | {"code": "p", "role": "specialist", "act": "propose"}
DECIDE = STEP | {"code": "d", "role": "leader", "act": "decide"}
INSPECT = STEP | {"code": "visit", "role": "specialist", "act": "inspect"}
CONSULT = STEP | {"code": "opinions", "role": "clerk", "act": "consult"}
CHECKED = FACT | {"answer": "1 calendar days"}
OBLIGATION = STEP | {"code": "tax", "role": "specialist", "act": "obligation"}
PARTIES = [{"code": "police", "name": NAME}, {"code": "commune", "name": NAME}]
CONSULTED = FACT | {"parties": PARTIES, "silence": "consent"}
OWED = FACT | {"authority": NAME, "answer": "3 working days", "pay": "10 working days"}
PART = FACT | {"code": "residence", "name": NAME, "kinds": ["commune_police"], "limit": "7 working days"}
REFER = STEP | {"code": "parts", "role": "specialist", "act": "refer"}
REFERRED = FACT | {"parts": [PART, PART | {"code": "insurance", "kinds": ["social_insurance"]}]}
ORDER = FACT | {"number": "1", "officers": ["x"]}
VERIFIED = FACT | {"code": "verified", "name": NAME, "processing": "5 working days"}
PNG, SIGNATURE = "image/png", "application/pkcs7-signature"
PARTIAL = FACT | {"reason": "presence", "vi": "Phải có mặt.", "en": "Presence is asked for."}
BORN = {"field": "born"}
AGE = FACT | {"code": "age", "amount": 16, "unit": "years of age"}
DUTY = {"code": "duty", "basis_points": 50, "of": "value", "minimum": 10_000, "maximum": 500_000_000}
URGENT = {"field": "urgent", "one_of": [True]}


def good() -> Raw:
    """A level-4 procedure with every part that a file may have, except for a standing order."""
    raw: Raw = json.loads(_good())
    return raw


@cache
def _good() -> str:
    raw: Raw = yaml.safe_load(EXTRACT.read_bytes())
    raw["limits"]["suspension"] = "20 working days"
    raw["limits_source"] = dict.fromkeys(Limits.model_fields, "unconfirmed")
    raw["figures"] = [AGE]
    raw["papers"] = [
        FACT | {"code": "birth_notice", "name": NAME, "when": [{"field": "kind", "one_of": ["birth", "death"]}]},
        FACT | {"code": "statutes", "name": NAME, "when": [{"applicant": "organisation"}]},
        FACT | {"code": "letter", "name": NAME, "when": [{"channel": "post"}, {"field": "copies", "at_least": 10}]},
    ]
    raw["information"]["conditions"] |= {"vi": "Phí: {fee}.", "en": "The charge: {fee}."}
    raw["form"][4:] = [
        FACT | {"code": "urgent", "label": NAME, "kind": "boolean"},
        FACT | {"code": "reason", "label": NAME, "kind": "text", "maximum": 300, "when": [URGENT]},
        FACT | {"code": "born", "label": NAME, "kind": "date", "required": False},
        FACT | {"code": "value", "label": NAME, "kind": "integer", "minimum": 0, "maximum": 100_000_000_000_000},
    ]
    raw["review"][:0] = [INSPECT, CONSULT | {"consult": CONSULTED}, OBLIGATION | {"obligation": OWED}]
    item = FACT | {"name": NAME, "kind": "le_phi", "amount": 5000}
    raw["fee"]["items"] += [
        item | {"code": "haste", "when": [URGENT]},
        item | {"code": "bulk", "when": [{"field": "copies", "at_least": 20, "at_most": 50}]},
        item | {"code": "late", "when": [BORN | {"at_least_days_ago": 61}], "valid_from": "2026-01-01"},
        item | {"code": "many", "per": "copies", "minimum": 6000, "maximum": 60000},
        FACT | {"name": NAME, "kind": "le_phi"} | DUTY,
    ]
    waiver = FACT | {"name": NAME, "percent": 100, "approver": "reception"}
    valid = {"valid_from": "2026-08-15", "valid_until": "2027-02-28"}
    raw["fee"]["waivers"] = [
        waiver | {"code": "poor"},
        waiver | {"code": "pupil", "percent": 50, "when": [{"applicant": "person"}]} | valid,
    ]
    raw["fee"]["refunds"] = [
        FACT | {"case": "withdrawn_before_acceptance", "percent": 100},
        FACT | {"case": "refused", "percent": 0},
    ]
    raw["fee"]["due"] = "submission"
    raw["extension"] = FACT | {"times": 1, "by": "2 working days", "notice": "0 working days"}
    raw["silent_approval"] = FACT | {"legal_basis": "Law", "officers": ["h01.12-leader-1", "h56.30-leader-1"]}
    return json.dumps(raw)


def _keys(path: str) -> list[str | int]:
    return [int(key) if key.isdigit() else key for key in re.findall(r"[^.\[\]]+", path)]


def _parent(raw: Raw, path: str) -> tuple[Any, Any]:
    *outer, last = _keys(path)
    part: Any = raw
    for key in outer:
        part = part[key]
    return part, last


def put(path: str, value: Any) -> Change:
    """Writes `value` at `path`; one behind the end of a list adds to it."""

    def change(raw: Raw) -> None:
        part, key = _parent(raw, path)
        if isinstance(part, list) and key == len(part):
            part.append(value)
        else:
            part[key] = value

    return change


def drop(path: str) -> Change:
    """Takes what is at `path` away."""

    def change(raw: Raw) -> None:
        part, key = _parent(raw, path)
        del part[key]

    return change


def insert(path: str, value: Any) -> Change:
    """Writes `value` into a list, before what is at `path`."""

    def change(raw: Raw) -> None:
        part, key = _parent(raw, path)
        part.insert(key, value)

    return change


def many(*changes: Change) -> Change:
    """All of the changes, in order."""

    def change(raw: Raw) -> None:
        for one in changes:
            one(raw)

    return change


def add_many(path: str, count: int) -> Change:
    """Adds copies of the first entry of a list, with codes of their own and without conditions."""

    def change(raw: Raw) -> None:
        part, key = _parent(raw, path)
        plain = {name: value for name, value in part[key][0].items() if name != "when"}
        part[key] += [plain | {"code": f"another_{n}"} for n in range(count)]

    return change


def at_level(level: int) -> Change:
    """The level, without what only higher ones allow."""
    changes = [put("level", level), put("signature.required", value=False)]
    changes += [put(f"{part}.channels", ["counter"]) for part in ("fee", "result")]
    if level == 3:
        changes.append(put("partial", deepcopy(PARTIAL)))
    if level < 3:
        changes.append(put("fee.due", "acceptance"))
    if level < 2:
        changes.append(drop("silent_approval"))
    return many(*changes)


def referring() -> Change:
    """A first step in which other agencies decide, where nobody's silence does."""

    def change(raw: Raw) -> None:
        del raw["silent_approval"]
        raw["review"].insert(0, deepcopy(REFER | {"referral": REFERRED}))

    return change


def _information(item: str, vi: str, en: str) -> Change:
    return put(f"information.{item}", FACT | {"vi": vi, "en": en})


def _when(condition: Any) -> Change:
    return put("papers[0].when[0]", condition)


BROKEN = [
    # the form of values
    Broken("code read as a number", put("code", 2.000635), "code", "quote_it"),
    Broken("version read as a number", put("version", 2026), "version", "quote_it"),
    Broken("version read as a date", put("version", date(2026, 7, 1)), "version", "quote_it"),
    Broken("text read as a truth value", put("name.vi", value=False), "name.vi", "quote_it"),
    Broken("code without a point", put("code", "2000635"), "code", "wrong_form"),
    Broken("code of other digits", put("code", "２.000635"), "code", "wrong_form"),
    Broken("limit of other digits", put("limits.intake", "５ working days"), "limits.intake", "limit_form"),
    Broken("no such level", put("level", 5), "level", "not_allowed_value"),
    Broken("level in quotes", put("level", "4"), "level", "not_allowed_value"),
    Broken("level is a truth value", put("level", value=True), "level", "not_allowed_value"),
    Broken("level is a fraction", put("level", 4.0), "level", "not_allowed_value"),
    Broken("blank text", put("name.en", "  "), "name.en", "required"),
    Broken("one language only", drop("name.en"), "name.en", "required"),
    Broken("no source", drop("review[3].source"), "review[3].source", "required"),
    Broken("key without a value", put("form", None), "form", "required"),
    Broken("unknown key", put("colour", "red"), "colour", "unknown_key"),
    Broken("misspelt key", put("fee.items[0].ammount", 1), "fee.items[0].ammount", "unknown_key"),
    Broken("key is a number", lambda raw: raw.update({1: 1}), "", "key_not_text"),  # type: ignore[dict-item]
    Broken("control character", put("legal_basis", ["a\0"]), "legal_basis[0]", "unreadable_character"),
    Broken("no legal basis", put("legal_basis", []), "legal_basis", "too_few"),
    Broken("endless text", put("legal_basis", ["a" * 2001]), "legal_basis[0]", "too_long"),
    Broken("no plain data", put("legal_basis", [{1, 2}]), "legal_basis[0]", "invalid"),
    Broken("text for a list", put("papers", "none"), "papers", "list_expected"),
    Broken("word for a truth value", put("papers[0].required", "yes"), "papers[0].required", "boolean_expected"),
    Broken("list for a code", put("papers[0].code", ["a"]), "papers[0].code", "text_expected"),
    Broken("text for a part", put("result", "a"), "result", "mapping_expected"),
    Broken("word for a number", put("information.sets", "one"), "information.sets", "integer_expected"),
    Broken("ten sets", put("information.sets", 10), "information.sets", "out_of_range"),
    Broken("number beyond JSON", put("form[3].maximum", 10**5000), "form[3].maximum", "out_of_range"),
    Broken("negative rounds", put("supplement.rounds", -1), "supplement.rounds", "out_of_range"),
    Broken("free item", put("fee.items[0].amount", 0), "fee.items[0].amount", "out_of_range"),
    Broken("amount in quotes", put("fee.items[0].amount", "8000"), "fee.items[0].amount", "integer_expected"),
    Broken("no such kind of fee", put("fee.items[0].kind", "tax"), "fee.items[0].kind", "not_allowed_value"),
    Broken("no such time of payment", put("fee.due", "later"), "fee.due", "not_allowed_value"),
    Broken("cashier reviews", put("review[3].role", "cashier"), "review[3].role", "not_allowed_value"),
    Broken("no such act", put("review[0].act", "visit"), "review[0].act", "not_allowed_value"),
    Broken("a limit of centuries", put("limits.pickup", "10001 calendar days"), "limits.pickup", "limit_too_long"),
    Broken("plain hours", put("limits.intake", "8 hours"), "limits.intake", "limit_form"),
    Broken("number for a limit", put("limits.intake", 8), "limits.intake", "limit_form"),
    # limits
    Broken("no hours", put("limits.pickup", "0 working hours"), "limits.pickup", "limit_zero"),
    Broken("no hours for a step", put("review[4].limit", "0 working hours"), "review[4].limit", "limit_zero"),
    Broken("seconds to pay", put("fee.limit", "30 seconds"), "fee.limit", "seconds_not_allowed"),
    Broken("seconds to supply", put("supplement.limit", "30 seconds"), "supplement.limit", "seconds_not_allowed"),
    Broken("seconds of suspension", put("limits.suspension", "9 seconds"), "limits.suspension", "seconds_not_allowed"),
    Broken("no hours of suspension", put("limits.suspension", "0 working hours"), "limits.suspension", "limit_zero"),
    Broken("suspension in months", put("limits.suspension", "2 months"), "limits.suspension", "limit_form"),
    Broken("no such limit", put("limits.grievance", "2 working days"), "limits.grievance", "unknown_key"),
    Broken("seconds to appeal", put("limits.appeal", "9 seconds"), "limits.appeal", "seconds_not_allowed"),
    Broken("reminded in the end", put("limits.reminder", "0 working days"), "limits.reminder", "limit_of_nothing"),
    Broken("no hours before", put("limits.reminder", "0 working hours"), "limits.reminder", "limit_zero"),
    Broken("apology in the end", put("limits.apology", "0 calendar days"), "limits.apology", "limit_of_nothing"),
    Broken("apology in words", put("limits.apology", "the day before"), "limits.apology", "limit_form"),
    Broken(
        "appointment put off by nothing",
        put("limits.reappointment", "0 working days"),
        "limits.reappointment",
        "limit_of_nothing",
    ),
    Broken(
        "appointment put off in another unit",
        put("limits.reappointment", "8 working hours"),
        "limits.reappointment",
        "unit_of_processing",
    ),
    Broken("hour after midnight", put("limits.cut_off", "25:00"), "limits.cut_off", "time_form"),
    Broken("minute after the hour", put("limits.cut_off", "15:60"), "limits.cut_off", "time_form"),
    Broken("hour of the afternoon", put("limits.cut_off", "3pm"), "limits.cut_off", "time_form"),
    Broken("hour without its zero", put("limits.cut_off", "7:30"), "limits.cut_off", "time_form"),
    Broken("hour with seconds", put("limits.cut_off", "15:00:00"), "limits.cut_off", "time_form"),
    Broken("hour in a zone", put("limits.cut_off", "15:00+07:00"), "limits.cut_off", "time_form"),
    Broken("cut-off of no text", put("limits.cut_off", ["15:00"]), "limits.cut_off", "time_form"),
    Broken("hour read as a number", put("limits.cut_off", yaml.safe_load("15:00")), "limits.cut_off", "quote_it"),
    Broken(
        "seconds to answer",
        put("review[2].obligation.answer", "9 seconds"),
        "review[2].obligation.answer",
        "seconds_not_allowed",
    ),
    Broken(
        "no hours to pay the tax",
        put("review[2].obligation.pay", "0 working hours"),
        "review[2].obligation.pay",
        "limit_zero",
    ),
    Broken("seconds of extension", put("extension.by", "9 seconds"), "extension.by", "seconds_not_allowed"),
    Broken("no hours of notice", put("extension.notice", "0 working hours"), "extension.notice", "limit_zero"),
    # validity
    Broken("in force never", put("validity", FACT), "validity", "validity_without_day"),
    Broken(
        "in force backwards",
        put("validity", FACT | {"valid_from": "2027-03-01", "valid_until": "2027-02-28"}),
        "validity.valid_until",
        "validity_reversed",
    ),
    Broken("a month is no day", put("validity", FACT | {"valid_from": "3/2027"}), "validity.valid_from", "date_form"),
    Broken("in force by nobody", put("validity", {"valid_from": "2027-03-01"}), "validity.source", "required"),
    # codes and fields
    Broken("paper twice", put("papers[1].code", "birth_notice"), "papers[1].code", "duplicate_code"),
    Broken("field twice", put("form[1].code", "kind"), "form[1].code", "duplicate_code"),
    Broken("step twice", put("review[4].code", "appraise"), "review[4].code", "duplicate_code"),
    Broken("item twice", put("fee.items[1].code", "extract"), "fee.items[1].code", "duplicate_code"),
    Broken("nothing to choose", drop("form[0].choices"), "form[0].choices", "choices_required"),
    Broken("choices of a text", put("form[1].choices", ["a"]), "form[1].choices", "choices_only_for_choice"),
    Broken(
        "choice twice",
        many(put("form[0].choices[1]", "birth"), drop("form[0].choice_names")),
        "form[0].choices[1]",
        "duplicate_value",
    ),
    Broken(
        "name of a choice that there is not",
        put("form[0].choice_names", [{"code": "divorce", "name": NAME}]),
        "form[0].choice_names[0].code",
        "name_of_no_choice",
    ),
    Broken(
        "two names of a choice",
        put("form[0].choice_names", [{"code": "birth", "name": NAME}] * 2),
        "form[0].choice_names[1].code",
        "duplicate_code",
    ),
    Broken(
        "blank of another procedure", put("papers[0].form", "forms/1.004222/ct01.pdf"), "papers[0].form", "unknown_form"
    ),
    Broken("blank in Word", put("papers[0].form", "forms/2.000635/to-khai.docx"), "papers[0].form", "unknown_form"),
    Broken("blank somewhere else", put("papers[0].form", "forms/2.000635/../a.pdf"), "papers[0].form", "unknown_form"),
    Broken(
        "one blank for two papers",
        many(*(put(f"papers[{n}].form", "forms/2.000635/to-khai.pdf") for n in (0, 1))),
        "papers[1].form",
        "duplicate_value",
    ),
    Broken("bounds of a date", put("form[2].minimum", 1), "form[2].minimum", "bounds_not_for_kind"),
    Broken("negative length", put("form[1].minimum", -1), "form[1].minimum", "negative_length"),
    Broken("text longer than a form holds", put("form[1].maximum", 4001), "form[1].maximum", "length_above_form"),
    Broken("too many papers", add_many("papers", 98), "papers", "too_many"),
    Broken("bounds crossed", put("form[3].minimum", 51), "form[3].minimum", "minimum_above_maximum"),
    # conditions
    Broken("condition asks nothing", _when({}), "papers[0].when[0]", "when_one_thing"),
    Broken(
        "condition asks two things",
        _when({"field": "kind", "one_of": ["birth"], "channel": "post"}),
        "papers[0].when[0]",
        "when_one_thing",
    ),
    Broken("condition of values alone", _when({"one_of": ["birth"]}), "papers[0].when[0]", "when_one_thing"),
    Broken("condition not in a list", put("papers[0].when", URGENT), "papers[0].when", "list_expected"),
    Broken("condition in words", _when("birth"), "papers[0].when[0]", "mapping_expected"),
    Broken(
        "misspelt key of a condition",
        _when({"field": "kind", "oneof": ["birth"], "one_of": ["birth"]}),
        "papers[0].when[0].oneof",
        "unknown_key",
    ),
    Broken(
        "condition on no field of the form",
        _when({"field": "kid", "one_of": ["birth"]}),
        "papers[0].when[0].field",
        "when_unknown_field",
    ),
    Broken(
        "condition of a fee item on no field",
        put("fee.items[1].when[0].field", "hurry"),
        "fee.items[1].when[0].field",
        "when_unknown_field",
    ),
    Broken(
        "field depends on a later one",
        put("form[3].when", [URGENT]),
        "form[3].when[0].field",
        "when_field_not_before",
    ),
    Broken(
        "field depends on itself",
        put("form[4].when", [URGENT]),
        "form[4].when[0].field",
        "when_field_not_before",
    ),
    Broken("condition without values", _when({"field": "kind"}), "papers[0].when[0]", "when_needs_value"),
    Broken(
        "condition of no values",
        _when({"field": "kind", "one_of": []}),
        "papers[0].when[0].one_of",
        "when_needs_value",
    ),
    Broken(
        "values and bounds",
        _when({"field": "copies", "one_of": [1], "at_least": 1}),
        "papers[0].when[0]",
        "when_values_or_bounds",
    ),
    Broken(
        "values of a channel",
        _when({"channel": "post", "one_of": ["birth"]}),
        "papers[0].when[0].one_of",
        "when_value_without_field",
    ),
    Broken(
        "bounds of an applicant",
        _when({"applicant": "person", "at_least": 1}),
        "papers[0].when[0].at_least",
        "when_value_without_field",
    ),
    Broken(
        "no such choice",
        _when({"field": "kind", "one_of": ["birth", "adoption"]}),
        "papers[0].when[0].one_of[1]",
        "when_value_not_of_field",
    ),
    Broken(
        "truth value as a word",
        put("form[5].when[0].one_of", ["yes"]),
        "form[5].when[0].one_of[0]",
        "when_value_not_of_field",
    ),
    Broken(
        "truth value as a number",
        put("form[5].when[0].one_of", [1]),
        "form[5].when[0].one_of[0]",
        "when_value_not_of_field",
    ),
    Broken(
        "number for a text",
        _when({"field": "person_name", "one_of": [7]}),
        "papers[0].when[0].one_of[0]",
        "when_value_not_of_field",
    ),
    Broken(
        "text longer than the field takes",
        _when({"field": "person_name", "one_of": ["a" * 121]}),
        "papers[0].when[0].one_of[0]",
        "when_value_not_of_field",
    ),
    Broken(
        "number that the field can't have",
        _when({"field": "copies", "one_of": [51]}),
        "papers[0].when[0].one_of[0]",
        "when_value_not_of_field",
    ),
    Broken(
        "truth value for a number",
        _when({"field": "copies", "one_of": [True]}),
        "papers[0].when[0].one_of[0]",
        "when_value_not_of_field",
    ),
    Broken(
        "date in another order",
        _when({"field": "registered_on", "one_of": ["01-07-2026"]}),
        "papers[0].when[0].one_of[0]",
        "when_value_not_of_field",
    ),
    Broken(
        "value twice",
        _when({"field": "kind", "one_of": ["birth", "birth"]}),
        "papers[0].when[0].one_of[1]",
        "duplicate_value",
    ),
    Broken("condition twice", put("fee.items[1].when[1]", URGENT), "fee.items[1].when[1]", "duplicate_value"),
    Broken(
        "fraction for a value",
        _when({"field": "copies", "one_of": [1.5]}),
        "papers[0].when[0].one_of[0]",
        "form_value_expected",
    ),
    Broken(
        "no value among the values",
        _when({"field": "kind", "one_of": ["birth", None]}),
        "papers[0].when[0].one_of[1]",
        "required",
    ),
    Broken(
        "endless value",
        _when({"field": "person_name", "one_of": ["a" * 4001]}),
        "papers[0].when[0].one_of[0]",
        "too_long",
    ),
    Broken(
        "value not in a list",
        _when({"field": "kind", "one_of": "birth"}),
        "papers[0].when[0].one_of",
        "list_expected",
    ),
    Broken(
        "bounds of a choice",
        _when({"field": "kind", "at_least": 1}),
        "papers[0].when[0].at_least",
        "when_bounds_need_integer",
    ),
    Broken(
        "bounds of a date in a condition",
        _when({"field": "registered_on", "at_most": 2026}),
        "papers[0].when[0].at_most",
        "when_bounds_need_integer",
    ),
    Broken(
        "bound in words",
        _when({"field": "copies", "at_least": "ten"}),
        "papers[0].when[0].at_least",
        "integer_expected",
    ),
    Broken(
        "bounds of a condition crossed",
        put("fee.items[2].when[0].at_least", 51),
        "fee.items[2].when[0].at_least",
        "when_bounds_crossed",
    ),
    Broken(
        "more than the field takes",
        _when({"field": "copies", "at_least": 51}),
        "papers[0].when[0].at_least",
        "never_holds",
    ),
    Broken(
        "less than the field takes",
        _when({"field": "copies", "at_most": 0}),
        "papers[0].when[0].at_most",
        "never_holds",
    ),
    Broken(
        "two channels at once",
        put("papers[2].when[1]", {"channel": "online"}),
        "papers[2].when[1]",
        "never_holds",
    ),
    Broken(
        "person and organisation at once",
        put("papers[1].when[1]", {"applicant": "person"}),
        "papers[1].when[1]",
        "never_holds",
    ),
    Broken(
        "two choices at once",
        put("papers[0].when[1]", {"field": "kind", "one_of": ["marriage"]}),
        "papers[0].when[1]",
        "never_holds",
    ),
    Broken(
        "bounds that exclude each other",
        put("papers[2].when[2]", {"field": "copies", "at_most": 9}),
        "papers[2].when[2]",
        "never_holds",
    ),
    Broken(
        "field that is not part of the form then",
        put("papers[0].when", [{"field": "urgent", "one_of": [False]}, {"field": "reason", "one_of": ["a"]}]),
        "papers[0].when[1]",
        "never_holds",
    ),
    Broken(
        "counts a field that is not part of the form then",
        many(
            put("form[5]", FACT | {"code": "pages", "label": NAME, "kind": "integer", "minimum": 0, "maximum": 9}),
            put("form[5].when", [{"field": "urgent", "one_of": [False]}]),
            put("fee.items[1].per", "pages"),
        ),
        "fee.items[1].per",
        "never_holds",
    ),
    Broken("no such channel", _when({"channel": "fax"}), "papers[0].when[0].channel", "not_allowed_value"),
    Broken("no such applicant", _when({"applicant": "company"}), "papers[0].when[0].applicant", "not_allowed_value"),
    Broken(
        "channel that the level does not take",
        many(at_level(2), _when({"channel": "online"})),
        "papers[0].when[0].channel",
        "when_channel_not_allowed",
    ),
    # review
    Broken("no review", many(put("review", []), drop("extension")), "review", "review_required"),
    Broken("no review at level 2", many(at_level(2), drop("review")), "review", "review_required"),
    Broken("nobody decides", drop("review[4]"), "review", "decide_exactly_once"),
    Broken("decided twice", put("review[5]", DECIDE), "review", "decide_exactly_once"),
    Broken(
        "decided before it is proposed",
        put("review", [DECIDE, PROPOSE]),
        "review[0].act",
        "decide_not_last",
    ),
    Broken(
        "inspected after the decision", put("review[5]", INSPECT | {"code": "z"}), "review[4].act", "decide_not_last"
    ),
    Broken("clerk decides", put("review[4].role", "clerk"), "review[4].role", "decide_by_leader"),
    Broken("nobody proposes", drop("review[3]"), "review", "propose_exactly_once"),
    Broken("proposed twice", insert("review[0]", PROPOSE), "review", "propose_exactly_once"),
    Broken("decision alone at level 1", many(at_level(1), put("review", [DECIDE])), "review", "propose_exactly_once"),
    Broken("leader inspects", put("review[0].role", "leader"), "review[0].role", "step_not_by_leader"),
    Broken("leader consults", put("review[1].role", "leader"), "review[1].role", "step_not_by_leader"),
    Broken("nobody is consulted", drop("review[1].consult"), "review[1].consult", "consult_required"),
    Broken("consulted without a step", put("review[0].consult", CONSULTED), "review[0].consult", "consult_not_for_act"),
    Broken(
        "nothing is referred", many(referring(), drop("review[0].referral")), "review[0].referral", "referral_required"
    ),
    Broken(
        "referred without a step", put("review[0].referral", REFERRED), "review[0].referral", "referral_not_for_act"
    ),
    Broken("leader refers", many(referring(), put("review[0].role", "leader")), "review[0].role", "step_not_by_leader"),
    Broken(
        "part twice",
        many(referring(), put("review[0].referral.parts[1].code", "residence")),
        "review[0].referral.parts[1].code",
        "duplicate_code",
    ),
    Broken(
        "part of two steps",
        many(referring(), insert("review[0]", REFER | {"code": "more", "referral": FACT | {"parts": [PART]}})),
        "review[1].referral.parts[0].code",
        "duplicate_code",
    ),
    Broken(
        "kind of agency twice",
        many(referring(), put("review[0].referral.parts[0].kinds", ["tax", "tax"])),
        "review[0].referral.parts[0].kinds[1]",
        "duplicate_value",
    ),
    Broken(
        "no time for a part",
        many(referring(), put("review[0].referral.parts[0].limit", "0 working hours")),
        "review[0].referral.parts[0].limit",
        "limit_zero",
    ),
    Broken(
        "silence for another agency",
        insert("review[0]", REFER | {"referral": REFERRED}),
        "silent_approval",
        "silent_approval_skips_part",
    ),
    Broken("no parties", put("review[1].consult.parties", []), "review[1].consult.parties", "too_few"),
    Broken(
        "party twice",
        put("review[1].consult.parties[1].code", "police"),
        "review[1].consult.parties[1].code",
        "duplicate_code",
    ),
    Broken(
        "party by its name alone",
        put("review[1].consult.parties[1]", "commune"),
        "review[1].consult.parties[1]",
        "mapping_expected",
    ),
    Broken(
        "party has a source",
        put("review[1].consult.parties[0].source", "x"),
        "review[1].consult.parties[0].source",
        "unknown_key",
    ),
    Broken(
        "silence is refusal",
        put("review[1].consult.silence", "refusal"),
        "review[1].consult.silence",
        "not_allowed_value",
    ),
    Broken("silence means nothing", drop("review[1].consult.silence"), "review[1].consult.silence", "required"),
    Broken("obligation towards nobody", drop("review[2].obligation"), "review[2].obligation", "obligation_required"),
    Broken(
        "obligation without a step", put("review[3].obligation", OWED), "review[3].obligation", "obligation_not_for_act"
    ),
    Broken("a draft for nobody", put("review[0].act", "draft"), "review[0].draft", "draft_required"),
    Broken("draft without a step", put("review[3].draft", CHECKED), "review[3].draft", "draft_not_for_act"),
    Broken("no time to answer", drop("review[2].obligation.answer"), "review[2].obligation.answer", "required"),
    # fee
    Broken("counts no field of the form", put("fee.items[0].per", "pages"), "fee.items[0].per", "per_unknown_field"),
    Broken("counts a text", put("fee.items[0].per", "person_name"), "fee.items[0].per", "per_not_integer"),
    Broken("counts without a minimum", drop("form[3].minimum"), "form[3].minimum", "per_needs_minimum"),
    Broken("counts below nothing", put("form[3].minimum", -1), "form[3].minimum", "per_needs_minimum"),
    Broken("counts without a maximum", drop("form[3].maximum"), "form[3].maximum", "per_needs_maximum"),
    Broken("counts too much", put("form[3].maximum", 100_001), "form[3].maximum", "per_needs_maximum"),
    Broken("paid by post alone", many(at_level(2), put("fee.channels", ["post"])), "fee.channels", "fee_by_post_alone"),
    Broken("channel twice", put("fee.channels", ["counter", "online", "online"]), "fee.channels[2]", "duplicate_value"),
    Broken("too many items", add_many("fee.items", 48), "fee.items", "too_many"),
    Broken("too many waivers", add_many("fee.waivers", 99), "fee.waivers", "too_many"),
    Broken("waiver twice", put("fee.waivers[1].code", "poor"), "fee.waivers[1].code", "duplicate_code"),
    Broken("waiver of nothing", put("fee.waivers[1].percent", 0), "fee.waivers[1].percent", "out_of_range"),
    Broken("waiver of more than all", put("fee.waivers[0].percent", 101), "fee.waivers[0].percent", "out_of_range"),
    Broken("waiver by parts", put("fee.waivers[0].percent", 0.5), "fee.waivers[0].percent", "integer_expected"),
    Broken("auditor waives", put("fee.waivers[0].approver", "auditor"), "fee.waivers[0].approver", "not_allowed_value"),
    Broken(
        "waiver on an unknown field",
        put("fee.waivers[0].when", [{"field": "poverty", "one_of": [True]}]),
        "fee.waivers[0].when[0].field",
        "when_unknown_field",
    ),
    Broken(
        "waiver that ends before it begins",
        put("fee.waivers[1].valid_until", "2026-08-14"),
        "fee.waivers[1].valid_until",
        "validity_reversed",
    ),
    Broken(
        "evidence that nobody hands in",
        put("fee.waivers[0].evidence", "poverty_certificate"),
        "fee.waivers[0].evidence",
        "evidence_unknown_paper",
    ),
    Broken("waiver until a word", put("fee.waivers[1].valid_until", "soon"), "fee.waivers[1].valid_until", "date_form"),
    Broken(
        "amount that ends before it begins",
        put("fee.items[3].valid_until", "2025-12-31"),
        "fee.items[3].valid_until",
        "validity_reversed",
    ),
    Broken("item without an amount", drop("fee.items[0].amount"), "fee.items[0].amount", "required"),
    Broken("amount and rate", put("fee.items[5].amount", 5000), "fee.items[5].amount", "amount_or_rate"),
    Broken("rate of nothing", drop("fee.items[5].of"), "fee.items[5].of", "required"),
    Broken("nothing of a value", drop("fee.items[5].basis_points"), "fee.items[5].basis_points", "required"),
    Broken("rate above all", put("fee.items[5].basis_points", 10_001), "fee.items[5].basis_points", "out_of_range"),
    Broken("rate in parts", put("fee.items[5].basis_points", 0.5), "fee.items[5].basis_points", "integer_expected"),
    Broken("rate of an unknown field", put("fee.items[5].of", "price"), "fee.items[5].of", "of_unknown_field"),
    Broken("rate of a text", put("fee.items[5].of", "person_name"), "fee.items[5].of", "of_not_integer"),
    Broken("rate for each unit", put("fee.items[5].per", "copies"), "fee.items[5].per", "amount_or_rate"),
    Broken("rate of what may be less than nothing", drop("form[7].minimum"), "form[7].minimum", "per_needs_minimum"),
    Broken(
        "rate of more than all", put("form[7].maximum", 100_000_000_000_001), "form[7].maximum", "per_needs_maximum"
    ),
    Broken(
        "rate above its cap", put("fee.items[5].minimum", 600_000_000), "fee.items[5].minimum", "minimum_above_maximum"
    ),
    Broken(
        "rate that never holds",
        put("fee.items[5].when", [{"field": "value", "at_most": 0}]),
        "fee.items[5].of",
        "never_holds",
    ),
    Broken("cap without units", put("fee.items[1].maximum", 6000), "fee.items[1].maximum", "bound_without_per"),
    Broken("minimum without units", put("fee.items[1].minimum", 6000), "fee.items[1].minimum", "bound_without_per"),
    Broken(
        "minimum above the cap", put("fee.items[4].minimum", 70_000), "fee.items[4].minimum", "minimum_above_maximum"
    ),
    Broken(
        "cap below one unit without a minimum",
        many(put("fee.items[4].maximum", 4999), drop("fee.items[4].minimum")),
        "fee.items[4].maximum",
        "maximum_below_amount",
    ),
    Broken("cap of nothing", put("fee.items[4].maximum", 0), "fee.items[4].maximum", "out_of_range"),
    Broken(
        "refund twice",
        put("fee.refunds[1].case", "withdrawn_before_acceptance"),
        "fee.refunds[1].case",
        "duplicate_value",
    ),
    Broken("refund of more than all", put("fee.refunds[0].percent", 101), "fee.refunds[0].percent", "out_of_range"),
    Broken("refund in no known case", put("fee.refunds[0].case", "rain"), "fee.refunds[0].case", "not_allowed_value"),
    Broken("refund without a source", drop("fee.refunds[0].source"), "fee.refunds[0].source", "required"),
    Broken("governed by no day", put("fee.governed_by", "birth"), "fee.governed_by", "not_allowed_value"),
    Broken("cash by a word", put("fee.cash", "no"), "fee.cash", "boolean_expected"),
    Broken(
        "days ago of a choice",
        put("fee.items[3].when[0].field", "urgent"),
        "fee.items[3].when[0].at_least_days_ago",
        "when_days_need_date",
    ),
    Broken(
        "days to come",
        put("fee.items[3].when[0].at_least_days_ago", -1),
        "fee.items[3].when[0].at_least_days_ago",
        "out_of_range",
    ),
    Broken(
        "days ago and values",
        put("fee.items[3].when[0].one_of", ["2026-01-01"]),
        "fee.items[3].when[0]",
        "when_values_or_bounds",
    ),
    Broken(
        "days ago crossed",
        put("fee.items[3].when[0].at_most_days_ago", 60),
        "fee.items[3].when[0].at_least_days_ago",
        "when_bounds_crossed",
    ),
    Broken(
        "days ago that contradict each other",
        put("fee.items[3].when[1]", BORN | {"at_most_days_ago": 60}),
        "fee.items[3].when[1]",
        "never_holds",
    ),
    # cases, why only partly online, databases
    Broken("case twice", put("cases", [VERIFIED, VERIFIED]), "cases[1].code", "duplicate_code"),
    Broken(
        "case in another unit",
        put("cases", [VERIFIED | {"processing": "5 calendar days"}]),
        "cases[0].processing",
        "unit_of_processing",
    ),
    Broken(
        "case without a limit", put("cases", [FACT | {"code": "far", "name": NAME}]), "cases[0].processing", "required"
    ),
    Broken(
        "case of an unknown field",
        put("cases", [VERIFIED | {"when": [{"field": "far", "one_of": [True]}]}]),
        "cases[0].when[0].field",
        "when_unknown_field",
    ),
    Broken("partly online, and nobody says why", many(at_level(3), drop("partial")), "partial", "partial_required"),
    Broken("fully online, and why it is not", put("partial", PARTIAL), "partial", "partial_not_at_level"),
    Broken(
        "partly online for no reason of the law",
        many(at_level(3), put("partial.reason", "habit")),
        "partial.reason",
        "not_allowed_value",
    ),
    Broken(
        "replaced by no known database",
        put("papers[0].replaced_by", "weather"),
        "papers[0].replaced_by",
        "not_allowed_value",
    ),
    Broken(
        "accepts no known type", put("papers[0].accepts", ["text/plain"]), "papers[0].accepts[0]", "not_allowed_value"
    ),
    Broken("accepts a signature", put("papers[0].accepts", [SIGNATURE]), "papers[0].accepts[0]", "not_allowed_value"),
    Broken("accepts nothing", put("papers[0].accepts", []), "papers[0].accepts", "too_few"),
    Broken("accepts a type twice", put("papers[0].accepts", [PNG, PNG]), "papers[0].accepts[1]", "duplicate_value"),
    Broken(
        "paid with a paper filing",
        many(at_level(2), put("fee.due", "submission")),
        "fee.due",
        "due_submission_needs_online_filing",
    ),
    # what the level allows
    Broken(
        "paid online at level 3",
        many(at_level(3), put("fee.channels", ["online"])),
        "fee.channels[0]",
        "fee_channel_not_allowed",
    ),
    Broken("not paid online at level 4", put("fee.channels", ["counter"]), "fee.channels", "fee_must_offer_online"),
    Broken(
        "online result at level 3",
        many(at_level(3), put("result.channels", ["online"])),
        "result.channels[0]",
        "result_channel_not_allowed",
    ),
    Broken(
        "no online result at level 4",
        put("result.channels", ["counter"]),
        "result.channels",
        "result_must_offer_online",
    ),
    Broken(
        "postage of what no post brings",
        many(put("result.channels", ["online"]), put("result.postage", {"amount": 25_000, "source": "unconfirmed"})),
        "result.postage",
        "postage_without_post",
    ),
    Broken(
        "result channel twice",
        put("result.channels", ["online", "post", "post"]),
        "result.channels[2]",
        "duplicate_value",
    ),
    Broken(
        "signature at level 3",
        many(at_level(3), put("signature.required", value=True)),
        "signature.required",
        "signature_not_allowed",
    ),
    Broken(
        "an exception from no signature",
        many(put("signature.required", value=False), put("signature.unless", [URGENT])),
        "signature.unless",
        "unless_nothing_required",
    ),
    Broken(
        "an exception about an unknown field",
        put("signature.unless", [{"field": "account", "one_of": [True]}]),
        "signature.unless[0].field",
        "when_unknown_field",
    ),
    Broken("unsigned can't pay", put("fee.channels", ["online"]), "fee.channels", "unsigned_could_not_pay"),
    # retention
    Broken("retention of nothing", put("retention", {"source": "s"}), "retention", "retention_says_nothing"),
    Broken(
        "erased while it has to be kept",
        put("retention", {"keep_years": 20, "erase_years": 10, "source": "s"}),
        "retention.erase_years",
        "erased_while_kept",
    ),
    # extension, silent approval, standing order
    Broken("extended by nothing", put("extension.by", "0 working days"), "extension.by", "extension_by_nothing"),
    Broken("extended in another unit", put("extension.by", "2 calendar days"), "extension.by", "unit_of_processing"),
    Broken(
        "limit in another unit than its extension",
        many(put("limits.processing", "30 calendar days"), put("extension.notice", "1 working days")),
        "extension.by",
        "unit_of_processing",
    ),
    Broken(
        "notice as long as the limit in hours",
        put("extension.notice", "8 working hours"),
        "extension.notice",
        "notice_not_shorter",
    ),
    Broken(
        "notice as long as the limit in calendar days",
        many(
            put("limits.processing", "5 calendar days"),
            put("extension.by", "2 calendar days"),
            put("extension.notice", "5 working days"),
        ),
        "extension.notice",
        "notice_not_shorter",
    ),
    Broken(
        "notice as long as the limit",
        put("extension.notice", "1 working days"),
        "extension.notice",
        "notice_not_shorter",
    ),
    Broken("extended never", put("extension.times", 0), "extension.times", "out_of_range"),
    Broken("extended by a number", put("extension.by", 2), "extension.by", "limit_form"),
    Broken("nothing to extend", many(at_level(1), put("review", [])), "extension", "extension_needs_review"),
    Broken(
        "silence at level 1",
        many(at_level(1), put("silent_approval", FACT | {"legal_basis": "Law", "officers": ["x"]})),
        "silent_approval",
        "silent_approval_not_at_level_1",
    ),
    Broken("silence without a law", drop("silent_approval.legal_basis"), "silent_approval.legal_basis", "required"),
    Broken("nobody answers for silence", put("silent_approval.officers", []), "silent_approval.officers", "too_few"),
    Broken(
        "officer twice",
        put("silent_approval.officers[1]", "h01.12-leader-1"),
        "silent_approval.officers[1]",
        "duplicate_value",
    ),
    Broken(
        "officer with a line break",
        put("silent_approval.officers[1]", "a\nb"),
        "silent_approval.officers[1]",
        "wrong_form",
    ),
    Broken("order passes over steps", put("automatic", ORDER), "automatic", "automatic_skips_step"),
    Broken(
        "order names an officer twice",
        many(put("automatic", ORDER | {"officers": ["x", "x"]}), put("review", [PROPOSE, DECIDE])),
        "automatic.officers[1]",
        "duplicate_value",
    ),
    Broken(
        "order at level 2",
        many(at_level(2), put("automatic", ORDER), put("review", [PROPOSE, DECIDE])),
        "automatic",
        "automatic_needs_online_filing",
    ),
    Broken(
        "order at level 1",
        many(at_level(1), put("automatic", ORDER), put("review", [PROPOSE, DECIDE])),
        "automatic",
        "automatic_needs_online_filing",
    ),
    # texts
    Broken("money in a text", put("review[3].name.vi", "Thu 8.000 đồng"), "review[3].name.vi", "money_in_text"),
    Broken("time in a text", put("result.name.en", "Copy within 5 working days"), "result.name.en", "time_in_text"),
    Broken(
        "percentage in a text", put("fee.waivers[1].name.vi", "Giảm 50%"), "fee.waivers[1].name.vi", "percent_in_text"
    ),
    Broken("date in a text", put("agency.en", "The commune, from 1/3/2027"), "agency.en", "date_in_text"),
    Broken("sets in a text", _information("steps", "Nộp 02 bộ.", "File."), "information.steps.vi", "sets_in_text"),
    Broken("channel in a text", _information("how", "Nộp.", "File online."), "information.how.en", "channel_in_text"),
    Broken("waiver in a text", _information("how", "Miễn phí.", "File."), "information.how.vi", "waiver_in_text"),
    Broken("paper in a text", _information("how", "Nộp tờ khai.", "File."), "information.how.vi", "paper_in_text"),
    Broken("channel of a name", put("fee.items[1].name.vi", "Phí trực tuyến"), "fee.items[1].name", "channel_of_name"),
    Broken("letter of another script", put("name.en", "Cоpy"), "name.en", "unplain_character"),
    Broken("brace without an end", put("name.vi", "Bản sao {sets"), "name.vi", "placeholder_form"),
    Broken(
        "number beside a placeholder", put("name", {"vi": "1{sets}", "en": "{sets}"}), "name.vi", "placeholder_stuck"
    ),
    Broken("unknown placeholder", put("name.vi", "{limit.lunch}"), "name.vi", "placeholder_unknown"),
    Broken("name in a name", put("name.vi", "{result}"), "name.vi", "placeholder_of_name"),
    Broken("placeholder in one language", put("name.vi", "Bản sao {sets}"), "name", "placeholder_in_one_language"),
    # facts
    Broken("day of other form", put("checked", "27/11/2026"), "checked", "date_form"),
    Broken("no day", drop("checked"), "checked", "required"),
    Broken("checked in the future", put("papers[0].checked", "2026-11-28"), "papers[0].checked", "checked_in_future"),
    Broken("limit without a source", drop("limits_source.intake"), "limits.intake", "limit_without_source"),
    Broken("source of no limit", put("limits_source.lunch", "Law"), "limits_source.lunch", "unknown_key"),
    Broken("figure of money", put("figures[0].unit", "đồng"), "figures[0].unit", "not_allowed_value"),
    Broken("figure of nothing", put("figures[0].amount", 0), "figures[0].amount", "out_of_range"),
    Broken("figure twice", put("figures[1]", AGE), "figures[1].code", "duplicate_code"),
]
