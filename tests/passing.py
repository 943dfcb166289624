"""Filings at each stage at which they can be passed on to another agency, and the tasks of both agencies."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import yaml

from publishing.authoring import procedures
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.people import Role
from tests.acting import ADDRESS, EXTRACT, FILE, LEAD, NEVER_PAYS, PAYS_TWICE, Play, eventually, extract
from tests.conftest import ROOT, World
from tests.workflow.complaints import complained

TO: Final = "H01.13"
WHY: Final = {"reason": "thửa đất ở xã khác", "legal_basis": "NĐ 118/2025"}
HOUR: Final = "3600 seconds"
NEVER_LEAVES: Final = "99912"
STEPS: Final[dict[str, dict[str, Any]]] = {
    "refer": {"referral": {"parts": [{"code": "residence", "kinds": ["commune_police"], "limit": HOUR}]}},
    "obligation": {"obligation": {"authority": "Thuế", "answer": HOUR, "pay": HOUR}},
    "draft": {"draft": {"answer": HOUR}},
}
"""By act, the first step of a review, with this act: it leads to a stage that the plain extract lacks."""
DEATH: Final = {"limit": HOUR, "evidence": "Văn bản thừa kế"}


async def published(world: World, act: str | None = None) -> str:
    """Publishes an extract with long limits and with `act` as its first step; returns the version's name."""
    source = (ROOT / "procedures" / f"{EXTRACT}@2026-12.yaml").read_bytes()
    long = dict.fromkeys(procedures.DEMO_SECONDS.keys() - {"unclaimed", "longest", "suspensions", "dialogue"}, 3600)
    long |= {"notice": 1, "reappointment": 7200}
    fields = yaml.safe_load(procedures.demo_variant(source, long, suffix=act or "long"))
    fields["succession"] = sourced(DEATH)
    if act is not None:
        step = {"code": "first", "name": "Trước hết", "role": "specialist", "act": act, "limit": HOUR}
        fields["review"].insert(0, sourced(step | STEPS[act]))
    changed = yaml.safe_dump(fields, allow_unicode=True).encode()
    return (await procedures.publish(world.owner_dsn, changed, demo=True)).version


def sourced(part: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a part of a procedure with a source, and its names in both languages."""
    words = {name: {"vi": part[name], "en": part[name]} for name in ("name", "authority", "evidence") if name in part}
    inner = {name: sourced(value) for name, value in part.items() if isinstance(value, dict)}
    parts = {"parts": [sourced({"name": one["code"]} | one) for one in part["parts"]]} if "parts" in part else {}
    return {**part, **words, **inner, **parts, "source": "unconfirmed"}


async def claimed(play: Play) -> None:
    await play.at(Stage.REVIEW)
    await play.act(cm.Claim, play.officer(Role.SPECIALIST))


async def supplement(play: Play) -> None:
    await claimed(play)
    items = [{"target": "field", "code": "registered_on", "note": "ngày"}]
    await play.act(cm.RequestSupplement, play.officer(Role.SPECIALIST), items=items, legal_basis="Đ17")


async def suspended(play: Play) -> None:
    await play.at(Stage.REVIEW)
    await play.act(cm.Stop, play.officer(Role.LEADER), mode="suspend", reason="chờ", legal_basis="Đ19")


async def demanded(play: Play) -> None:
    await claimed(play)
    specialist = play.officer(Role.SPECIALIST)
    await play.act(cm.ReferObligation, specialist, reference="13/PC")
    await play.act(cm.DemandObligation, specialist, reference="35/TB", amount=4_500_000)


async def drafted(play: Play) -> None:
    await claimed(play)
    await play.act(cm.ShowDraft, play.officer(Role.SPECIALIST), draft=FILE)


async def ceased(play: Play) -> None:
    await play.at(Stage.REVIEW)
    await play.act(cm.RecordCessation, play.officer(Role.RECEPTION), evidence=FILE)


async def complained_of(play: Play) -> None:
    await play.at(Stage.REVIEW)
    await complained(play, "accepted")


async def overpaid(play: Play) -> None:
    await play.at(Stage.REVIEW)
    await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)


async def ordered(play: Play) -> None:
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)


async def referred(play: Play) -> None:
    await play.at(Stage.REVIEW)
    await eventually(lambda: play.kinds("referral", 1), bool)


async def sent(play: Play) -> None:
    await play.review()
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)


Move = Callable[[Play], Awaitable[object]]
POSTED: Final = {"result_channel": "post", "address": ADDRESS | {"postcode": NEVER_LEAVES}}
FILINGS: Final[dict[str, tuple[Stage, Move | None, dict[str, Any], str | None]]] = {
    "new": (Stage.INTAKE, None, {}, None),
    "owing": (Stage.FEE, ordered, {"payer_account": NEVER_PAYS}, None),
    "incomplete": (Stage.SUPPLEMENT, supplement, {}, None),
    "overpaid": (Stage.REVIEW, overpaid, {"payer_account": PAYS_TWICE}, None),
    "complained": (Stage.REVIEW, complained_of, {}, None),
    "referred": (Stage.REVIEW, referred, {}, "refer"),
    "suspended": (Stage.SUSPENDED, suspended, {}, None),
    "taxed": (Stage.OBLIGATION, demanded, {}, "obligation"),
    "drafted": (Stage.CONFIRMATION, drafted, {}, "draft"),
    "sent": (Stage.DELIVERY, sent, POSTED, None),
    "unread": (Stage.READING, Play.review, {}, None),
    "kept": (Stage.PICKUP, Play.review, {"result_channel": "counter"}, None),
    "ceased": (Stage.SUCCESSION, ceased, {}, None),
}
"""By a filing's name: its stage when it is passed on, the moves to that stage, its fields, and its first step."""


async def played(world: World, name: str, versions: Mapping[str | None, str]) -> Play:
    """Returns the filing of this name, once it is at its stage."""
    stage, move, filed, act = FILINGS[name]
    submission = extract(agency=LEAD, submission_id=name, version=versions[act], **filed)
    play = await Play.begin(world, submission)
    if move is not None:
        await play.accept()
        await move(play)
    await play.at(stage)
    return play


def theirs(play: Play) -> Play:
    """Returns the same filing, with commands by the officers of the new agency."""
    return replace(play, submission=play.submission.model_copy(update={"agency": TO}))


async def money(world: World) -> dict[str, int]:
    """Returns the sum of the money that each agency has taken and not returned, in đồng."""
    rows = await world.fetch("select agency, sum(captured - refunded)::int as kept from payment group by agency")
    return {row["agency"]: row["kept"] for row in rows}
