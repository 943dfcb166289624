"""The questions on the integrators' pages, and the names in the programs there, agree with the contract.

The program in Python is run unchanged (tests/integration/kit/test_plain_client.py); the one in TypeScript is read here,
without Node.js, and run by hand (tests/typescript.py).
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, get_args

from pydantic import BaseModel

from schemas.base import Text
from schemas.complaint.state import ComplaintState
from schemas.errors import Problem, Refusal
from schemas.files import file_key
from schemas.filing.commands import PUBLIC_COMMANDS, RESERVED_IDS, Command
from schemas.filing.state import FilingPart, FilingView, Pause, ResultView, Task
from schemas.filing.submission import Submission
from schemas.ids import NAMESPACE, TASK_QUEUE, filing_id
from schemas.papers.state import PaperKind
from schemas.payment.state import PaymentView
from schemas.people import Role
from schemas.publishing.calendar import Timeliness
from schemas.reading import Audience, Changes, Question
from schemas.stream.ledger import About, Receipt
from tests.conftest import ROOT
from tests.walking import walked

PAGE: Final = (ROOT / "docs" / "integrators.md").read_text(encoding="utf-8")
PROGRAM: Final = re.findall(
    r"^```typescript\n(.*?)^```$",
    (ROOT / "docs" / "integrators-typescript.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)[0]
QUESTIONS: Final = {model.model_fields["ask"].default: model for model in get_args(Question)}
COMMANDS: Final = {model.model_fields["kind"].default: model for model in PUBLIC_COMMANDS}
BESIDE: Final[dict[str, tuple[Any, ...]]] = {
    "filing": (Task, FilingPart),
    "clocks": (Pause, Timeliness),
    "timeline": (Audience,),
    "complaints": (ComplaintState,),
    "papers": (PaperKind, About),
    "agency": (Text,),
}
"""The types whose words an answer's description may use, beside those of the answer's own model."""
READ: Final[dict[str, type[BaseModel]]] = {
    "receipt": Receipt,
    "view": FilingView,
    "changes": Changes,
    "result": ResultView,
    "payment": PaymentView,
    "refusal": Refusal,
    "problem": Problem,
}
"""The model of each variable of the TypeScript program."""


def words(of: Any) -> set[str]:
    """Returns the fields of a model, or the values of an enum."""
    return set(of.model_fields) if issubclass(of, BaseModel) else set(of)


def models(question: type[Question]) -> tuple[Any, ...]:
    """Returns the models of a question's answer: of a list's entries, or of a page and of its rows."""
    answer: Any = question.answer
    row = next(iter(get_args(answer)), answer)
    return (row, *row.__pydantic_generic_metadata__["args"])


def plain(cell: str) -> set[str]:
    """Returns the words of the contract in a cell of the table, without examples."""
    return set(re.findall(r"`([a-z_][a-z_0-9]*)`", cell))


def questions() -> dict[str, tuple[str, str]]:
    """Returns for each question on the page its own fields and its answer.

    A row without a name continues the row before.
    """
    table = PAGE.split("\n## Questions\n")[1].split("\n\n")[1]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    listed: dict[str, tuple[str, str]] = {}
    for name, fields, answer in rows:
        if name:
            listed[last := name.strip("`")] = (fields, answer)
        else:
            listed[last] = (f"{listed[last][0]} {fields}", f"{listed[last][1]} {answer}")
    return listed


def test_the_page_names_every_question() -> None:
    assert set(questions()) == set(QUESTIONS) >= set(BESIDE)


@walked("name", QUESTIONS, at_least=20)
def test_the_page_names_the_fields_of_a_question_with_what_is_meant_without_them(name: str) -> None:
    fields, _ = questions()[name]
    model = QUESTIONS[name]
    assert plain(re.sub(r"\(.*?\)", "", fields)) == set(model.model_fields) - {"ask", "statement", "reason"}
    for field, said in re.findall(r"`([a-z_0-9]+)` \(`?(\w+)`?\)", fields):
        default = model.model_fields[field].default
        assert ("null" if default is None else str(default).removesuffix(".0")) == said


@walked("name", QUESTIONS, at_least=20)
def test_the_page_describes_an_answer_in_the_words_of_the_contract(name: str) -> None:
    _, answer = questions()[name]
    known = set[str]().union(
        *map(words, (*models(QUESTIONS[name]), *BESIDE.get(name, ()))), QUESTIONS[name].model_fields
    )
    assert plain(answer) - known - {"vi", "en"} == set()


def test_the_page_leaves_out_nothing_that_is_shown_of_a_filing() -> None:
    assert set(FilingView.model_fields) - plain(questions()["filing"][1]) == set()


def test_the_page_names_the_ids_that_are_the_systems_own() -> None:
    (row,) = re.findall(r"^\| `command_id` \| (.*?) \|$", PAGE, re.MULTILINE)
    assert re.findall(r"`([a-z]+:)`", row) == list(RESERVED_IDS)


# The program in TypeScript.

DIGEST: Final = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


def literal(name: str) -> Any:
    """Returns the value of an object literal in the program, as JSON."""
    (text,) = re.findall(rf"^const {name} = (\{{.*?\}});$", PROGRAM, re.MULTILINE | re.DOTALL)
    for other, value in re.findall(r"^const ([A-Z]+) = (\{.*?\}|'[^']*');$", PROGRAM, re.MULTILINE):
        text = re.sub(rf"\b{other}\b", value, text)
    (ids,) = re.findall(r"^const FILING = streamOf\('([^']*)', '([^']*)'\)", PROGRAM, re.MULTILINE)
    for computed, value in {
        "`": "'",
        "${FILING}": str(filing_id(*ids)),
        "${DIGEST}": DIGEST,
        "DIGEST": f"'{DIGEST}'",
        "PAPER.length": "1",
    }.items():
        text = text.replace(computed, value)
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", re.sub(r"\b(\w+):(?= )", r'"\1":', text).replace("'", '"')))


def named(pairs: str) -> set[str]:
    """Returns the keys of an object in the program, written as `a: 1, b`."""
    return {pair.split(":")[0].strip() for pair in pairs.split(",") if pair.strip()} - {"...fields"}


def required(model: type[BaseModel]) -> set[str]:
    return {name for name, field in model.model_fields.items() if field.is_required()}


def program_questions() -> Iterator[tuple[str, set[str]]]:
    """Yields the questions in the program, each with the fields that the program passes."""
    for name, rest in re.findall(r"\{ ask: '(\w+)'(.*?) \}", PROGRAM):
        yield (
            name,
            named(rest.replace("...file", "sha256, size, media_type").replace("...ids", "client_id, submission_id")),
        )


def test_what_the_program_files_and_asks_is_as_it_stands() -> None:
    submission = Submission.model_validate(literal("SUBMISSION"), extra="forbid")
    [paper] = submission.papers
    assert paper.file is not None
    assert paper.file.key == file_key(filing_id(submission.client_id, submission.submission_id), DIGEST)
    assert {name for name, _ in program_questions()} == {
        "receipt",
        "changes",
        "result",
        "filings",
        "file",
        "upload",
        "payment",
    }
    for name, fields in program_questions():
        assert required(QUESTIONS[name]) <= fields <= set(QUESTIONS[name].model_fields)


def test_what_the_program_commands_there_is() -> None:
    given = re.findall(r"await act\(stream, '(\w+)', '(\w+)', \{(.*?)\}\)", PROGRAM)
    assert [(update, role) for update, role, _ in given] == [
        ("accept", "reception"),
        ("claim", "specialist"),
        ("propose", "specialist"),
        ("claim", "leader"),
        ("decide", "leader"),
        ("hand_over", "handover"),
    ]
    for update, role, fields in given:
        model = COMMANDS[update]
        assert required(model) - set(Command.model_fields) <= named(fields) <= set(model.model_fields)
        assert role in set(Role)
    (common,) = re.findall(r"const command = \{(.*?)\};", PROGRAM)
    assert named(common) == required(Command) - {"kind"}
    assert re.findall(r"executeUpdateWithStart<.*?>\('(\w+)'", PROGRAM) == ["submit"]


def test_what_the_program_reads_is_written() -> None:
    found = re.findall(rf"(?<!')\b({'|'.join(READ)})((?:\.\w+)+)", PROGRAM)
    assert {name for name, _ in found} == set(READ)
    for name, path in found:
        model: Any = READ[name]
        for step in path.strip(".").split("."):
            assert step in model.model_fields, f"{name}{path}"
            model = model.model_fields[step].annotation
            if get_args(model):  # a list of them, or nothing
                break


def test_the_program_goes_by_the_names_of_the_platform() -> None:
    assert set(re.findall(r"taskQueue: '([^']*)'", PROGRAM)) == {TASK_QUEUE}
    assert f"const NAMESPACE = '{NAMESPACE}';" in PROGRAM
    assert set(re.findall(r"(?:WithStartWorkflowOperation|workflow\.execute)\('(\w+)'", PROGRAM)) == {"Filing", "View"}
