"""The Updates of a workflow: the messages that it accepts, and the form of its refusals."""

import json
from types import SimpleNamespace
from typing import Any, Final
from unicodedata import normalize

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.support.refusal import failure
from schemas.base import Text
from schemas.errors import Problem, Refusal, RefusalCode
from schemas.filing.commands import AdoptCalendar, content_of
from schemas.stream.reprojection import command_id
from tests.appeals import APPEAL, AnswerAppeal
from tests.unit.filing.lives import CALENDAR
from tests.unit.stream.shell import FILING, NOW, Engine, answer, begun
from workflows.stream.commands import adopt_calendar, update
from workflows.stream.shell import Life

NO: Final = Problem(field="", rule="no", message=Text(vi="không", en="no"))

UPDATE: Final = update(AnswerAppeal)


def wire(**said: Any) -> dict[str, Any]:
    return answer(**said).model_dump(mode="json")


async def workflow_of(_: Engine) -> Any:
    life: Life[Any] = Life(APPEAL, {"filing_id": str(FILING), "n": 1, "agency": "H01.30", "about": "chậm trễ"})
    await life._begin()
    return SimpleNamespace(life=life)


def validator(defined: Any) -> Any:
    return defined._defn.validator


@pytest.mark.parametrize(
    ("given", "code", "rule"),
    [
        ([wire() | {"colour": "red"}], RefusalCode.BAD_COMMAND, "colour: extra_forbidden"),
        ([], RefusalCode.BAD_COMMAND, None),
        ([wire(), wire()], RefusalCode.BAD_COMMAND, None),
        (
            [wire() | {"actor": {"subject": "m", "role": "system"}}],
            RefusalCode.NOT_AUTHORISED,
            "actor.role: system_is_not_a_person",
        ),
        ([wire() | {"command_id": "fee:1:paid"}], RefusalCode.BAD_COMMAND, "command_id: reserved_id"),
        ([wire() | {"actor": {"subject": "l", "role": "leader", "agency": "H99"}}], RefusalCode.NOT_ALLOWED, None),
    ],
    ids=["more than is known", "nothing", "two", "as the system", "an id of the system's", "by a stranger"],
)
async def test_what_is_refused_leaves_in_words_and_says_the_same_before_and_after(
    engine: Engine, given: list[Any], code: RefusalCode, rule: str | None
) -> None:
    workflow = await workflow_of(engine)
    refusals = []
    with pytest.raises(ApplicationError) as error:
        validator(UPDATE)(workflow, *given)
    refusals.append(error.value)
    with pytest.raises(ApplicationError) as error:
        await UPDATE(workflow, *given)
    refusals.append(error.value)
    for refused in refusals:
        assert (refused.type, refused.non_retryable, refused.details[0]["code"]) == (code, True, code)
        first = refused.details[0]["problems"][0]
        assert rule in {None, f"{first['field']}: {first['rule']}"}
        assert first["message"].keys() == {"vi", "en"}


async def test_a_command_is_recorded_composed_under_the_digest_of_what_was_sent(engine: Engine) -> None:
    workflow = await workflow_of(engine)
    decomposed = normalize("NFD", "Đã trả")
    validator(UPDATE)(workflow, wire(answer=decomposed))
    assert (await UPDATE(workflow, wire(answer=decomposed))).digest == content_of(answer(answer=decomposed))
    assert engine.log[-1].event["answer"] == normalize("NFC", decomposed) != decomposed


async def test_an_error_of_our_own_is_told_to_nobody(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = await workflow_of(engine)

    def broken(_: Any) -> None:
        raise KeyError("001090000001")

    monkeypatch.setattr(workflow.life, "check_command", broken)
    with pytest.raises(ApplicationError) as error:
        validator(UPDATE)(workflow, wire())
    assert (error.value.type, "001090000001" in str(error.value)) == (RefusalCode.INTERNAL, False)
    assert error.value.details[0]["problems"][0]["rule"] == "internal_error"


async def test_a_calendar_is_adopted_once_and_only_if_it_is_in_force(engine: Engine) -> None:
    workflow = SimpleNamespace(life=await begun(engine))
    adopt, check = adopt_calendar(), validator(adopt_calendar())
    named = AdoptCalendar(calendar="vn@2026.1").model_dump(mode="json")
    check(workflow, named)
    garbage: list[list[Any]] = [[{}], [named | {"x": 1}], []]
    for given in garbage:
        with pytest.raises(ApplicationError) as error:
            check(workflow, *given)
        assert error.value.type == RefusalCode.BAD_COMMAND
        with pytest.raises(ApplicationError) as error:
            await adopt(workflow, *given)
        assert error.value.type == RefusalCode.BAD_COMMAND
    engine.answers["calendar"] = None
    with pytest.raises(ApplicationError) as error:
        await adopt(workflow, named | {"calendar": "vn@2026.2"})
    [why] = error.value.details[0]["problems"]
    assert (why["field"], why["rule"]) == ("calendar", "not_in_force")
    engine.answers["calendar"] = CALENDAR.model_copy(update={"version": "2026.2"})
    receipt = await adopt(workflow, named | {"calendar": "vn@2026.2"})
    assert (receipt.command_id, receipt.at) == (command_id("vn@2026.2"), NOW)
    assert engine.log[-1].event["calendar"] == "vn@2026.2"
    first, asked = (request for name, request in engine.asked if name == "calendar")
    assert (first, asked.name, asked.agency) == (asked, "vn@2026.2", "H01.30")
    assert await adopt(workflow, named | {"calendar": "vn@2026.2"}) == receipt
    assert [name for name, _ in engine.asked].count("calendar") == 2


def test_a_refusal_leaves_whole_as_plain_data_and_is_no_error_of_ours() -> None:
    why = Refusal(code=RefusalCode.NOT_ALLOWED, problems=(NO,), allowed=("withdraw",))
    error = failure(why)
    assert error.details == (json.loads(why.model_dump_json(exclude_none=True)),)
    assert (error.message, error.type, error.non_retryable) == (str(why), why.code, True)
    assert error.category is ApplicationErrorCategory.BENIGN
