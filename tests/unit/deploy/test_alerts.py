"""Each alert fires on its fault, not before; it has a summary and a runbook; promtool accepts each expression."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml

from console.processes import PROCESSES
from tests.conftest import ROOT
from tests.programs import program

MONITORING: Final = ROOT / "deploy" / "monitoring"
RULES: Final = yaml.safe_load((MONITORING / "alerts.yaml").read_text("utf-8"))["groups"][0]["rules"]
PAGE: Final = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")


class Case(NamedTuple):
    """An alert, with series on which it fires after `minutes`, and with others on which it does not.

    Series are in promtool's notation, a value each 15 s: `0+1x40` rises by one at each value; `_x40 1x8` has no value
    for ten minutes, then the value one.
    """

    alert: str
    minutes: int
    fires: dict[str, str]
    quiet: dict[str, str]
    labels: dict[str, str]
    summary: str


def slow(name: str, labels: str, milliseconds: int) -> dict[str, str]:
    """Returns the series of a histogram in which every observation lasted this long."""
    bounds = (100, 1000, 10_000, 50_000)
    above = {f'{name}_bucket{{{labels}le="{one}"}}': f"0+{1 if milliseconds <= one else 0}x120" for one in bounds}
    return above | {f'{name}_bucket{{{labels}le="+Inf"}}': "0+1x120"}


WORKER: Final = 'job="motcua-worker",instance="a:1"'
FAILED: Final = 'temporal_workflow_task_execution_failed{workflow_type="Filing",failure_reason="WorkflowError"}'
APPEND: Final = f'temporal_local_activity_execution_failed{{activity_type="ledger.append",{WORKER}}}'
POLL: Final = f'temporal_long_request_failure{{operation="Poll",status_code="%s",{WORKER}}}'
WAITS: Final = "temporal_%s_schedule_to_start_latency"
REFUSED: Final = 'motcua_ledger_refusals_total{kind="filing",code="%s"}'
UNFOUNDED: Final = 'motcua_answers_unfounded_total{activity="payment.money",reason="failed"}'
DROPPED: Final = 'motcua_signals_dropped_total{signal="noticed"}'
CALLBACKS: Final = 'motcua_gateway_callbacks_total{provider="vnpay",verdict="%s"}'
OLDEST: Final = 'motcua_queue_oldest_seconds{queue="%s"}'
LOST: Final = 'motcua_ledger_conflicts_total{kind="filing"}'
TAKEN: Final = 'motcua_taken_over_total{kind="filing"}'
CASES: Final = (
    Case(
        "NoProcess", 2, {f"up{{{WORKER}}}": "0x40", 'up{job="motcua-worker",instance="b:1"}': "0x40"},
        {f"up{{{WORKER}}}": "0x40", 'up{job="motcua-worker",instance="b:1"}': "1x40"}, {"job": "motcua-worker"},
        "No motcua-worker answers: its work waits.",
    ),
    Case(
        "ProcessDown", 6, {f"up{{{WORKER}}}": "0x40"}, {f"up{{{WORKER}}}": "0x10 1x40"},
        {"job": "motcua-worker", "instance": "a:1"}, "motcua-worker at a:1 has not answered for five minutes.",
    ),
    Case(
        "RecordAway", 2, {"motcua_record_answers": "0x40"},
        {'motcua_record_answers{instance="a"}': "0x40", 'motcua_record_answers{instance="b"}': "1x40"}, {},
        "No relay reaches PostgreSQL: nothing is recorded.",
    ),
    Case(
        "AppendsFail", 5, {APPEND: "0+3x40"}, {APPEND: "0x8 1x40"}, {"instance": "a:1"},
        "Appends of the worker at a:1 fail and are repeated: PostgreSQL does not take them.",
    ),
    Case(
        "AppendsSlow", 25, slow("motcua_ledger_append_milliseconds", "", 900),
        slow("motcua_ledger_append_milliseconds", "", 90), {},
        "One append in twenty takes more than 955 ms, where a few are usual.",
    ),
    Case(
        "TemporalAway", 6, {POLL % "TRANSPORT_ERROR": "0+1x40"}, {POLL % "CANCELLED": "0+1x40"},
        {"job": "motcua-worker", "instance": "a:1"}, "motcua-worker at a:1 does not reach Temporal: it gets no work.",
    ),
    Case(
        "WorkWaits", 25, slow(WAITS % "workflow_task", 'task_queue="motcua",', 20_000),
        slow(WAITS % "workflow_task", 'task_queue="motcua",', 900), {"task_queue": "motcua"},
        "Work on the queue motcua waits longer than five seconds for a worker.",
    ),
    Case(
        "WorkWaits", 25, slow(WAITS % "activity", 'task_queue="backoffice",', 20_000),
        slow(WAITS % "activity", 'task_queue="backoffice",', 900), {"task_queue": "backoffice"},
        "Work on the queue backoffice waits longer than five seconds for a worker.",
    ),
    Case(
        "WorkerFull", 11, {f'temporal_worker_task_slots_available{{worker_type="ActivityWorker",{WORKER}}}': "0x60"},
        {f'temporal_worker_task_slots_available{{worker_type="ActivityWorker",{WORKER}}}': "0x20 1x4 0x30"},
        {"worker_type": "ActivityWorker", "job": "motcua-worker", "instance": "a:1"},
        "The worker at a:1 has had no free place for ten minutes (ActivityWorker).",
    ),
    Case(
        "CodeFails", 11, {FAILED: "_x40 1x8"}, {FAILED: "1x60"},
        {"workflow_type": "Filing", "failure_reason": "WorkflowError"},
        "The code fails on a Filing (WorkflowError): it stands still.",
    ),
    Case(
        "CodeFails", 11, {FAILED: "3x40 4x8"}, {FAILED: "_x2 1x60"},
        {"workflow_type": "Filing", "failure_reason": "WorkflowError"},
        "The code fails on a Filing (WorkflowError): it stands still.",
    ),
    Case(
        "HealedMany", 60, {'motcua_healed_total{kind="filing"}': "0+1x240"},
        {'motcua_healed_total{kind="filing"}': "0x100 5x140"}, {},
        "240 workflows were started again within an hour, since they could not be replayed.",
    ),
    Case(
        "StreamsLost", 15, {LOST: "0x40 1x60", TAKEN: "0x100"}, {LOST: "0x40 1x60", TAKEN: "0x40 1x60"},
        {"kind": "filing"},
        "A filing lost its stream to another run or a changed record, and did not go on by itself.",
    ),
    Case(
        "Contradicted", 11, {REFUSED % "not_authorised": "_x40 21x8"}, {REFUSED % "not_authorised": "_x40 20x8"},
        {"kind": "filing", "code": "not_authorised"}, "The record contradicts appends of a filing (not_authorised).",
    ),
    Case(
        "Contradicted", 11, {REFUSED % "unfounded": "_x40 1x8"}, {REFUSED % "unfounded": "1x60"},
        {"kind": "filing", "code": "unfounded"}, "The record contradicts appends of a filing (unfounded).",
    ),
    Case(
        "AnswersUnfounded", 11, {UNFOUNDED: "_x40 21x8"}, {UNFOUNDED: "_x40 20x8"},
        {"activity": "payment.money", "reason": "failed"}, "payment.money gives no usable answers (failed).",
    ),
    Case(
        "SignalsDropped", 11, {DROPPED: "_x40 101x8"}, {DROPPED: "_x40 100x8"}, {"signal": "noticed"},
        "101 signals noticed led to nothing within ten minutes.",
    ),
    Case(
        "OrderWaits", 3, {OLDEST % "rows": "150x40"}, {OLDEST % "rows": "110x40"}, {"queue": "rows"},
        "rows have waited 2m 30s for their places: readers of the log see nothing new.",
    ),
    Case(
        "PapersWait", 3, {OLDEST % "papers": "4500x40"}, {OLDEST % "papers": "3600x40"}, {},
        "A paper has not been made for 1h 15m 0s.",
    ),
    Case(
        "PapersFail", 15, {'motcua_papers_total{outcome="failed"}': "0+1x60"},
        {'motcua_papers_total{outcome="failed"}': "5x60", 'motcua_papers_total{outcome="made"}': "0+9x60"}, {},
        "60 attempts to make papers failed within a quarter of an hour.",
    ),
    Case(
        "MoneyWaits", 3, {OLDEST % "callbacks": "360x40"}, {OLDEST % "callbacks": "290x40"}, {},
        "Money that came has not reached its payment for 6m 0s.",
    ),
    Case(
        "MoneyNotKept", 11, {CALLBACKS % "not_kept": "0x40 1x8"}, {CALLBACKS % "confirmed": "0x40 1x8"},
        {"provider": "vnpay"}, "Callbacks of vnpay could not be stored: it has to call again.",
    ),
    Case(
        "CallbacksForged", 10, {CALLBACKS % "bad_signature": "0+1x40"}, {CALLBACKS % "bad_signature": "0x38 4x8"},
        {"provider": "vnpay"}, "40 callbacks in the name of vnpay bore no valid signature.",
    ),
    Case(
        "SuspenseWaits", 3, {OLDEST % "suspense": "691200x40"}, {OLDEST % "suspense": "600000x40"}, {},
        "Money in suspense has waited 8d 0h 0m 0s for officers.",
    ),
)  # fmt: skip


def on(case: Case, series: dict[str, str], alerts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"eval_time": f"{case.minutes}m", "alertname": case.alert, "exp_alerts": alerts}],
    }


def promtool(*words: str | Path) -> None:
    done = subprocess.run((program("promtool"), *words), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_on_its_fault_and_not_before(tmp_path: Path) -> None:
    assert {case.alert for case in CASES} == {rule["alert"] for rule in RULES}
    rules = {rule["alert"]: rule for rule in RULES}
    tests = []
    for case in CASES:
        rule = rules[case.alert]
        annotations = {"summary": case.summary, "runbook_url": rule["annotations"]["runbook_url"]}
        fired = {"exp_labels": case.labels | rule["labels"], "exp_annotations": annotations}
        tests += [on(case, case.fires, [fired]), on(case, case.quiet, [])]
    told = {"rule_files": [str(MONITORING / "alerts.yaml")], "tests": tests}
    (file := tmp_path / "tests.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    promtool("test", "rules", file)


def test_each_alert_has_a_heading_of_the_page_with_its_remedy_and_the_page_no_other() -> None:
    headings = re.findall(r"^## (.+)\n\n(.+)", PAGE, re.MULTILINE)
    assert [heading for heading, _ in headings] == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook_url"] == f"docs/alerts.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"critical", "warning"}


def test_prometheus_takes_the_rules_and_finds_each_process_of_the_table() -> None:
    promtool("check", "config", MONITORING / "prometheus.yaml")
    jobs = yaml.safe_load((MONITORING / "prometheus.yaml").read_text("utf-8"))["scrape_configs"]
    told = {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}
    assert told == {f"motcua-{one.name}": [f"127.0.0.1:{one.ports[one.metrics]}"] for one in PROCESSES if one.metrics}


@pytest.mark.parametrize("panel", json.loads((MONITORING / "dashboard.json").read_text("utf-8"))["panels"])
def test_each_expression_of_the_dashboard_is_one(panel: dict[str, Any], tmp_path: Path) -> None:
    rules = [{"record": "panel:expr", "expr": target["expr"]} for target in panel.get("targets", ())]
    assert bool(rules) != (panel["type"] == "row")
    (file := tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "x", "rules": rules}]}), "utf-8")
    promtool("check", "rules", "--lint=none", file)
