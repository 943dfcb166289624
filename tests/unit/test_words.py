"""Every sentence exists once in each language and is used; each command's help is in one language only."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from string import Formatter
from typing import Any, Final, NamedTuple

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from deploy.command import app
from docs.tools.law.matrix import SYSTEM_KINDS
from docs.tools.law.situations import situations
from motcua.cli.app import build
from motcua.cli.help import Unloaded
from motcua.cli.options import PLATFORM
from rules.filing.queues import PUBLIC_KINDS, check
from schemas.base import Text
from schemas.filing.state import Stage
from schemas.level import Channel
from schemas.limit import Limit, Unit
from schemas.people import Role
from schemas.publishing.procedure import Act
from schemas.translate import joined, said
from schemas.words.catalogue import SENTENCES
from tests.conftest import ROOT
from tests.shell import APP
from tests.walking import walked
from tests.words.compiled import LANGUAGES, MODULE, compiled, read

ACCENTED: Final = re.compile(r"[àáạảãâầấậẩẫăằắặẳẵèéẹẻẽêềếệểễìíịỉĩòóọỏõôồốộổỗơờớợởỡùúụủũưừứựửữỳýỵỷỹđ]", re.IGNORECASE)
"""Letters of Vietnamese that no English word has."""


def commands(group: Any, key: str = "help") -> Iterator[tuple[str, Any]]:
    group = group.loaded() if isinstance(group, Unloaded) else group
    yield key, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{key}.{name}")


WHOLE: Final[Any] = get_command(build({PLATFORM: app}))
COMMANDS: Final = dict(commands(WHOLE))


@walked(("key", "command"), COMMANDS.items(), ids=COMMANDS, at_least=150)
def test_a_command_has_words_and_an_example_and_so_have_its_options(key: str, command: Any) -> None:
    assert command.help == key
    if not hasattr(command, "commands"):
        words, path = said(key), key.split(".")
        assert f"motcua {path[1]}" in words.vi.partition("Ví dụ: ")[2]
        assert f"motcua {path[1]}" in words.en.partition("Example")[2]
        helps = [one.help.partition(": ")[0] for one in command.params if one.help]
        assert [help_ for help_ in helps if not help_.startswith("option.") or help_ not in SENTENCES] == []


def test_no_words_are_left_of_a_command_that_is_gone() -> None:
    assert sorted(key for key in SENTENCES if key.startswith("help.") and key not in COMMANDS) == []


@pytest.mark.parametrize("arguments", [(), ("till",), ("till", "count"), ("result", "verify")])
def test_it_is_shown_in_one_language(arguments: tuple[str, ...]) -> None:
    shown = {lang: CliRunner().invoke(APP, [*arguments, "--help"], env={"LANG": lang}).output for lang in ("vi", "en")}
    assert not ACCENTED.search(shown["en"])
    for text in ("Show this message", "Print JSON", "Of the answer", "Example"):
        assert text not in shown["vi"]
    for lang, text in shown.items():
        assert CliRunner().invoke(APP, [*arguments, "--help", "--lang", lang], env={"LANG": "C"}).output == text


@walked("name", [name for name, one in WHOLE.commands.items() if isinstance(one, Unloaded)], at_least=35)
def test_what_is_said_of_a_command_before_it_is_loaded_it_says_itself(name: str) -> None:
    unloaded = WHOLE.commands[name]
    assert (unloaded.loaded().name, unloaded.help) == (name, unloaded.loaded().help)


def test_a_list_of_all_commands_loads_none() -> None:
    code = "import sys; from motcua.cli.app import run\ntry:\n  run(['--help'])\nfinally:\n  print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shown, loaded = ended.stdout.rsplit("\n", 2)[:2]
    assert "doctor" in shown
    ours = [name for name in loaded.split() if name.startswith(("operations.commands.", "deploy.commands.", "demo."))]
    assert ours == []


# Every sentence stands once in each language, is used, and is given what stands in it.

ROOMS: Final = (
    *("schemas", "rules", "activities", "workflows", "views", "recovery", "workers", "motcua"),
    *("console", "publishing", "operations"),
    *("verifier", "gateway", "deploy", "sandbox", "demo"),
)
MADE: Final = (
    *("agency_kind.", "change.", "channel.", "command.board.", "command.clocks.", "command.doctor."),
    *(
        "command.doubt.",
        "command.import.",
        "command.pass_over.",
        "command.scrub.",
        "complaint_ground.",
        "complaint_is.",
    ),
    *("complaint_state.", "disputed.", "paper.complaint_title.", "paper.complaint_told."),
    *("database.", "deed.", "dev.", "doctor.signature.", "doctor.suspense.", "doctor_check.", "document_type."),
    *("drill_check.",),
    *("erasure_left.", "erasure_state.", "export_state.", "fact_", "fee_due.", "fee_kind.", "field_kind."),
    *(
        "goes_on.",
        "governing_day.",
        "help",
        "door.",
        "http.",
        "issued.",
        "key_state.",
        "length_",
        "misfit.",
        "mistake.",
        "no_such_",
    ),
    *("runs_from.", "not_given.", "option.act.command", "partial_reason.", "payment_means.", "place.", "place_of_any."),
    *("principal_change.", "refund_case.", "refusal_needs.", "result_state.", "result_validity.", "role."),
    *("runs_from.",),
    *("scan_state.", "signature_outcome.", "silence.", "stage.", "status.", "step_act.", "suspense_state."),
    *("suspense_step.", "unit.", "unknown_", "value_", "weekday."),
)
"""Prefixes of keys that are composed of values known only at run time."""


class Call(NamedTuple):
    """A request for a sentence: key, place, and the names of its values; None if the code does not write them out."""

    key: str
    where: str
    values: set[str] | None
    fix: str
    """the key of the remedy, if there is one"""


SAYING: Final = {"said", "both", "problem", "mistake"}
FINDING: Final = {"ok", "skipped", "warn", "fail"}
"""The functions of the doctor's room that take keys of sentences."""


def calls() -> Iterator[Call]:
    for room in ROOMS:
        for file, nodes in parsed(room):
            names = SAYING | FINDING if file.parent.name == "doctor" else SAYING
            for node in nodes:
                match node:
                    case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="c"), attr=name)) if (
                        name in names
                    ):
                        yield from _call(node, name, f"{file.relative_to(ROOT)}:{node.lineno}")


def _call(node: ast.Call, by: str, where: str) -> Iterator[Call]:
    """Yields the sentences that a call requests: by the argument `says` if there is one, else by the key or rule."""
    given = {word.arg: word.value for word in node.keywords}
    match given.pop("says", node.args[0 if by == "mistake" else -1]):
        case ast.Constant(value=str(key)):
            key = MISTAKES[key] if by == "mistake" else key
            match given.pop("fix", ast.Constant(f"{key}.fix")):
                case ast.Constant(value=str(fix)):
                    yield Call(key, where, None if None in given else {str(name) for name in given}, fix)
                case _:
                    yield Call(key, where, None, "")


MISTAKES: Final = {
    key.rpartition(".")[2]: key for key in SENTENCES if key.startswith("mistake.") and not key.endswith(".fix")
}


@cache
def parsed(room: str) -> list[tuple[Path, list[ast.AST]]]:
    """Returns the files of a room, each with all its syntax nodes."""
    files = sorted((ROOT / room).rglob("*.py"))
    return [(file, list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))) for file in files]


@cache
def written() -> set[str]:
    """Returns every string in the code, except those of the catalogue of words."""
    files = [nodes for room in ROOMS for file, nodes in parsed(room) if file.parent.name != "words"]
    return {
        node.value
        for node in chain.from_iterable(files)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def holes(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


UNREACHED: Final = {"appointment_over"}
"""Rules for a case that no test reaches: what is put off in time has no appointment in the past."""


def rules_of_problems() -> dict[str, set[str]]:
    """Returns the rule of every problem that the code writes out, each with the keys of its sentences."""
    found = dict[str, set[str]]()
    for _, nodes in chain.from_iterable(map(parsed, ROOMS)):
        for node in nodes:
            match node:
                case ast.Call(
                    func=ast.Name(id="problem") | ast.Attribute(attr="problem"), args=[_, ast.Constant(value=str(rule))]
                ):
                    says = [word.value for word in node.keywords if word.arg == "says"]
                    keys = {key.value for key in says if isinstance(key, ast.Constant) and isinstance(key.value, str)}
                    found.setdefault(rule, set()).update({rule} | keys)
    return found


def test_every_refusal_is_named_by_a_test() -> None:
    """A test names a refusal by its rule or by the key of its sentence."""
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "tests").rglob("*.yaml"), *(ROOT / "demo").rglob("*.yaml")]
    named = set[str]().union(
        *(re.findall(r"\w+", file.read_text()) for file in files if file.name != Path(__file__).name)
    )
    rules = rules_of_problems()
    assert {rule for rule, keys in rules.items() if not keys & named} == UNREACHED
    assert len(rules) > 300


def test_what_is_said_is_what_translators_wrote() -> None:
    assert MODULE.read_text(encoding="utf-8") == compiled(), "what was changed in a .po file takes `make words`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_sentence_in_the_order_of_keys(language: str) -> None:
    assert list(read(language)) == sorted(SENTENCES)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ('msgid "act_over"\nmsgstr "hết"\n', "twice"),
        ('#, fuzzy\nmsgid "act_under"\nmsgstr "còn"\n', "act_under"),
        ('msgid "act_under"\nmsgstr ""\n', "act_under"),
    ],
)
def test_no_module_is_made_of_what_a_translator_has_not_ended(
    wrong: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = MODULE.with_name("vi.po").read_text(encoding="utf-8")
    (tmp_path / "vi.po").write_text(f"{whole}\n{wrong}", encoding="utf-8")
    monkeypatch.setattr("tests.words.compiled.WORDS", tmp_path)
    with pytest.raises(ValueError, match=why):
        read("vi")


@walked("call", calls, ids=lambda call: f"{call.key} {call.where}", at_least=750)
def test_what_is_asked_for_is_there_and_is_given_what_stands_in_it(call: Call) -> None:
    assert call.values in (None, holes(SENTENCES[call.key][0]) | holes(SENTENCES.get(call.fix, ("",))[0]))


@cache
def labels() -> set[str]:
    """Returns the labels of columns in the answers of commands."""
    rooms = set(ROOMS) - {"demo"}  # whose columns are those of its own table
    return {
        word.partition("|")[0].partition(":")[0]
        for node in chain.from_iterable(nodes for room in rooms for _, nodes in parsed(room))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Column", "columns"}
        for part in (node.args[:1] if node.func.id == "Column" else node.args)
        if isinstance(part, ast.Constant)
        for word in str(part.value).split()
    }


def test_what_is_called_by_a_label_has_one() -> None:
    assert sorted(label for label in labels() if f"label.{label}" not in SENTENCES) == []


RULES_MADE: Final = ("_must_offer_online", "_not_for_act", "_not_integer", "_required", "_unknown_field")
"""The endings of rules whose beginning is the name of the checked part."""


@walked("rule", MISTAKES, at_least=200)
def test_a_mistake_says_what_is_wrong_and_what_to_do(rule: str) -> None:
    assert len({*SENTENCES[MISTAKES[rule]], *SENTENCES[f"{MISTAKES[rule]}.fix"]}) == 4
    assert rule in written() or any(rule.endswith(end) and end in written() for end in RULES_MADE)


def test_a_rule_has_one_pair_of_sentences() -> None:
    assert 2 * len(MISTAKES) == len([key for key in SENTENCES if key.startswith("mistake.")])


ELSEWHERE: Final = {
    "activities/partners/postal.py": "the sender that stands on a parcel",
    "demo/": "the stories, and what the demo says of itself",
    "deploy/commands/dev.py": "the name of nobody",
    "motcua/json_schema/common_fields.py": "descriptions of fields, in English with the name of the money",
    "motcua/testing.py": "an applicant for tests",
    "rules/amounts.py": "numbers in Vietnamese words",
    "rules/papers/result.py": "names for a paper as long as can be",
    "rules/papers/samples.py": "names for a paper as long as can be",
    "rules/papers/sheets/law.py": "the kinds of legal texts",
    "rules/papers/sheets/made.py": "the names of provinces",
    "publishing/drafting/": "what is read in a published table",
    "publishing/checks/prose_patterns.py": "what is looked for in what people write",
    "sandbox/": "what a bank and a post would say",
    "schemas/privacy.py": "what the log holds of an erased filing",
    "schemas/publishing/events.py": "descriptions of fields, in English with the name of the fee",
    "schemas/publishing/fee.py": "descriptions of fields, in English with the name of the money",
    "schemas/publishing/time_limits.py": "which article says it",
}
"""The files with Vietnamese text beside their code, and the purpose of the text."""
OF_CODES: Final = re.compile("đ", re.IGNORECASE)
"""The letter đ alone marks no Vietnamese text: dossier codes and numbers of decrees contain it too."""


def constants(node: ast.AST) -> list[str]:
    """Returns the strings in a syntax tree, without the docstrings of modules, classes, functions and fields."""
    described = {inner.value for inner in ast.walk(node) if isinstance(inner, ast.Expr)}
    every = (inner for inner in ast.walk(node) if isinstance(inner, ast.Constant) and inner not in described)
    return [inner.value for inner in every if isinstance(inner.value, str)]


def sentences(file: Path) -> list[str]:
    """Returns the sentences for people in a file: Vietnamese strings, and arguments named after a language."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    arguments = [one for one in ast.walk(tree) if isinstance(one, ast.keyword) and one.arg]
    languages = [one.value for one in arguments if str(one.arg).rpartition("_")[2] in LANGUAGES]
    parts = [value.values if isinstance(value, ast.JoinedStr) else [value] for value in languages]
    literal = [one.value for one in chain(*parts) if isinstance(one, ast.Constant)]
    return [
        *(text for text in constants(tree) if ACCENTED.search(OF_CODES.sub("", text))),
        *(text for text in literal if isinstance(text, str) and re.search(r"[^\W\d_]", text)),
    ]


def test_every_sentence_stands_in_the_catalogue_and_is_said() -> None:
    files = [str(file.relative_to(ROOT)) for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    found = {file for file in files if sentences(ROOT / file)} - {"schemas/words/catalogue.py"}
    assert sorted(file for file in found if not file.startswith(tuple(ELSEWHERE))) == []
    assert [place for place in ELSEWHERE if not any(file.startswith(place) for file in found)] == []
    used = written() | {f"label.{name}" for name in labels()}
    assert [key for key in SENTENCES if key.removesuffix(".fix") not in used and not key.startswith(MADE)] == []


QUOTED: Final = (
    "05 ngày làm việc, 8 giờ làm việc, 10 ngày, ngay trong ngày",
    "toàn trình, một phần, cung cấp thông tin",
    "8.000 đồng/bản",
    "`giờ làm việc`",
    "“cung cấp thông tin”",
    "Không;",
    "đồng",
    "} đ ",
)
"""Vietnamese text that English sentences may quote: units of money, and contents of a table's cells."""
PLAIN: Final = re.compile(r"\{[^}]*\}|`[^`]*`|\b(Python|PostgreSQL|Temporal|MOTCUA_\w+|docs/[\w.]+|s|sai|xem)\b")
"""Text in Vietnamese sentences that has no accents: placeholders, commands, names, `s` for seconds, some words."""


@walked("key", SENTENCES, at_least=1400)
def test_both_say_the_same_each_in_its_own_language(key: str) -> None:
    vi, en = SENTENCES[key]
    assert holes(vi) == holes(en)
    assert not ACCENTED.search(re.sub("|".join(QUOTED), "", en))
    words = PLAIN.sub("", vi)
    assert ACCENTED.search(words) or not re.search(r"[a-z]", words)


def one_words() -> list[tuple[str, str]]:
    """Returns two patterns for each row of CONTRIBUTING.md's word list: of the right words and of the wrong ones.

    The first letter of a right word may be upper or lower case.
    """
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("| One word | For | Never |\n")[2]
    rows = [row.split("|") for row in table.partition("\n\n")[0].splitlines()[1:]]
    found = [(re.findall("`(.+?)`", right), re.findall("`(.+?)`", wrong)) for _, right, _, wrong, _ in rows]
    return [("|".join(f"(?i:{word[0]}){word[1:]}" for word in right), "|".join(wrong)) for right, wrong in found]


def vietnamese(part: object, place: str) -> Iterator[tuple[str, str]]:
    """Yields the Vietnamese texts of a procedure file, each with its place."""
    match part:
        case dict():
            for key, value in part.items():
                yield from [(place, value)] if key == "vi" else vietnamese(value, f"{place} {key}")
        case list():
            for n, value in enumerate(part):
                yield from vietnamese(value, f"{place} {n}")


def said_to_people() -> dict[str, str]:
    """Returns every Vietnamese sentence of the catalogue of words and of the procedures, by its key or place."""
    files = (ROOT / "procedures").rglob("*.yaml")
    texts = chain.from_iterable(vietnamese(yaml.safe_load(file.read_bytes()), file.name) for file in files)
    return dict(texts) | {key: vi for key, (vi, _) in SENTENCES.items()}


SAID: Final = said_to_people()


@walked(("right", "wrong"), one_words(), at_least=20)
def test_a_thing_has_one_word_in_vietnamese(right: str, wrong: str) -> None:
    others = re.compile(rf"(?i)\b(?:{wrong})\b")
    rest = {key: re.sub(right, "", vi) for key, vi in SAID.items()}
    assert {key: found[0] for key, vi in rest.items() if (found := others.search(vi))} == {}


def test_what_stands_in_it_is_said_in_its_language_too() -> None:
    assert said("time.dates_after", amount=Text(vi="5 ngày", en="5 days"), day="2026-03-02") == Text(
        vi="Sau 5 ngày là 2026-03-02.", en="5 days after it: 2026-03-02."
    )
    assert [said(f"weekday.{n}").vi for n in range(7)][::6] == ["thứ Hai", "Chủ nhật"]
    with pytest.raises(KeyError):
        said("time.dates_after")


def test_several_are_joined_and_none_is_a_dash() -> None:
    assert joined([Text(vi="một", en="one"), Text(vi="hai", en="two")]) == Text(vi="một, hai", en="one, two")
    assert joined([]) == Text(vi="-", en="-")


CODES = {str(code) for kind in (Role, Stage, Act, Channel, Unit) for code in kind} | {*PUBLIC_KINDS, *SYSTEM_KINDS}


def refusals() -> Iterator[str]:
    for place in situations():
        for role in Role:
            for kind in PUBLIC_KINDS:
                why = check(place.story.filing, kind, place.actor(role), place.story.now)
                if why is not None:
                    yield why.message.vi


def test_no_code_stands_in_a_vietnamese_sentence() -> None:
    refused = set(refusals())
    assert len(refused) > 30
    found = {sentence: CODES & set(re.findall(r"[a-z_]+", sentence)) for sentence in refused}
    assert {sentence: codes for sentence, codes in found.items() if codes} == {}


@pytest.mark.parametrize(
    ("text", "limit", "vi", "en"),
    [
        ("5 ngày làm việc", "5 working days", "5 ngày làm việc", "5 working days"),
        ("1 giờ làm việc", "1 working hours", "1 giờ làm việc", "1 working hour"),
        ("30 ngày", "30 calendar days", "30 ngày", "30 calendar days"),
    ],
)
def test_a_limit_is_written_in_either_language(text: str, limit: str, vi: str, en: str) -> None:
    read = Limit.model_validate(text)
    assert (str(read), read.words) == (limit, Text(vi=vi, en=en))
