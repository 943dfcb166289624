"""The tests that are too long for `make test`; for each file, in a few words, the proof that no short test gives.

Under a file, the lines of `only` name its long tests, or those of `but` its short ones; without any, all are long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple


class Long(NamedTuple):
    """The long tests of a file, and their proof."""

    proves: str
    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


ROOMS: Final[Mapping[str, tuple[str, ...]]] = {
    "unit": ("rules", "schemas", "motcua", "activities", "workflows", "views"),
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
    "integration/papers": ("rules/papers", "activities/printing", "activities/receipts"),
    "integration/proof": ("rules/proof", "activities/checkpoints", "verifier", "operations/witness"),
    "integration/record": ("activities/ledger", "views", "rules/streams.py", "verifier"),
    "integration/signature": ("activities/signature", "activities/results"),
}
"""The rooms under test, by folder: after a change in one of them, the folder's long tests run again."""

_LIST: Final = """
faults/erasures/test_some.py: erasures of whole stories while parts are killed
faults/test_builds.py: builds with other flows, and builds that nobody runs any more
  but test_filings_go_on_with_the_build_that_is_promoted_and_back
  but test_what_was_begun_before_there_were_builds_is_started_again
faults/test_database_restart.py: a database that stays away
faults/test_failpoints.py: workers that die between commit and answer, one point each
  but test_a_command_committed_by_a_worker_that_died_answers_with_its_first_receipt
  but test_a_command_that_the_engine_forgot_stands_in_the_log_before_the_next
faults/test_gateway.py: Temporal away, two gateways, repeats by the bank
  but test_a_gateway_that_dies_before_it_answers_is_called_again
  but test_a_gateway_that_is_told_to_stop_ends_by_itself
  but test_copies_through_two_gateways_are_one_row_one_event_and_one_receipt
faults/test_healing.py: two minutes of real healing, by processes
faults/test_looks.py: a look into a history that has just become long
faults/test_master_key.py: another master key under running filings, its command killed
faults/test_older_epochs.py: a Temporal of before filings were started again
faults/test_reception.py: worker, scanner and store killed under files
  but test_a_store_that_is_away_holds_a_submission_up_until_it_is_back
faults/test_relay.py: a relay killed at each step of a paper
faults/test_repeats.py: repeats to a later worker, with keys and roles that have ended
faults/test_restart.py: each kind of stream lost at each of its steps
faults/test_restored_backup.py: the runbook of a restored backup, step by step
faults/test_silence.py: dozens of races at the due instant
  but test_silence_or_the_officer_decides_never_both
faults/test_stalled.py: filings that a bug holds up
faults/test_streams.py: a worker killed in the middle of each kind of stream
faults/test_timers.py: a timer that fires while its worker is dead and a look is taken
faults/test_total_loss.py: a demo whose Temporal comes back older
integration/deploy/test_benchmark.py: that each benchmark runs and measures what it names
  but test_cpu_is_compared_whole_and_by_process_over_all_filings
  but test_what_does_something_else_is_no_skeleton_and_no_peer
integration/deploy/test_demo_fits.py: every message of a whole demo against the published schemas
integration/deploy/test_money_wires.py: each wire's slow, killed and repeated calls
  only test_a_refund_whose_answer_hangs_is_given_once
  only test_callbacks_come_again_at_once_late_and_out_of_order
integration/deploy/test_sandbox.py: sandboxes killed and started again
  only test_no_acknowledged_order_is_lost_at_any_instant
integration/deploy/test_stack.py: parts killed one by one, a supervisor that dies, and demos with each expectation wrong
  but test_a_mix_holds_every_scenario_and_is_the_same_for_the_same_seed
  but test_a_part_that_never_gets_ready_ends_the_start
  but test_a_recorded_pid_is_ended_only_if_the_process_is_of_this_home
  but test_filings_that_end_as_they_must_give_0_and_leave_no_personal_data
  but test_up_returns_at_once_where_the_stack_runs_already
  but test_up_serves_temporals_web_ui
  but test_what_runs_once_is_tried_again_when_it_died
integration/erasure/test_failing.py: requests that fail beside others that must not wait
  but test_one_that_cant_be_read_is_left_out_of_what_is_asked_for
integration/files/test_children.py: children that hang, die or eat memory
  only test_a_cancelled_call_leaves_no_child_and_the_next_one_works
  only test_a_child_that_hangs_is_ended
  only test_a_killed_child_costs_one_file_and_the_others_go_on
  only test_memory_and_time_have_an_end
integration/files/test_preview.py: pictures of every kind of page, and the commands over every kind of file
  but test_no_page_is_too_large_to_be_drawn
  but test_what_cant_be_drawn_says_so_and_the_next_one_is
integration/gateway/test_callbacks.py: every provider's callback, one by one, and the doctor's words on those left
  only test_a_missing_body_ends
  only test_each_ipn_gets_its_code_and_leaves_its_row
  only test_the_doctor_asks_the_gateway
  only test_the_doctor_counts_what_waits_and_how_long
  only test_the_doctor_names_what_is_stuck
integration/gateway/test_driving.py: callbacks that come before their payment, or to nobody
  only test_several_relays_share
integration/gateway/test_requests.py: requests that end and are asked for anew, over two providers
integration/gateway/test_suspense.py: each act on money in suspense, by the command
  only test_a_transfer_without_a_memo_is_for_the_payment_that_two_say
integration/kit/test_attaching.py: uploads that are killed, at once, or without room
  but test_a_file_that_is_not_taken_is_told_to_a_program_too
  but test_a_paper_gets_a_file_or_another_one_and_the_others_stay
  but test_references_are_printed_for_a_filing_or_its_submission
  but test_what_can_not_be_attached_ends_the_command_before_anything_is_sent
integration/kit/test_back_office.py: a back office that is down, slow, wrong or old
integration/kit/test_client.py: outages, waits and both kinds of client, example by example
  only test_a_call_waits_for_a_worker_until_patience_ends_and_the_repeat_is_safe
  only test_a_filing_whose_workflow_was_lost_asks_for_patience_not_for_despair
  only test_an_example_of_the_documentation_works
  only test_following_survives_an_outage_of_the_worker
integration/kit/test_command.py: what each command prints, by real processes, and the wheel in an environment of its own
  but test_a_temporal_of_ones_own_takes_the_rest_from_the_stack
  but test_schemas_that_can_not_be_written_are_said_in_one_line
  but test_the_readme_works_and_so_does_the_command
  but test_the_wheel_holds_the_kit_and_the_contract_and_nothing_on_top
  but test_other_refusals_offer_nothing
integration/kit/test_plain_client.py: the page's program as it stands, in its own environment
  but test_both_codecs_open_what_the_other_seals
  but test_the_codec_in_typescript_names_what_the_other_does
  but test_the_page_names_what_there_is
  but test_the_worked_example_of_the_id_is_right
integration/operations/test_board.py: the board on a terminal, and through an outage
  only test_it_outlives_the_database_until_ctrl_c_and_gives_the_terminal_back
  only test_the_board_of_a_lived_in_record
  only test_what_stands_still_is_counted_by_temporal
integration/operations/test_doctor.py: each complaint of the doctor in a world broken for it
  but test_a_server_that_ends_filings_for_long_refusals_is_told_of
  but test_a_stack_that_was_killed_is_told_from_one_that_was_stopped
  but test_a_virus_scanner_that_is_set_must_answer
  but test_what_does_not_answer_is_named
  but test_with_nothing_running_it_says_what_to_start
  but test_without_workers_it_names_who_stands_still
integration/operations/test_erasure.py: erasures killed anywhere, by law, and beside work
  but test_a_table_that_nobody_has_thought_of_is_found
integration/operations/test_machine_work.py: machine work that comes to nothing, seen in three places
  but test_work_that_nobody_takes_has_no_tries
integration/operations/test_operations.py: docs/operations.md, done by hand, and what a whole stack serves to Prometheus
  but test_the_page_names_every_setting
integration/operations/test_papers_commands.py: slip, register, forms and templates by the command
integration/operations/test_platform_commands.py: workers and commands as processes, and fees over what is published
  but test_events_are_a_timeline_without_what_is_sealed
  but test_migrate_makes_the_tables_and_may_be_repeated
integration/operations/test_principals.py: each change of the register, by one and by two
  only test_a_key_is_known_and_a_revoked_one_is_out_within_five_seconds
  only test_the_commands_from_the_pair_of_keys_to_its_end
  only test_without_the_register_nothing_is_taken_after_five_seconds
integration/operations/test_publications.py: each row that somebody changes behind the stream
  but test_the_publisher_writes_no_other_stream
integration/operations/test_publish.py: publishing one rule each, and the changes in open filings
  only test_a_day_off_of_one_agency_moves_only_its_filings
  only test_a_procedure_and_a_province_at_once_miss_nothing
  only test_only_what_would_be_otherwise_is_named
  only test_a_provinces_agencies_are_asked_by_its_own_version
  only test_the_command_refuses_with_1_and_misuse_with_2
  only test_the_commands_of_provinces_check_publish_list_and_show
  only test_what_is_published_is_the_file_and_its_rules
  only test_what_was_published_stays_and_the_last_is_in_force
integration/operations/test_reconcile.py: each act that nobody ordered, and each state in which a refund waits
  but test_a_line_that_says_nothing_is_named
  but test_a_statement_is_compared_line_by_line
integration/operations/test_registered.py: each column of the register changed behind it
integration/operations/test_result_register.py: commands of results, and verdicts years later, by register or without
  but test_what_is_not_understood_says_so
integration/operations/test_store.py: stores that miss, damage or hide files
  only test_a_filing_without_its_key_is_counted_and_keeps_its_files
  only test_files_of_a_store_that_is_down_are_not_called_missing
integration/operations/test_tills.py: tills by the command, and what they come to
  only test_cash_needs_the_cashiers_own_open_till_and_goes_through_it
  only test_what_is_recorded_already_goes_through_no_till_again
integration/papers/test_money_receipts.py: receipts while their service is away, lost or void
  but test_a_missing_number_is_named
  but test_without_a_service_what_it_would_number_waits
integration/papers/test_relay.py: each paper by a real relay, refused, repeated, at once, sealed, and verified
  but test_a_seal_whose_certificate_has_expired_is_refused_by_its_rule
  but test_what_passes_by_itself_is_no_refusal
integration/papers/test_void_by_itself.py: receipts that become void by themselves, case by case
integration/proof/test_commands.py: checkpoints by a schedule
  but test_what_is_not_set_up
  but test_what_the_doctor_says
integration/proof/test_making.py: every reason to make no checkpoint, and time-stamps of checkpoints that are not theirs
  only test_a_stamp_tells_of_a_checkpoint_that_was_removed
  only test_a_wrong_one_is_named
  only test_by_the_command
  only test_clocks_may_differ_a_little
  only test_those_of_an_authority_that_is_trusted_are_counted
  only test_witnesses_cosign
integration/proof/test_verifying.py: every row changed by a superuser, against checkpoints
  only test_a_record_without_events
  only test_from_what_was_verified_before
integration/record/test_absence.py: the commands of absences, by real processes
  only test_all_tasks_pass_over_with_a_receipt_each_and_what_is_left_is_said
integration/record/test_access.py: each question under a guard
integration/record/test_bundle.py: every byte of a bundle changed
  but test_what_an_export_needs_is_said_and_a_record_that_is_not_whole_is_exported_with_a_warning
integration/record/test_changes.py: waits for changes that end badly, and hundreds that wait at once
  but test_an_error_of_the_database_reaches_everybody_and_the_next_one_looks_anew
  but test_an_error_reaches_those_who_wait_though_somebody_comes_at_that_moment
  but test_changes_wait_for_what_comes_and_tell_it_at_once
  but test_who_is_cancelled_leaves_nothing_behind
integration/record/test_codec_keys.py: workers that lack a key, streams that can't be opened, each state of the codec
  but test_keys_are_listed_and_a_new_one_is_added_that_only_opens
  but test_no_ring_is_written_over_and_none_is_printed
  but test_what_runs_and_cannot_be_opened_here_is_named
  but test_what_was_heard_is_kept_until_workers_open_what_is_told_them
  but test_who_seals_by_a_key_that_no_worker_has_starts_nothing_again
integration/record/test_inbox.py: more parked signals than there is room for, and demos whose runs make way early
  but test_what_could_not_be_used_is_sealed_by_the_key_of_its_filing
  but test_what_is_parked_twice_is_kept_once_as_it_was_first
integration/record/test_ledger.py: a demo's record changed in every column, and bindings behind their events
  only test_a_restart_leaves_its_trace_and_everything_goes_on
  only test_an_append_waits_for_streams_before_it_holds_what_others_need
  only test_what_an_event_binds_made_unreadable_is_named_once
  only test_while_a_filing_is_restarted_only_its_later_run_goes_on
integration/record/test_ledger_verifier.py: the verifier as processes side by side with appends
  only test_a_number_in_two_ranges_is_found
  only test_it_runs_in_a_copied_folder_with_nothing_of_ours_beside_it
  only test_side_by_side_finds_what_one_alone_finds
integration/record/test_master_keys.py: rotations that fail half-way
  only test_what_another_key_wrapped_is_anew_and_the_rest_said
integration/record/test_plans.py: plans at 300,000 filings
integration/record/test_rebuild.py: rebuilds while work goes on, and row by row
  but test_a_stream_goes_by_the_nearest_agencys_calendar
  but test_a_stream_is_closed_once_it_is_there_and_no_longer_open
  but test_those_on_another_calendar_are_told_page_by_page_while_open
  but test_what_is_rebuilt_equals_row_by_row_what_the_appends_wrote_whatever_was_wrong
  but test_what_it_needs_is_said
integration/record/test_views.py: each view of each audience, through the kit, and pages of lists while they grow
  but test_a_stream_of_another_kind_is_not_found
  but test_nothing_of_what_never_was_is_available
  but test_open_filings_only
  but test_pages_of_tasks_come_by_what_is_due_first
  but test_the_filings_of_a_person_through_whichever_client
integration/signature/test_attacks.py: the corpus of attacks, other programs' verdicts, certificates that do not count
  but test_two_signers_or_another_kind_of_content_are_no_signature
  but test_who_names_no_certificate_signs_no_form
integration/signature/test_check.py: each way in which a signature is wrong, and officers' signatures, field by field
  only test_a_certificate_of_a_foreign_root_is_refused
  only test_a_form_changed_by_more_than_signatures_is_refused
  only test_a_signed_form_is_valid_and_what_was_seen_is_kept
  only test_asked_again_it_is_the_same_signature
  only test_revoked_after_signing_only_a_time_stamp_helps
  only test_who_does_not_answer_leaves_it_to_an_officer_and_holds_nobody_up
integration/signature/test_described.py: metadata changed by each tool, signed filings, and authorities that are silent
  but test_what_was_put_back_was_changed_all_the_same
integration/signature/test_sandbox_trust.py: the sandbox trust killed, and each of its answers
  but test_a_key_stands_for_one_digest_of_one_person
  but test_no_signer_warns_and_signs_nothing
integration/signature/test_submitted.py: each signature that is not a submission's
  but test_a_detached_signature_is_over_all_of_the_submission
  but test_a_form_of_another_submission_is_refused
  but test_roots_that_are_none_are_not_worked_with
  but test_what_the_check_trips_over_is_no_reason_to_try_for_ever_and_stands_in_no_log
integration/signature/test_verified.py: issued files altered in every way
  only test_a_changed_byte_is_found_wherever_it_stands
  only test_a_changed_signature_is_found
  only test_a_file_that_another_program_has_saved
  only test_a_kept_verdict_counts_only_as_it_was_stamped
  only test_a_signature_that_covers_less
  only test_a_stranger_s_authority_counts_for_nothing
  only test_a_whole_file_says_who_signed_who_sealed_and_when
  only test_renewed_in_time_it_is_valid_when_all_that_signed_it_has_expired
  only test_revoked_before_the_signing_is_refused_and_after_it_is_not
  only test_the_seal_of_a_stranger_s_authority
  only test_what_is_broken_expired_or_holds_as_long_is_left_as_it_is
  only test_when_the_last_time_stamp_has_expired_the_kept_verdict_counts
  only test_without_answers_or_a_stamp_nothing_is_renewed
matrix/test_matrix.py: orders and variants of money, through five processes
  only test_a_few_orders_and_variants_end_as_they_must
replay/test_eviction.py: each history evicted without the collector
  only test_what_is_evicted_is_gone_without_the_collector
time/test_late.py: money, parcels and a post that are late by up to six months, on virtual time
unit/files/test_inspection.py: each file of a corpus, judged in a child
  only test_each_file_is_judged_by_its_rule
unit/forms/test_sheet.py: each form of the catalogue filled in and printed
  only test_every_form_of_the_catalogue_is_filled_in_to_its_edges
  only test_the_same_form_has_the_same_bytes_on_another_machine
unit/papers/test_hands.py: whose hands a filing is in, over any life
  only test_somebody_has_it_at_every_moment
unit/papers/test_papers.py: the same bytes of each paper in a process of its own, and papers measured
  only test_both_sides_are_measured_round_by_round_and_a_seal_by_itself
  only test_the_same_paper_has_the_same_bytes_on_another_machine
unit/papers/test_templates.py: every fault of every template, printed
  only test_a_broken_template_is_refused_with_its_line
  only test_a_broken_template_is_refused_with_its_line_in_the_file
  only test_a_template_without_end_is_ended
  only test_every_fault_has_words_and_is_seen_here
  only test_the_standard_template_holds_for_every_paper
unit/publishing/test_prose.py: each placeholder of the catalogue written out
  only test_the_time_that_a_text_takes_grows_with_its_length_alone
  only test_what_fills_a_placeholder_is_refused_written_out
unit/publishing/test_provinces.py: workbooks and tables, row by row, as drafts
  only test_a_workbook_gives_the_same_drafts_and_refuses_what_only_it_can_hold
  only test_people_are_told_in_their_language
unit/time/test_working_time.py: that due dates are measured
  only test_it_says_how_long_a_hundred_thousand_due_dates_take_a_core
workflow/orders/test_files.py: rogue runs that ask about files
workflow/orders/test_lives.py: each life that is refused an act for good
workflow/orders/test_rogue_runs.py: rogue runs that order every activity, with old requests too, and results
workflow/orders/test_under_way.py: acts under way that are reset, restarted and moved, and signatures nobody ordered
workflow/test_answered.py: a stranger answers each activity on a real queue
workflow/test_bad_input.py: each wrong input by a real Update
  only test_a_start_that_is_garbage_is_refused_and_ends_at_once
  only test_a_submission_that_is_refused_leaves_no_trace_and_can_be_corrected
  only test_an_update_that_is_garbage_is_refused_without_a_trace
workflow/test_branches.py: obligations lost, sealed codes, complaints, parts of a back office, forged payments
  but test_a_ministry_is_asked_whatever_the_province
  but test_a_payment_that_is_owed_is_not_cancelled_by_a_stranger
  but test_a_payment_that_no_filing_asked_for_ends_before_the_bank_hears_of_it
  but test_a_wrong_code_is_refused_and_counted_once_for_each_command
  but test_after_a_withdrawal_nothing_is_owed_and_late_money_goes_back
  but test_where_the_province_has_nobody_for_a_part_the_submission_is_refused
  but test_whoever_pays_twice_what_is_not_owed_gets_both_back
workflow/test_given_once.py: refunds whose call goes wrong at midnight, or that somebody else asks for
workflow/test_healing.py: minutes of healing, what must not heal, workers by each setting, and a slow store
  but test_a_reason_is_one_line
  but test_after_a_minute_it_goes_on_from_its_log
  but test_another_workflow_is_started_once_and_told_while_it_runs
  but test_of_a_failure_only_type_and_place_are_told
  but test_the_looks_add_up_and_stay_small
  but test_what_was_told_is_heard_again_after_a_new_start
workflow/test_key_ring.py: keys that come and go under running filings, and sealed filings of each kind
  but test_the_kit_without_the_keys_says_what_it_lacks
workflow/test_locked.py: each forgery against each door, by brute force, and forged looks and complaints
  but test_a_process_that_knows_the_register_of_before_writes_nothing_that_it_forbids
  but test_nobody_learns_a_receipt_by_a_forged_submit
  but test_who_files_by_a_statement_that_is_over_is_told_so_and_may_file_again
workflow/test_overtaken.py: runs that lose their stream in every way
  but test_a_run_that_went_on_since_it_was_read_knows_only_the_log
  but test_once_the_newer_has_no_worker_the_older_goes_on_alone
workflow/test_past_the_door.py: what goes past the Updates to each activity
  only test_nobody_reads_it_past_them_by_one_statement
workflow/test_provinces.py: provinces side by side over their versions, and other rules than those pinned
  only test_both_borders_of_a_validity_are_inside
  only test_by_post_the_law_of_the_day_before_holds_for_what_came_the_day_before
  only test_the_name_of_another_provinces_version_is_unknown_here
  only test_under_other_rules_than_those_pinned_it_stands_still
workflow/test_reception.py: files whose look takes long, fails or comes late
  only test_a_filing_ends_though_the_scanner_never_speaks_and_a_complaint_has_it_asked_again
  only test_a_submission_whose_file_is_not_there_or_not_as_said_leaves_no_event
  only test_what_a_complaint_names_is_looked_at_before_it_is_recorded
  only test_what_came_while_the_scanner_was_asked_about_other_files_is_scanned_after_them
workflow/test_refunds.py: refunds of a filing that begins again, late money, and a fee that the postman collects
  but test_one_alone_gives_nothing_back
  but test_there_is_nothing_to_give_back_of_what_nobody_paid_at_the_counter
workflow/test_signing.py: printed results, signatures by substitutes, and those that can't be had for minutes
"""


def _listed(block: str) -> tuple[str, Long]:
    """Returns a file, and its long tests."""
    first, *rest = block.splitlines()
    file, _, proves = first.partition(": ")
    named = [line.split() for line in rest]
    only, but = (tuple(name for word, name in named if word == kind) for kind in ("only", "but"))
    return file, Long(proves, only, but)


LONG: Final[Mapping[str, Long]] = dict(map(_listed, re.split(r"\n(?! )", _LIST.strip())))
