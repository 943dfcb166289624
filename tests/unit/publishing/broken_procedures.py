"""A valid procedure that uses every part of the format, and common mistakes in it, each with its place and rule."""

import json
from copy import deepcopy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from schemas.publishing.time_limits import Limits

from .changing import Change, Raw, drop, insert, many, parent, put, wrong

EXTRACT = Path(__file__).parents[3] / "procedures" / "2.000635@2026-12.yaml"

NAME = {"vi": "Tên", "en": "Name"}
FACT = {"source": "unconfirmed"}
STEP = FACT | {"name": NAME, "limit": "1 working days"}
PROPOSE = STEP | {"code": "p", "role": "specialist", "act": "propose"}
DECIDE = STEP | {"code": "d", "role": "leader", "act": "decide"}
INSPECT = STEP | {"code": "visit", "role": "specialist", "act": "inspect"}
CONSULT = STEP | {"code": "opinions", "role": "clerk", "act": "consult"}
OBLIGATION = STEP | {"code": "tax", "role": "specialist", "act": "obligation"}
PARTIES = [{"code": "police", "name": NAME}, {"code": "commune", "name": NAME}]
CONSULTED = FACT | {"parties": PARTIES, "silence": "consent"}
OWED = FACT | {"authority": NAME, "answer": "3 working days", "pay": "10 working days"}
PART = FACT | {"code": "residence", "name": NAME, "kinds": ["commune_police"], "limit": "7 working days"}
REFER = STEP | {"code": "parts", "role": "specialist", "act": "refer"}
REFERRED = FACT | {"parts": [PART, PART | {"code": "insurance", "kinds": ["social_insurance"]}]}
ORDER = FACT | {"number": "1", "officers": ["x"]}
VERIFIED = FACT | {"code": "verified", "name": NAME, "processing": "5 working days"}
PNG = "image/png"
PARTIAL = FACT | {"reason": "presence", "vi": "Phải có mặt.", "en": "Presence is asked for."}
BORN = {"field": "born"}
AGE = FACT | {"code": "age", "amount": 16, "unit": "years of age"}
DUTY = {"code": "duty", "basis_points": 50, "of": "value", "minimum": 10_000, "maximum": 500_000_000}
URGENT = {"field": "urgent", "one_of": [True]}
UNKNOWN = [{"field": "far", "one_of": [True]}]
BLANK = "forms/2.000635/to-khai.pdf"


def good() -> Raw:
    """Returns a level-4 procedure with every part that a file may have, except for a standing order."""
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


def add_many(path: str, count: int) -> Change:
    """Returns a change that adds copies of a list's first entry; each copy has its own code and no conditions."""

    def change(raw: Raw) -> None:
        part, key = parent(raw, path)
        plain = {name: value for name, value in part[key][0].items() if name != "when"}
        part[key] += [plain | {"code": f"another_{n}"} for n in range(count)]

    return Change(path, change)


def at_level(level: int) -> Change:
    """Returns a change that sets this level, and removes the parts that only higher levels allow."""
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
    """Returns a change that adds a first step that other agencies decide, and removes the silent approval."""
    return many(drop("silent_approval"), insert("review[0]", deepcopy(REFER | {"referral": REFERRED})))


def _information(item: str, vi: str, en: str) -> Change:
    return put(f"information.{item}", FACT | {"vi": vi, "en": en})


def _when(condition: Any) -> Change:
    return put("papers[0].when[0]", condition)


def _field(field: str, **asks: Any) -> Change:
    return _when({"field": field, **asks})


def _at(field: str) -> Raw:
    return FACT | {"fields": [field]}


BROKEN = [
    # the form of values
    wrong("code read as a number", "quote_it", put("code", 2.000635)),
    wrong("version read as a date", "quote_it", put("version", date(2026, 7, 1))),
    wrong("text read as a truth value", "quote_it", put("name.vi", value=False)),
    wrong("code without a point", "wrong_form", put("code", "2000635")),
    wrong("no such level", "not_allowed_value", put("level", 5)),
    wrong("level is a truth value", "not_allowed_value", put("level", value=True)),
    wrong("blank text", "required", put("name.en", "  ")),
    wrong("key without a value", "required", put("form", None)),
    wrong("unknown key", "unknown_key", put("colour", "red")),
    wrong("key is a number", "key_not_text", Change("", lambda raw: raw.update({1: 1}))),  # type: ignore[dict-item]
    wrong("control character", "unreadable_character", put("legal_basis", ["a\0"]), below="[0]"),
    wrong("no legal basis", "too_few", put("legal_basis", [])),
    wrong("endless text", "too_long", put("legal_basis", ["a" * 2001]), below="[0]"),
    wrong("no plain data", "invalid", put("legal_basis", [{1, 2}]), below="[0]"),
    wrong("text for a list", "list_expected", put("papers", "none")),
    wrong("word for a truth value", "boolean_expected", put("papers[0].required", "yes")),
    wrong("list for a code", "text_expected", put("papers[0].code", ["a"])),
    wrong("text for a part", "mapping_expected", put("result", "a")),
    wrong("word for a number", "integer_expected", put("information.sets", "one")),
    wrong("number beyond JSON", "out_of_range", put("form[3].maximum", 10**5000)),
    wrong("a limit of centuries", "limit_too_long", put("limits.pickup", "10001 calendar days")),
    wrong("plain hours", "limit_form", put("limits.intake", "8 hours")),
    # limits
    wrong("no hours", "limit_zero", put("limits.pickup", "0 working hours")),
    wrong("seconds to pay", "seconds_not_allowed", put("fee.limit", "30 seconds")),
    wrong("reminded in the end", "limit_of_nothing", put("limits.reminder", "0 working days")),
    wrong("apology in the end", "limit_of_nothing", put("limits.apology", "0 calendar days")),
    wrong("appointment put off by nothing", "limit_of_nothing", put("limits.reappointment", "0 working days")),
    wrong("appointment put off in another unit", "unit_of_processing", put("limits.reappointment", "8 working hours")),
    wrong("bounded in another unit", "unit_of_processing", put("limits.longest", "8 working hours")),
    wrong("suspensions bounded in another unit", "unit_of_suspension", put("limits.suspensions", "60 calendar days")),
    wrong("minute after the hour", "time_form", put("limits.cut_off", "15:60")),
    wrong("seconds to answer", "seconds_not_allowed", put("review[2].obligation.answer", "9 seconds")),
    wrong("no hours to pay the tax", "limit_zero", put("review[2].obligation.pay", "0 working hours")),
    wrong("seconds of extension", "seconds_not_allowed", put("extension.by", "9 seconds")),
    # validity
    wrong("in force never", "validity_without_day", put("validity", FACT)),
    wrong(
        "in force backwards",
        "validity_reversed",
        put("validity", FACT | {"valid_from": "2027-03-01", "valid_until": "2027-02-28"}),
        below=".valid_until",
    ),
    wrong("a month is no day", "date_form", put("validity", FACT | {"valid_from": "3/2027"}), below=".valid_from"),
    # codes and fields
    wrong("paper twice", "duplicate_code", put("papers[1].code", "birth_notice")),
    wrong("field twice", "duplicate_code", put("form[1].code", "kind")),
    wrong("item twice", "duplicate_code", put("fee.items[1].code", "extract")),
    wrong("accepts a type twice", "duplicate_value", put("papers[0].accepts", [PNG, PNG]), below="[1]"),
    wrong("result channel twice", "duplicate_value", put("result.channels", ["online", "post", "post"]), below="[2]"),
    wrong("step twice", "duplicate_code", put("review[4].code", "appraise")),
    wrong("nothing to choose", "choices_required", drop("form[0].choices")),
    wrong("choices of a text", "choices_only_for_choice", put("form[1].choices", ["a"])),
    wrong("choice twice", "duplicate_value", drop("form[0].choice_names"), put("form[0].choices[1]", "birth")),
    wrong("name of no choice", "name_of_no_choice", put("form[0].choice_names[0].code", "divorce")),
    wrong("blank of another procedure", "unknown_form", put("papers[0].form", "forms/1.004222/ct01.pdf")),
    wrong("blank somewhere else", "unknown_form", put("papers[0].form", "forms/2.000635/../a.pdf")),
    wrong("one blank twice", "duplicate_value", *(put(f"papers[{n}].form", BLANK) for n in (0, 1))),
    wrong("bounds of a date", "bounds_not_for_kind", put("form[2].minimum", 1)),
    wrong("negative length", "negative_length", put("form[1].minimum", -1)),
    wrong("text longer than a form holds", "length_above_form", put("form[1].maximum", 4001)),
    wrong("too many papers", "too_many", add_many("papers", 98)),
    wrong("bounds crossed", "minimum_above_maximum", put("form[3].minimum", 51)),
    wrong(
        "decided by no commune", "place_not_a_commune", put("decided_by.place", _at("person_name")), below=".fields[0]"
    ),
    wrong("decided by no field", "place_not_a_commune", put("decided_by.place", _at("seat")), below=".fields[0]"),
    # conditions
    wrong("condition asks nothing", "when_one_thing", _when({})),
    wrong("condition asks two things", "when_one_thing", _field("kind", one_of=["birth"], channel="post")),
    wrong("condition on no field of the form", "when_unknown_field", _field("kid", one_of=["birth"]), below=".field"),
    wrong("field depends on a later one", "when_field_not_before", put("form[3].when", [URGENT]), below="[0].field"),
    wrong("condition without values", "when_needs_value", _field("kind")),
    wrong("condition of no values", "when_needs_value", _field("kind", one_of=[]), below=".one_of"),
    wrong("values and bounds", "when_values_or_bounds", _field("copies", one_of=[1], at_least=1)),
    wrong("values", "when_value_without_field", _when({"channel": "post", "one_of": ["birth"]}), below=".one_of"),
    wrong("no such choice", "when_value_not_of_field", _field("kind", one_of=["adoption"]), below=".one_of[0]"),
    wrong("truth value as a word", "when_value_not_of_field", put("form[5].when[0].one_of", ["yes"]), below="[0]"),
    wrong("number for a text", "when_value_not_of_field", _field("person_name", one_of=[7]), below=".one_of[0]"),
    wrong("too long", "when_value_not_of_field", _field("person_name", one_of=["a" * 121]), below=".one_of[0]"),
    wrong("too many copies", "when_value_not_of_field", _field("copies", one_of=[51]), below=".one_of[0]"),
    wrong("truth value for a number", "when_value_not_of_field", _field("copies", one_of=[True]), below=".one_of[0]"),
    wrong("other date", "when_value_not_of_field", _field("registered_on", one_of=["01-07-2026"]), below=".one_of[0]"),
    wrong("value twice", "duplicate_value", _field("kind", one_of=["birth", "birth"]), below=".one_of[1]"),
    wrong("condition twice", "duplicate_value", put("fee.items[1].when[1]", URGENT)),
    wrong("fraction for a value", "form_value_expected", _field("copies", one_of=[1.5]), below=".one_of[0]"),
    wrong("bounds of a choice", "when_bounds_need_integer", _field("kind", at_least=1), below=".at_least"),
    wrong("bounds of a condition crossed", "when_bounds_crossed", put("fee.items[2].when[0].at_least", 51)),
    wrong("more than the field takes", "never_holds", _field("copies", at_least=51), below=".at_least"),
    wrong("less than the field takes", "never_holds", _field("copies", at_most=0), below=".at_most"),
    wrong(
        "counts a field that is not part of the form then",
        "never_holds",
        put("form[5]", FACT | {"code": "pages", "label": NAME, "kind": "integer", "minimum": 0, "maximum": 9}),
        put("form[5].when", [{"field": "urgent", "one_of": [False]}]),
        put("fee.items[1].per", "pages"),
    ),
    wrong("other channel", "when_channel_not_allowed", at_level(2), _when({"channel": "online"}), below=".channel"),
    # review
    wrong("no review", "review_required", put("review", []), drop("extension"), at="review"),
    wrong("nobody decides", "decide_exactly_once", drop("review[4]"), at="review"),
    wrong("decided twice", "decide_exactly_once", put("review[5]", DECIDE), at="review"),
    wrong("decided before it is proposed", "decide_not_last", put("review", [DECIDE, PROPOSE]), below="[0].act"),
    wrong("inspected too late", "decide_not_last", put("review[5]", INSPECT | {"code": "z"}), at="review[4].act"),
    wrong("clerk decides", "decide_by_leader", put("review[4].role", "clerk")),
    wrong("nobody proposes", "propose_exactly_once", drop("review[3]"), at="review"),
    wrong("proposed twice", "propose_exactly_once", insert("review[0]", PROPOSE), at="review"),
    wrong("leader inspects", "step_not_by_leader", put("review[0].role", "leader")),
    wrong("proposed if needed", "if_needed_not_for_act", put("review[3].if_needed", value=True)),
    wrong("nobody is consulted", "consult_required", drop("review[1].consult")),
    wrong("consulted without a step", "consult_not_for_act", put("review[0].consult", CONSULTED)),
    wrong("nothing is referred", "referral_required", referring(), drop("review[0].referral")),
    wrong("referred without a step", "referral_not_for_act", put("review[0].referral", REFERRED)),
    wrong("part twice", "duplicate_code", referring(), put("review[0].referral.parts[1].code", "residence")),
    wrong(
        "part of two steps",
        "duplicate_code",
        referring(),
        insert("review[0]", REFER | {"code": "more", "referral": FACT | {"parts": [PART]}}),
        at="review[1].referral.parts[0].code",
    ),
    wrong("kind twice", "duplicate_value", referring(), put("review[0].referral.parts[0].kinds[1]", "commune_police")),
    wrong("no time for a part", "limit_zero", referring(), put("review[0].referral.parts[0].limit", "0 working hours")),
    wrong(
        "silence for another agency",
        "silent_approval_skips_part",
        insert("review[0]", REFER | {"referral": REFERRED}),
        at="silent_approval",
    ),
    wrong("party twice", "duplicate_code", put("review[1].consult.parties[1].code", "police")),
    wrong("obligation towards nobody", "obligation_required", drop("review[2].obligation")),
    wrong("obligation without a step", "obligation_not_for_act", put("review[3].obligation", OWED)),
    wrong("a draft for nobody", "draft_required", put("review[0].act", "draft"), at="review[0].draft"),
    wrong("draft without a step", "draft_not_for_act", put("review[3].draft", FACT | {"answer": "1 calendar days"})),
    # fee
    wrong("counts no field of the form", "per_unknown_field", put("fee.items[0].per", "pages")),
    wrong("counts a text", "per_not_integer", put("fee.items[0].per", "person_name")),
    wrong("counts without a minimum", "per_needs_minimum", drop("form[3].minimum")),
    wrong("counts below nothing", "per_needs_minimum", put("form[3].minimum", -1)),
    wrong("counts without a maximum", "per_needs_maximum", drop("form[3].maximum")),
    wrong("counts too much", "per_needs_maximum", put("form[3].maximum", 100_001)),
    wrong("paid by post alone", "fee_by_post_alone", at_level(2), put("fee.channels", ["post"])),
    wrong("channel twice", "duplicate_value", put("fee.channels", ["counter", "online", "online"]), below="[2]"),
    wrong("too many items", "too_many", add_many("fee.items", 48)),
    wrong("waiver twice", "duplicate_code", put("fee.waivers[1].code", "poor")),
    wrong("waiver on no field", "when_unknown_field", put("fee.waivers[0].when", UNKNOWN), below="[0].field"),
    wrong("waiver that ends before it begins", "validity_reversed", put("fee.waivers[1].valid_until", "2026-08-14")),
    wrong("evidence not handed in", "evidence_unknown_paper", put("fee.waivers[0].evidence", "poverty_certificate")),
    wrong("amount that ends before it begins", "validity_reversed", put("fee.items[3].valid_until", "2025-12-31")),
    wrong("item without an amount", "required", drop("fee.items[0].amount")),
    wrong("amount and rate", "amount_or_rate", put("fee.items[5].amount", 5000)),
    wrong("rate of nothing", "required", drop("fee.items[5].of")),
    wrong("nothing of a value", "required", drop("fee.items[5].basis_points")),
    wrong("rate of an unknown field", "of_unknown_field", put("fee.items[5].of", "price")),
    wrong("rate of a text", "of_not_integer", put("fee.items[5].of", "person_name")),
    wrong("rate for each unit", "amount_or_rate", put("fee.items[5].per", "copies")),
    wrong("rate of what may be less than nothing", "per_needs_minimum", drop("form[7].minimum")),
    wrong("rate of more than all", "per_needs_maximum", put("form[7].maximum", 100_000_000_000_001)),
    wrong("rate above its cap", "minimum_above_maximum", put("fee.items[5].minimum", 600_000_000)),
    wrong("no rate", "never_holds", put("fee.items[5].when", [{"field": "value", "at_most": 0}]), at="fee.items[5].of"),
    wrong("cap without units", "bound_without_per", put("fee.items[1].maximum", 6000)),
    wrong("minimum above the cap", "minimum_above_maximum", put("fee.items[4].minimum", 70_000)),
    wrong("cap", "maximum_below_amount", drop("fee.items[4].minimum"), put("fee.items[4].maximum", 4999)),
    wrong("refund twice", "duplicate_value", put("fee.refunds[1].case", "withdrawn_before_acceptance")),
    wrong(
        "days ago of a choice",
        "when_days_need_date",
        put("fee.items[3].when[0].field", "urgent"),
        at="fee.items[3].when[0].at_least_days_ago",
    ),
    wrong("days ago that contradict", "never_holds", put("fee.items[3].when[1]", BORN | {"at_most_days_ago": 60})),
    # cases, why only partly online, databases
    wrong("case twice", "duplicate_code", put("cases", [VERIFIED, VERIFIED]), below="[1].code"),
    wrong(
        "case in another unit",
        "unit_of_processing",
        put("cases", [VERIFIED | {"processing": "5 calendar days"}]),
        below="[0].processing",
    ),
    wrong("case", "when_unknown_field", put("cases", [VERIFIED | {"when": UNKNOWN}]), below="[0].when[0].field"),
    wrong("partly online, and nobody says why", "partial_required", at_level(3), drop("partial")),
    wrong("fully online, and why it is not", "partial_not_at_level", put("partial", PARTIAL)),
    wrong("paid with a paper filing", "due_submission_needs_online_filing", at_level(2), put("fee.due", "submission")),
    # what the level allows
    wrong("online at level 3", "fee_channel_not_allowed", at_level(3), put("fee.channels", ["online"]), below="[0]"),
    wrong("not paid online at level 4", "fee_must_offer_online", put("fee.channels", ["counter"])),
    wrong("no such result", "result_channel_not_allowed", at_level(3), put("result.channels", ["online"]), below="[0]"),
    wrong("no online result at level 4", "result_must_offer_online", put("result.channels", ["counter"])),
    wrong(
        "postage of what no post brings",
        "postage_without_post",
        put("result.channels", ["online"]),
        put("result.postage", {"amount": 25_000, "source": "unconfirmed"}),
    ),
    wrong(
        "an incident where nobody files online",
        "incident_needs_online_filing",
        at_level(2),
        put("paper_on_incident", FACT),
    ),
    wrong(
        "a result as filed that nobody has on paper",
        "as_filed_one_way",
        put("result.channels", ["online"]),
        put("result.as_filed", value=True),
    ),
    wrong("signature at level 3", "signature_not_allowed", at_level(3), put("signature.required", value=True)),
    wrong(
        "an exception from no signature",
        "unless_nothing_required",
        put("signature.required", value=False),
        put("signature.unless", [URGENT]),
    ),
    wrong("exception", "when_unknown_field", put("signature.unless", UNKNOWN), below="[0].field"),
    wrong("unsigned can't pay", "unsigned_could_not_pay", put("fee.channels", ["online"])),
    # retention
    wrong("retention of nothing", "retention_says_nothing", put("retention", {"source": "s"})),
    wrong(
        "erased while it has to be kept",
        "erased_while_kept",
        put("retention", {"keep_years": 20, "erase_years": 10, "source": "s"}),
        below=".erase_years",
    ),
    # extension, silent approval, standing order
    wrong("extended by nothing", "extension_by_nothing", put("extension.by", "0 working days")),
    wrong("extended in another unit", "unit_of_processing", put("extension.by", "2 calendar days")),
    wrong("notice as long as the limit in hours", "notice_not_shorter", put("extension.notice", "8 working hours")),
    wrong(
        "notice as long as the limit in calendar days",
        "notice_not_shorter",
        put("limits.processing", "5 calendar days"),
        put("extension.by", "2 calendar days"),
        put("extension.notice", "5 working days"),
    ),
    wrong("notice as long as the limit", "notice_not_shorter", put("extension.notice", "1 working days")),
    wrong("nothing to extend", "extension_needs_review", at_level(1), put("review", []), at="extension"),
    wrong(
        "silence at level 1",
        "silent_approval_not_at_level_1",
        at_level(1),
        put("silent_approval", FACT | {"legal_basis": "Law", "officers": ["x"]}),
    ),
    wrong("officer twice", "duplicate_value", put("silent_approval.officers[1]", "h01.12-leader-1")),
    wrong("officer with a line break", "wrong_form", put("silent_approval.officers[1]", "a\nb")),
    wrong("order passes over steps", "automatic_skips_step", put("automatic", ORDER)),
    wrong(
        "order at level 2",
        "automatic_needs_online_filing",
        at_level(2),
        put("automatic", ORDER),
        put("review", [PROPOSE, DECIDE]),
        at="automatic",
    ),
    # texts
    wrong("money in a text", "money_in_text", put("review[3].name.vi", "Thu 8.000 đồng")),
    wrong("time in a text", "time_in_text", put("result.name.en", "Copy within 5 working days")),
    wrong("percentage in a text", "percent_in_text", put("fee.waivers[1].name.vi", "Giảm 50%")),
    wrong("date in a text", "date_in_text", put("agency.en", "The commune, from 1/3/2027")),
    wrong("sets in a text", "sets_in_text", _information("steps", "Nộp 02 bộ.", "File."), below=".vi"),
    wrong("channel in a text", "channel_in_text", _information("how", "Nộp.", "File online."), below=".en"),
    wrong("waiver in a text", "waiver_in_text", _information("how", "Miễn phí.", "File."), below=".vi"),
    wrong("paper in a text", "paper_in_text", _information("how", "Nộp tờ khai.", "File."), below=".vi"),
    wrong("channel name", "channel_of_name", put("fee.items[1].name.vi", "Phí trực tuyến"), at="fee.items[1].name"),
    wrong("letter of another script", "unplain_character", put("name.en", "Cоpy")),
    wrong("brace without an end", "placeholder_form", put("name.vi", "Bản sao {sets")),
    wrong("stuck", "placeholder_stuck", put("name", {"vi": "1{sets}", "en": "{sets}"}), below=".vi"),
    wrong("unknown placeholder", "placeholder_unknown", put("name.vi", "{limit.lunch}")),
    wrong("name in a name", "placeholder_of_name", put("name.vi", "{result}")),
    wrong("placeholder in one language", "placeholder_in_one_language", put("name.vi", "Bản sao {sets}"), at="name"),
    # facts
    wrong("day of other form", "date_form", put("checked", "27/11/2026")),
    wrong("checked in the future", "checked_in_future", put("papers[0].checked", "2026-11-28")),
    wrong("limit without a source", "limit_without_source", drop("limits_source.intake"), at="limits.intake"),
    wrong("figure twice", "duplicate_code", put("figures[1]", AGE), below=".code"),
]
