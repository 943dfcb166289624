"""The tests that are too long for `make test`; for each file, in a few words, the proof that no short test gives.

Under a file, a line `only` names its long tests, or a line `but` its short tests, each by first words that no other
test of the file begins with. A file without such a line has only long tests.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple


class Long(NamedTuple):
    """The long tests of a file, and the proof that they give; `only` and `but` have the beginnings of test names."""

    proves: str
    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    def has(self, function: str) -> bool:
        """Returns True if a test of the file is long."""
        return named(function, self.only) if self.only else not named(function, self.but)


def named(function: str, begins: Iterable[str]) -> bool:
    """Returns True if the name of a test begins with any of these words."""
    return any(f"{function}_".startswith(f"test_{one}_") for one in begins)


ROOMS: Final[Mapping[str, tuple[str, ...]]] = {
    "unit": ("rules", "schemas", "motcua", "activities", "workflows", "views", "verifier"),
    "replay": ("workflows", "rules", "schemas"),
    "workflow": ("rules", "schemas", "activities", "workflows", "workers"),
    "time": ("rules/time", "rules/filing", "workflows"),
    "matrix": ("rules/payment", "rules/refund", "activities/partners", "gateway", "workflows"),
    "faults": ("activities", "workflows", "workers", "recovery", "gateway"),
    "integration/deploy": ("deploy", "demo", "sandbox", "benchmarks", "motcua", "schemas"),
    "integration/erasure": ("operations/erasure", "activities/keys"),
    "integration/files": ("activities/files",),
    "integration/gateway": ("gateway", "activities/partners", "rules/payment"),
    "integration/kit": ("motcua", "workers", "schemas"),
    "integration/operations": ("operations", "recovery", "publishing"),
    "integration/papers": (
        "rules/papers",
        "activities/printing",
        "activities/receipts.py",
        "activities/partners/receipts.py",
    ),
    "integration/proof": ("rules/proof", "activities/checkpoints", "verifier", "operations/commands/ledger/witness.py"),
    "integration/record": ("activities/ledger", "views", "rules/streams.py", "verifier"),
    "integration/signature": ("activities/signature", "activities/results"),
}
"""The rooms under test, by folder: after a change in one of them, the folder's long tests run again."""
_LIST: Final = """
faults/erasures/test_some.py: erasures of whole stories while parts are killed
faults/test_builds.py: builds with other flows, of before a migration, and that nobody runs any more
  but filings_go what_was_begun
faults/test_database_restart.py: a database that stays away
faults/test_failpoints.py: workers that die between commit and answer, one point each
  but a_command_committed a_command_that
faults/test_gateway.py: Temporal away, two gateways, repeats by the bank
  but a_gateway_that_dies_before a_gateway_that_is copies_through
faults/test_healing.py: two minutes of real healing, by processes
faults/test_idle_connections.py: ten thousand idle connections to a door, and a minute until they are cut
faults/test_kept_messages.py: fifty filings in an outage, two doors killed
faults/test_looks.py: a look into a history that has just become long
faults/test_master_key.py: another master key under running filings, its command killed
faults/test_older_epochs.py: a Temporal of before filings were started again
faults/test_passing_on.py: a filing passed on at every stage while workers die
faults/test_reception.py: worker, scanner and store killed under files
  but a_store_that
faults/test_relay.py: a relay killed at each step of a paper
faults/test_repeats.py: repeats to a later worker, with keys and roles that have ended
faults/test_restart.py: each kind of stream lost at each of its steps
faults/test_restore_drill.py: a drill by a real backup of pgBackRest, and that it reaches nobody
faults/test_restored_backup.py: the runbook of a restored backup, step by step
faults/test_silence.py: dozens of races at the due instant
  but silence_or
faults/test_stalled.py: filings that a bug holds up
faults/test_streams.py: a worker killed in the middle of each kind of stream
faults/test_timers.py: a timer that fires while its worker is dead and a look is taken
faults/test_total_loss.py: a demo whose Temporal comes back older
integration/deploy/test_benchmark.py: that each benchmark runs and measures what it names
  but cpu_is_compared what_a_guess what_does
integration/deploy/test_demo_fits.py: every message of a whole demo against the published schemas
integration/deploy/test_sandbox.py: sandboxes killed and started again, each wire's slow and repeated calls
  only a_refund_whose callbacks_come no_acknowledged
integration/deploy/test_stack.py: parts killed one by one, a supervisor that dies, and demos with each expectation wrong
  but a_mix_holds a_part_that_never a_recorded filings_that up_returns up_serves what_runs
integration/erasure/test_failing.py: requests that fail beside others that must not wait
  but one_that_cant
integration/files/test_children.py: children that hang, die or eat memory
  only a_cancelled a_child_that_hangs a_killed_child closing_ends memory_and
integration/files/test_overwriting.py: the refusal by each process
  only no_process
integration/files/test_preview.py: pictures of every kind of page, and the commands over every kind of file
  but no_page_is what_cant
integration/gateway/test_callbacks.py: every provider's callback, one by one, and the doctor's words on those left
  only a_missing each_ipn_gets the_doctor_asks the_doctor_counts the_doctor_names
integration/gateway/test_browser.py: the API's document in a real browser
  but the_page_needs
integration/gateway/test_driving.py: callbacks before their payment, and requests asked for anew, over two providers
  only several_relays only_whose a_provider a_signed a_fee_is who_asks another_transaction money_that_is_taken
integration/gateway/test_first_hour.py: the page of the first hour, done by curl
integration/gateway/test_foreign_rows.py: every question by eight askers, without a check of ours
integration/gateway/test_permissions.py: each operation by every role, over HTTP, in eighty stories of the demo
integration/gateway/test_specification.py: the values at each limit of some operations' fields
  only values_at
integration/gateway/test_suspense.py: each act on money in suspense, by the command
  only a_transfer
integration/kit/test_attaching.py: uploads that are killed, at once, or without room
  but a_file_that a_paper_gets references_are what_can_not
integration/kit/test_back_office.py: a back office that is down, slow, wrong or old
integration/kit/test_client.py: outages, waits and both kinds of client, example by example
  only a_call_waits a_filing_whose an_example following_survives
integration/kit/test_command.py: what each command prints, by real processes, and the wheel in an environment of its own
  but a_temporal schemas_that the_readme_works other_refusals
integration/kit/test_plain_client.py: the page's program as it stands, in its own environment
  but both_codecs the_codec the_page_names the_worked
integration/operations/test_board.py: the board on a terminal, and through an outage
  only it_outlives the_board what_stands
integration/operations/test_doctor.py: each complaint of the doctor in a world broken for it
  but a_server_that a_stack_that a_virus_scanner what_does with_nothing without_workers
integration/operations/test_erasure.py: erasures killed anywhere, by law, and beside work
  but a_table_that
integration/operations/test_machine_work.py: machine work that comes to nothing, seen in three places
  but work_that
integration/operations/test_operations.py: docs/operations.md, done by hand, and what a whole stack serves to Prometheus
  but the_page_names
integration/operations/test_papers_commands.py: slip, register, forms and templates by the command
integration/operations/test_platform_commands.py: workers and commands as processes, and fees over what is published
  but events_are migrate_makes
integration/operations/test_principals.py: each change of the register, by one and by two
  only a_key_is_known the_commands without_the
integration/operations/test_publications.py: each row that somebody changes behind the stream
  but the_publisher
integration/operations/test_publish.py: publishing one rule each, and the changes in open filings
  only a_day_off a_procedure only_what a_provinces the_command_refuses the_commands what_is_published
  only what_was_published_stays
integration/operations/test_reconcile.py: each act that nobody ordered, and each state in which a refund waits
  but a_line_that a_statement
integration/operations/test_registered.py: each column of the register changed behind it
integration/operations/test_result_register.py: commands of results, and verdicts years later, by register or without
  but what_is_not
integration/operations/test_store.py: stores that miss, damage or hide files, and a sweep that is killed
  only a_filing_without a_killed_sweep files_of_a
integration/operations/test_support_bundle.py: that a support bundle names no person and no secret
integration/operations/test_tills.py: tills by the command, and what they come to
  only cash_needs what_is_recorded
integration/operations/test_traces.py: a trace over all processes and over a restart, and strangers in it
  but a_filing_is_one
integration/papers/test_money_receipts.py: receipts while their service is away, lost or void
  but a_missing without_a
integration/papers/test_relay.py: each paper by a real relay, refused, repeated, at once, sealed, and verified
  but a_seal_whose what_passes
integration/papers/test_void_by_itself.py: receipts that become void by themselves, case by case
integration/proof/test_commands.py: checkpoints by a schedule
  but what_is_not what_the_doctor
integration/proof/test_making.py: every reason to make no checkpoint, and time-stamps of checkpoints that are not theirs
  only a_stamp_tells a_wrong_one by_the_command clocks_may those_of_an witnesses_cosign
integration/proof/test_verifying.py: every row changed by a superuser, against checkpoints
  only a_record_without
integration/record/test_absence.py: the commands of absences, by real processes
  only all_tasks
integration/record/test_access.py: each question under a guard
integration/record/test_bundle.py: every byte of a bundle changed
  but what_an_export
integration/record/test_changes.py: waits for changes that end badly, and hundreds that wait at once
  but an_error_of an_error_reaches changes_wait who_is_cancelled
integration/record/test_codec_keys.py: workers that lack a key, streams that can't be opened, each state of the codec
  but keys_are_listed no_ring_is what_runs what_was_heard who_seals
integration/record/test_making_way.py: demos whose runs make way early
integration/record/test_ledger.py: a demo's record changed in every column, and bindings behind their events
  only a_restart an_append what_an_event while_a_filing
integration/record/test_ledger_verifier.py: the verifier as processes side by side with appends
  only a_number_in it_runs_in side_by_side
integration/record/test_master_keys.py: rotations that fail half-way
  only what_another
integration/record/test_passing_on.py: streams of every kind that a closed agency leaves to its successor
  only officers_of
integration/record/test_plans.py: plans at 300,000 filings
integration/record/test_rebuild.py: rebuilds while work goes on, and row by row
  but a_stream_goes a_stream_is those_on_another what_is_rebuilt what_it_needs
integration/record/test_tamperings.py: four score tamperings beside the log, each found as the page says
  only each_tampering
integration/record/test_views.py: each view of each audience, through the kit, and pages of lists while they grow
  but a_stream_of nothing_of open_filings pages_of_tasks the_filings_of_a_person_through
integration/signature/test_attacks.py: the corpus of attacks, other programs' verdicts, certificates that do not count
  but two_signers who_names
integration/signature/test_check.py: each way in which a signature is wrong, and officers' signatures, field by field
  only a_certificate a_form_changed a_signed_form revoked_after who_does_not
integration/signature/test_described.py: metadata changed by each tool, signed filings, and authorities that are silent
  but what_was_put
integration/signature/test_sandbox_trust.py: the sandbox trust killed, and each of its answers
  but a_key_stands no_signer
integration/signature/test_submitted.py: each signature that is not a submission's
  but a_detached a_form_of roots_that what_the_check
integration/signature/test_verified.py: issued files altered in every way
  only a_changed_byte a_changed_signature a_changing_revision a_file_that a_kept_verdict a_signature a_whole_file
  only renewed_in revoked_before the_seal_of what_is_broken when_the_last without_answers
matrix/test_matrix.py: orders and variants of money, through five processes
  only a_few_orders
replay/test_eviction.py: each history evicted without the collector
  only what_is_evicted
time/test_late.py: money, parcels and a post that are late by up to six months, on virtual time
time/test_received.py: a supplement of the last minute, on virtual time
unit/files/test_inspection.py: each file of a corpus, judged in a child
  only each_file
unit/forms/test_sheet.py: each form of the catalogue filled in and printed
  only every_form the_same_form
unit/papers/test_dates.py: each date that any life gives, on paper
  only each_new_date
unit/papers/test_hands.py: whose hands a filing is in, over any life
  only somebody_has
unit/papers/test_papers.py: the same bytes of each paper in a process of its own, and papers measured
  only both_sides the_same_paper
unit/papers/test_templates.py: every fault of every template, printed
  only a_broken_template_is a_broken_template_of a_template_without every_fault the_standard
unit/publishing/test_prose.py: each placeholder of the catalogue written out
  only the_time_that what_fills
unit/publishing/test_provinces.py: workbooks and tables, row by row, as drafts
  only a_workbook people_are
unit/stream/test_every_event.py: that no function that takes events is left out of the walk
  only whatever_takes
unit/time/test_working_time.py: that due dates are measured
  only it_says_how
unit/verifier/test_hostile.py: each value of a bundle as each wrong type
  only no_value
workflow/orders/test_files.py: rogue runs that ask about files
workflow/orders/test_lives.py: each life that is refused an act for good
workflow/orders/test_rogue_runs.py: rogue runs that order every activity, with old requests too, and results
workflow/orders/test_under_way.py: acts under way that are reset, restarted and moved, and signatures nobody ordered
workflow/test_answered.py: a stranger answers each activity on a real queue
workflow/test_bad_input.py: each wrong input by a real Update
  only a_start_that a_submission an_unknown_field an_update_that
workflow/test_branches.py: obligations lost, sealed codes, complaints, parts of a back office, forged payments
  but a_ministry a_payment_that_is a_payment_that_no a_wrong_code after_a_withdrawal rejected_by where_the whoever_pays
workflow/test_given_once.py: refunds whose call goes wrong at midnight, or that somebody else asks for
workflow/test_healing.py: minutes of healing, what must not heal, workers by each setting, and a slow store
  but a_reason_is after_a_minute another_workflow of_a_failure one_that_was_ended the_looks what_was_told
workflow/test_key_ring.py: keys that come and go under running filings, and sealed filings of each kind
  but the_kit_without
workflow/test_lied_to.py: a lie about the first start of each kind of stream, and runs that nobody can see
  only a_stream_that_was_ordered a_run_that_waits
workflow/test_locked.py: each forgery against each door, by brute force, and forged looks and complaints
  but a_process nobody_learns who_files
workflow/test_overtaken.py: runs that lose their stream in every way
  but a_run_that once_the_newer
workflow/test_parts.py: a fee that is transferred in parts, by the books of a bank
workflow/test_past_the_door.py: what goes past the Updates to each activity
  only nobody_reads
workflow/test_provinces.py: provinces side by side over their versions, and other rules than those pinned
  only both_borders by_post_the the_name_of under_other
workflow/test_read_again.py: a lie about every kind of reading, not of the fee's alone
  but every_reading money_collected
workflow/test_reception.py: files whose look takes long, fails or comes late
  only a_filing_ends a_submission what_a_complaint what_came
workflow/test_refunds.py: refunds of a filing that begins again, late money, and a fee that the postman collects
  but one_alone_gives there_is_nothing
workflow/test_signing.py: printed results, signatures by substitutes, and those that can't be had for minutes
"""


def _listed(block: str) -> tuple[str, Long]:
    """Returns the name of a file, and its long tests."""
    first, *rest = block.splitlines()
    file, _, proves = first.partition(": ")
    lines = [line.split() for line in rest]
    only, but = (tuple(one for word, *ones in lines if word == kind for one in ones) for kind in ("only", "but"))
    return file, Long(proves, only, but)


LONG: Final[Mapping[str, Long]] = dict(map(_listed, re.split(r"\n(?! )", _LIST.strip())))
