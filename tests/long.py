"""The tests that are too long for `make test`: of each file, in a word, the proof that no short test gives.

Of a file, `only` names the tests that are long, or `but` those that are not; without either, all are long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Long(NamedTuple):
    """The long tests of a file, and what they prove."""

    proves: str
    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


ROOMS: Final[Mapping[str, tuple[str, ...]]] = {
    "unit": ("rules", "schemas", "motcua", "activities", "workflows", "views"),
    "workflow": ("rules", "schemas", "activities", "workflows", "workers"),
    "time": ("rules/time", "rules/filing", "workflows"),
    "matrix": ("rules/payment.py", "rules/refund", "activities/partners", "gateway", "workflows"),
    "faults": ("activities", "workflows", "workers", "recovery", "gateway"),
    "integration/deploy": ("deploy", "benchmarks", "motcua", "schemas"),
    "integration/erasure": ("operations/erasure", "activities/keys"),
    "integration/files": ("activities/files",),
    "integration/gateway": ("gateway", "activities/partners", "rules/payment.py"),
    "integration/kit": ("motcua", "workers", "schemas"),
    "integration/operations": ("operations", "recovery", "rules/publishing"),
    "integration/papers": ("rules/papers", "activities/printing", "activities/receipts"),
    "integration/proof": (
        "rules/proof",
        "activities/checkpoints",
        "operations/witness",
        "operations/checkpoint_verifier.py",
    ),
    "integration/record": ("activities/ledger", "views", "rules/streams.py", "operations/bundle_verifier.py"),
    "integration/signature": ("activities/signature", "activities/results"),
}
"""The rooms that the tests of a folder are about: where one of them has changed, its long tests are run again."""

LONG: Final[Mapping[str, Long]] = {
    "faults/erasures/test_some.py": Long("erasures of whole stories while parts are killed"),
    "faults/heard/test_heard.py": Long("a worker killed at each point, with limits, keys and roles that end meanwhile"),
    "faults/test_builds.py": Long(
        "builds with other flows, and builds that nobody runs any more",
        but=(
            "test_filings_go_on_with_the_build_that_is_promoted_and_back",
            "test_what_a_build_can_not_read_stays_where_it_is",
            "test_what_a_build_without_workers_holds_is_started_again",
            "test_what_was_begun_before_there_were_builds_is_started_again",
        ),
    ),
    "faults/test_complaints.py": Long(
        "a worker that dies after every commit of a complaint",
        but=("test_what_temporal_loses_is_started_again_and_reopens_the_filing_once",),
    ),
    "faults/test_database_restart.py": Long("a database that stays away"),
    "faults/test_erasure_bytes.py": Long("no byte on the disk, in any file of any part"),
    "faults/test_failpoints.py": Long(
        "workers that die between commit and answer, one point each",
        but=(
            "test_a_command_committed_by_a_worker_that_died_answers_with_its_first_receipt",
            "test_a_command_that_the_engine_forgot_stands_in_the_log_before_the_next",
        ),
    ),
    "faults/test_gateway.py": Long(
        "Temporal away, two gateways, repeats by the bank",
        only=(
            "test_money_that_temporal_took_and_lost_is_told_again",
            "test_what_two_have_assigned_is_driven_by_whoever_is_there_and_recorded_once",
            "test_what_was_kept_before_the_gateway_died_is_driven_though_nobody_calls_again",
        ),
    ),
    "faults/test_healing.py": Long(
        "two minutes of real healing, by processes", but=("test_a_broken_filing_goes_on_within_two_minutes",)
    ),
    "faults/test_looks.py": Long("a look into a history that has just become long"),
    "faults/test_master_key.py": Long("another master key under running filings, its command killed"),
    "faults/test_money.py": Long("a worker killed between provider and record, wire by wire"),
    "faults/test_new_version.py": Long("a version published while filings run"),
    "faults/test_older_epochs.py": Long("a Temporal of before filings were started again"),
    "faults/test_order.py": Long("a reader beside twenty writers and a relay that is killed"),
    "faults/test_parcels.py": Long("a worker killed while a parcel is sent, had back or lost"),
    "faults/test_reception.py": Long("worker, scanner and store killed under files"),
    "faults/test_referrals.py": Long("a worker killed while other agencies decide"),
    "faults/test_relay.py": Long("a relay killed at each step of a paper"),
    "faults/test_restart.py": Long("each kind of stream lost at each of its steps"),
    "faults/test_restored_backup.py": Long("the runbook of a restored backup, step by step"),
    "faults/test_results.py": Long("a worker killed while a result is signed"),
    "faults/test_silence.py": Long(
        "dozens of races at the due instant", but=("test_silence_or_the_officer_decides_never_both",)
    ),
    "faults/test_stalled.py": Long("a hundred filings that a bug holds up"),
    "faults/test_timers.py": Long("a timer that fires while its worker is dead and a look is taken"),
    "faults/test_total_loss.py": Long(
        "a demo that loses Temporal, or gets an older one back",
        but=("test_a_demo_survives_a_temporal_that_comes_back_older",),
    ),
    "integration/deploy/test_benchmark.py": Long(
        "that each benchmark runs and measures what it names",
        but=(
            "test_a_peer_that_appends_something_else_is_none",
            "test_a_round_that_fails_elsewhere_ends_the_benchmark",
            "test_another_checkout_is_played_by_its_own_code",
            "test_cpu_is_compared_whole_and_by_process_over_all_filings",
            "test_growth_is_that_after_the_first_fifth",
            "test_how_many_tasks_it_took_is_no_difference",
            "test_the_median_is_that_of_the_ratios_of_neighbouring_rounds",
            "test_what_does_something_else_is_no_skeleton",
        ),
    ),
    "integration/deploy/test_demo.py": Long(
        "whole demos by the command, and with each expectation wrong",
        but=("test_filings_that_end_as_they_must_give_0_and_leave_no_personal_data",),
    ),
    "integration/deploy/test_demo_sealed.py": Long("a sealed demo, and nothing of a person in Temporal's files"),
    "integration/deploy/test_money_wires.py": Long(
        "each wire's slow, killed and repeated calls",
        only=(
            "test_a_late_one",
            "test_a_refund_whose_answer_hangs_is_given_once",
            "test_every_payer_on_the_page",
            "test_the_second_comes_before_the_first",
            "test_what_is_not_heard_is_told_again",
        ),
    ),
    "integration/deploy/test_sandbox.py": Long("sandboxes killed, slow, and started again"),
    "integration/deploy/test_stack.py": Long(
        "parts killed one by one, and a supervisor that dies",
        but=(
            "test_a_part_that_never_gets_ready_does_not_hold_up_the_start_for_ever",
            "test_a_postmaster_pid_whose_number_went_to_a_stranger_does_not_block_the_start",
            "test_a_recorded_pid_is_ended_only_if_the_process_is_of_this_home",
            "test_a_second_stack_attaches_and_stops_nothing",
            "test_the_application_role_owns_nothing",
            "test_the_doctor_finds_the_scanner_that_the_worker_uses",
            "test_up_returns_at_once_where_the_stack_runs_already",
            "test_what_runs_once_is_tried_again_when_it_died",
        ),
    ),
    "integration/erasure/test_failing.py": Long("requests that fail beside others that must not wait"),
    "integration/files/test_children.py": Long(
        "children that hang, die or eat memory",
        only=(
            "test_a_child_that_hangs_is_ended",
            "test_a_killed_child_costs_one_file_and_the_others_go_on",
            "test_memory_and_time_have_an_end",
        ),
    ),
    "integration/files/test_commands.py": Long("the commands over every kind of file"),
    "integration/files/test_preview.py": Long(
        "pictures of every kind of page", only=("test_the_largest_picture_is_drawn",)
    ),
    "integration/files/test_scanner.py": Long("every way in which a scanner fails"),
    "integration/files/test_signed.py": Long("a signed form looked at as a file"),
    "integration/gateway/test_bad_input.py": Long("every field of every callback in every wrong shape"),
    "integration/gateway/test_callbacks.py": Long(
        "every provider's callback, one by one", only=("test_each_ipn_gets_its_code_and_leaves_its_row",)
    ),
    "integration/gateway/test_driving.py": Long("callbacks that come before their payment, or to nobody"),
    "integration/gateway/test_in_the_stack.py": Long("a gateway as part of the stack, on every wire"),
    "integration/gateway/test_left.py": Long("what the doctor says of every kind of callback that is left"),
    "integration/gateway/test_money.py": Long(
        "a fee over each wire by page and callback",
        but=(
            "test_a_signed_wrong_amount_is_settled_by_asking_at_once",
            "test_money_that_is_taken_back_in_parts_under_one_number_is_recorded_part_by_part",
        ),
    ),
    "integration/gateway/test_obligations.py": Long("a tax over each wire"),
    "integration/gateway/test_requests.py": Long(
        "requests that end and are asked for anew, over two providers",
        only=(
            "test_a_request_ends_and_the_fee_is_paid_by_another_one_and_the_first_goes_back_where_it_came_from",
            "test_money_on_a_request_that_has_ended_settles_the_fee_before_it_is_due",
        ),
    ),
    "integration/gateway/test_suspense.py": Long(
        "each act on money in suspense, by the command",
        but=("test_nobody_does_it_alone_by_any_role_or_any_substitute",),
    ),
    "integration/kit/test_attaching.py": Long(
        "uploads that are killed, at once, or without room",
        only=(
            "test_a_process_that_is_killed_in_the_middle_leaves_no_file",
            "test_two_processes_may_attach_the_same_file_at_once",
            "test_what_the_disk_does_not_take_leaves_nothing_and_goes_in_once_there_is_room",
        ),
    ),
    "integration/kit/test_back_office.py": Long("a back office that is down, slow, wrong or old"),
    "integration/kit/test_client.py": Long(
        "outages, waits and both kinds of client, example by example",
        only=(
            "test_a_command_waits_for_a_worker",
            "test_a_filing_whose_workflow_was_lost_asks_for_patience_not_for_despair",
            "test_a_result_its_parcel_and_what_is_not_there_yet",
            "test_a_start_that_is_garbage_is_refused_in_words",
            "test_a_submission_waits_for_a_worker",
            "test_an_example_of_the_documentation_works",
            "test_following_survives_an_outage_of_the_worker",
            "test_patience_ends_and_the_repeat_is_safe",
        ),
    ),
    "integration/kit/test_command.py": Long("what each command prints, by real processes"),
    "integration/kit/test_plain_client.py": Long(
        "the page's program as it stands, in its own environment",
        only=("test_the_program_of_the_page_files_decides_and_reads", "test_the_program_of_the_page_fits_its_types"),
    ),
    "integration/kit/test_sealed_client.py": Long("the page's sealed program as it stands"),
    "integration/kit/test_speaking.py": Long(
        "signed traffic of the kit through the engine",
        only=("test_the_kit_signs_all_the_way_where_nothing_else_is_taken",),
    ),
    "integration/kit/test_wheel.py": Long(
        "the wheel in an environment of its own", but=("test_the_readme_works_and_so_does_the_command",)
    ),
    "integration/operations/test_absence_commands.py": Long(
        "the commands of absences, by real processes",
        only=("test_all_tasks_pass_over_with_a_receipt_each_and_what_is_left_is_said",),
    ),
    "integration/operations/test_access_report.py": Long("each oddity of a report, and floods of looks"),
    "integration/operations/test_board.py": Long(
        "the board on a terminal, and through an outage", but=("test_appends_a_second_are_the_difference_of_two_looks",)
    ),
    "integration/operations/test_calendar_commands.py": Long("what a calendar changes in open filings"),
    "integration/operations/test_doctor.py": Long(
        "each complaint of the doctor in a world broken for it",
        but=(
            "test_a_calendar_that_ends_is_told_of_before_and_after",
            "test_a_damaged_file_of_addresses_is_named",
            "test_a_server_that_ends_filings_for_long_refusals_is_told_of",
            "test_a_stack_that_was_killed_is_told_from_one_that_was_stopped",
            "test_a_virus_scanner_that_is_set_must_answer",
            "test_what_does_not_answer_is_named",
            "test_with_nothing_running_it_says_what_to_start",
            "test_without_workers_it_names_who_stands_still",
        ),
    ),
    "integration/operations/test_doctor_codec.py": Long("each state of the codec"),
    "integration/operations/test_erasure.py": Long(
        "erasures killed anywhere, by law, and beside work",
        but=(
            "test_a_question_that_nobody_has_answered_yet_goes_too",
            "test_a_table_that_nobody_has_thought_of_is_found",
        ),
    ),
    "integration/operations/test_fee.py": Long("the commands of fees over what is published"),
    "integration/operations/test_forms.py": Long("blanks and forms by the command"),
    "integration/operations/test_identity_check.py": Long("each reason for which nobody is heard"),
    "integration/operations/test_kept_verdict.py": Long("a verdict decades later"),
    "integration/operations/test_machine_work.py": Long("machine work that comes to nothing, seen in three places"),
    "integration/operations/test_metrics.py": Long("what a whole stack serves to Prometheus"),
    "integration/operations/test_operations.py": Long("docs/operations.md, done by hand"),
    "integration/operations/test_paper_templates.py": Long("templates of agencies by the command"),
    "integration/operations/test_papers_commands.py": Long("slip and register by the command"),
    "integration/operations/test_platform_commands.py": Long(
        "workers and commands as real processes",
        only=(
            "test_a_worker_serves_until_it_is_told_to_stop",
            "test_a_worker_that_can_not_begin_says_why",
            "test_what_stands_still_is_shown_also_without_the_record",
        ),
    ),
    "integration/operations/test_principals.py": Long("each change of the register, by one and by two"),
    "integration/operations/test_provinces.py": Long(
        "publications of provinces, one rule each",
        only=(
            "test_procedures_are_listed_with_their_province_and_whether_they_are_in_force",
            "test_the_commands_check_publish_list_and_show",
        ),
    ),
    "integration/operations/test_publications.py": Long("each row that somebody changes behind the stream"),
    "integration/operations/test_publish.py": Long("publishing against what is published, one rule each"),
    "integration/operations/test_reconcile.py": Long(
        "each act that nobody ordered, and statements of a bank", but=("test_a_line_that_says_nothing_is_named",)
    ),
    "integration/operations/test_refunds_that_wait.py": Long("each state in which a refund waits"),
    "integration/operations/test_renewal.py": Long("time-stamps renewed by the command"),
    "integration/operations/test_result_altered.py": Long(
        "each way to meddle with a result",
        but=("test_a_file_that_another_program_has_saved", "test_another_title_that_somebody_had_time_stamped"),
    ),
    "integration/operations/test_result_register.py": Long("the commands of results"),
    "integration/operations/test_result_verify.py": Long(
        "each verdict on a file, with and without the register",
        but=(
            "test_a_number_is_asked_for_without_a_file",
            "test_an_altered_file_is_refused_in_words",
            "test_an_unsigned_file_is_what_the_register_says",
            "test_roots_that_are_none_are_refused",
        ),
    ),
    "integration/operations/test_rotation.py": Long("rotations that fail half-way"),
    "integration/operations/test_store.py": Long(
        "stores that miss, damage or hide files", only=("test_files_of_a_store_that_is_down_are_not_called_missing",)
    ),
    "integration/operations/test_tills.py": Long("tills by the command, and what they come to"),
    "integration/operations/test_unopened.py": Long(
        "passes over streams that can't be opened", but=("test_what_runs_and_cannot_be_opened_here_is_named",)
    ),
    "integration/operations/test_version_commands.py": Long("what a version changes in open filings"),
    "integration/papers/test_money_receipts.py": Long("receipts while their service is away, lost or void"),
    "integration/papers/test_relay.py": Long(
        "each paper by a real relay, refused, repeated, at once",
        but=("test_a_seal_that_is_refused_holds_up_the_papers_of_its_agency_alone",),
    ),
    "integration/papers/test_sealing.py": Long("seals of each kind of agency"),
    "integration/papers/test_verified_paper.py": Long(
        "papers verified by the command", but=("test_a_paper_that_was_not_sealed_is_what_the_record_says",)
    ),
    "integration/papers/test_void_by_itself.py": Long("receipts that become void by themselves, case by case"),
    "integration/proof/test_attacks.py": Long("the table of attacks, on a real record"),
    "integration/proof/test_bundles.py": Long("bundles with proofs of checkpoints"),
    "integration/proof/test_commands.py": Long(
        "checkpoints by a schedule", but=("test_what_is_not_set_up", "test_what_the_doctor_says")
    ),
    "integration/proof/test_making.py": Long("every reason to make no checkpoint"),
    "integration/proof/test_published.py": Long("publications that were changed whole"),
    "integration/proof/test_stamps.py": Long("time-stamps of checkpoints that are not theirs"),
    "integration/proof/test_verifying.py": Long(
        "every row changed by a superuser, against checkpoints", only=("test_what_is_named",)
    ),
    "integration/record/test_absence.py": Long(
        "absences that begin, end and overlap",
        but=("test_in_whose_place_somebody_acts_is_asked_of_the_directory_again_when_they_act",),
    ),
    "integration/record/test_access.py": Long(
        "each question under a guard",
        only=(
            "test_an_applicant_sees_exactly_who_looked_at_their_filing",
            "test_foreign_and_unknown_filings_answer_alike",
            "test_waiting_for_changes_shows_nothing_until_there_is_something",
            "test_what_was_recorded_stays",
        ),
    ),
    "integration/record/test_activities.py": Long("that every activity is served"),
    "integration/record/test_append.py": Long(
        "appends side by side, at the limits of one",
        only=("test_who_looks_for_a_persons_filings_holds_up_whoever_looks_for_the_same_persons",),
    ),
    "integration/record/test_bindings.py": Long("each binding changed behind its event"),
    "integration/record/test_bundle.py": Long(
        "every byte of a bundle changed",
        but=(
            "test_a_record_that_is_not_whole_is_exported_with_a_warning",
            "test_the_published_vector_holds_in_a_bundle_too",
            "test_what_an_export_needs_is_said",
        ),
    ),
    "integration/record/test_changes.py": Long("waits for changes that end badly"),
    "integration/record/test_codec_keys.py": Long(
        "workers that lack a key, by processes",
        but=(
            "test_what_was_heard_is_kept_until_workers_open_what_is_told_them",
            "test_who_lacks_the_key_that_workers_seal_by_does_not_work",
        ),
    ),
    "integration/record/test_duplicates.py": Long("warnings of duplicates, through the kit"),
    "integration/record/test_inbox.py": Long(
        "more parked signals than there is room for",
        only=("test_what_is_not_even_json_is_kept_too_and_the_filing_goes_on",),
    ),
    "integration/record/test_index_key.py": Long("a change of the master key over real people"),
    "integration/record/test_ledger.py": Long(
        "the record of a demo, changed in every column",
        but=(
            "test_nobody_changes_an_event_and_the_worker_is_not_even_allowed_to_try",
            "test_the_read_models_are_what_the_log_says",
            "test_the_record_the_engine_and_the_logs_give_nobody_away",
            "test_the_record_verifies_and_whatever_a_superuser_changes_in_it_is_named",
            "test_what_is_sealed_opens_with_the_master_key_and_with_no_other",
        ),
    ),
    "integration/record/test_ledger_verifier.py": Long(
        "the verifier over a real database, side by side with appends",
        only=(
            "test_side_by_side_finds_what_one_alone_finds",
            "test_what_events_bind_is_as_the_page_says_and_no_epoch_rises_without_a_trace",
        ),
    ),
    "integration/record/test_lists.py": Long("pages of lists while they grow"),
    "integration/record/test_long_histories.py": Long("demos whose runs make way early"),
    "integration/record/test_new_kind.py": Long(
        "a kind of a test's own through every command",
        but=("test_a_new_kind_is_appended_acted_on_read_restarted_rebuilt_and_verified",),
    ),
    "integration/record/test_order.py": Long("the order of events under writers and relays"),
    "integration/record/test_plans.py": Long("plans at 300,000 filings", but=("test_a_scan_is_seen",)),
    "integration/record/test_rebuild.py": Long("rebuilds while work goes on, and row by row"),
    "integration/record/test_restarting.py": Long("a restart that meets a running workflow"),
    "integration/record/test_round_trips.py": Long("round trips counted on the wire"),
    "integration/record/test_standing.py": Long("what stands, whatever becomes of it"),
    "integration/record/test_views.py": Long("each view of each audience, through the kit"),
    "integration/record/test_watching.py": Long(
        "hundreds that wait at once",
        only=("test_three_hundred_cost_one_statement_a_pause_and_hear_of_their_own_stream",),
    ),
    "integration/signature/test_attacks.py": Long("the corpus of attacks, and other programs' verdicts"),
    "integration/signature/test_attacks_issued.py": Long(
        "issued files by certificates that do not count",
        but=("test_an_officer_has_one_number", "test_what_no_organisation_has_signed_is_left_to_the_register"),
    ),
    "integration/signature/test_check.py": Long("each way in which a signature is wrong"),
    "integration/signature/test_described.py": Long(
        "metadata changed by each tool",
        but=("test_a_time_stamp_over_it_may_come_later", "test_what_was_put_back_was_changed_all_the_same"),
    ),
    "integration/signature/test_official.py": Long("officers' signatures, field by field"),
    "integration/signature/test_renewal.py": Long(
        "time-stamps decades later",
        but=("test_what_has_no_time_stamp_ends_nowhere", "test_without_answers_or_a_stamp_nothing_is_renewed"),
    ),
    "integration/signature/test_sandbox_trust.py": Long("the sandbox trust killed, and each of its answers"),
    "integration/signature/test_signed_filing.py": Long(
        "signed filings by commands, and authorities that are silent",
        but=(
            "test_a_certificate_that_names_nobody_goes_to_the_officer",
            "test_a_representative_signs_under_an_authorisation_and_nobody_else_does",
            "test_a_signature_over_another_submission_or_of_a_file_that_is_none_is_refused",
        ),
    ),
    "integration/signature/test_submitted.py": Long("each signature that is not a submission's"),
    "integration/signature/test_verified.py": Long(
        "issued files altered in every way",
        only=(
            "test_a_changed_byte_is_found_wherever_it_stands",
            "test_a_changed_signature_is_found",
            "test_a_whole_file_says_who_signed_who_sealed_and_when",
        ),
    ),
    "matrix/test_matrix.py": Long("orders and variants of money, through five processes"),
    "time/test_late_money.py": Long("three days of late money on virtual time"),
    "time/test_late_parcels.py": Long("six months of a parcel on virtual time"),
    "time/test_months.py": Long(
        "months of limits on virtual time", only=("test_who_is_late_again_once_a_holiday_is_withdrawn_is_told_again",)
    ),
    "time/test_outage.py": Long("a post that is away for ten minutes of virtual time"),
    "time/test_pauses.py": Long("pauses over the due instant, on virtual time"),
    "workflow/orders/test_bank_and_post.py": Long("acts under way that are reset, restarted and moved"),
    "workflow/orders/test_files.py": Long("rogue runs that ask about files"),
    "workflow/orders/test_found.py": Long("signatures that nobody ordered, as the signer lists them"),
    "workflow/orders/test_lives.py": Long("each life that is refused an act for good"),
    "workflow/orders/test_results.py": Long("rogue runs that order results"),
    "workflow/orders/test_rogue_runs.py": Long("rogue runs that order every activity, with old requests too"),
    "workflow/orders/test_under_way.py": Long("signatures under way whose run is gone"),
    "workflow/test_alone.py": Long(
        "every pair of roles and substitutes over money", but=("test_one_alone_gives_nothing_back",)
    ),
    "workflow/test_bad_input.py": Long(
        "each wrong input by a real Update",
        but=(
            "test_a_signal_that_is_garbage_or_a_lie_is_parked_and_the_filing_goes_on",
            "test_the_same_ids_for_other_content_are_refused_before_and_after_the_end",
            "test_twenty_equal_submissions_at_once_are_one_filing",
            "test_who_the_directory_does_not_know_in_this_role_is_refused",
        ),
    ),
    "workflow/test_branches.py": Long(
        "branches that wait for a bank or a limit",
        only=(
            "test_a_limit_that_passes_is_recorded_once",
            "test_a_supplement_that_never_comes_stops_the_filing_later",
            "test_fully_online_the_fee_and_the_result_pass_online",
            "test_of_two_payments_exactly_one_is_kept",
            "test_the_post_delivers_the_result",
            "test_what_is_waived_of_a_fee_is_not_owed_and_the_rest_is_asked_for_anew",
            "test_what_the_post_brings_back_waits_at_the_counter",
            "test_who_never_pays_is_stopped_and_the_order_is_closed_at_the_bank",
            "test_who_pays_too_late_is_stopped_and_gets_the_money_back",
        ),
    ),
    "workflow/test_charge_backs.py": Long("charge-backs in every order"),
    "workflow/test_complaints.py": Long("complaints in every state of their filing"),
    "workflow/test_deaf.py": Long(
        "bugs over the news of money, mended and started again",
        but=("test_a_running_one_is_ended_and_started_by_force",),
    ),
    "workflow/test_delivery.py": Long("each change of a delivery"),
    "workflow/test_disputes.py": Long("short payments that two dispute"),
    "workflow/test_edges.py": Long(
        "Updates too long for Temporal",
        only=(
            "test_a_command_under_an_id_that_looks_personal_is_refused",
            "test_commands_go_through_beside_updates_too_long_for_temporal",
        ),
    ),
    "workflow/test_fee_changes.py": Long("supplements that change a fee in each direction"),
    "workflow/test_forgeries.py": Long(
        "forged payments and parcels, and partners that refuse",
        only=(
            "test_a_payment_that_was_owed_is_not_given_back_when_a_stranger_cancels_it_after_the_end",
            "test_garbage_starts_no_payment_and_no_parcel",
            "test_what_a_stranger_says_of_money_that_went_back_is_not_believed",
        ),
    ),
    "workflow/test_given_once.py": Long("refunds whose every call goes wrong"),
    "workflow/test_healing.py": Long(
        "minutes of healing, and what must not heal", but=("test_the_looks_add_up_and_stay_small",)
    ),
    "workflow/test_key_ring.py": Long("keys that come and go under running filings"),
    "workflow/test_locked.py": Long(
        "each forgery against each door, by brute force",
        only=(
            "test_no_forged_command_comes_to_a_stream",
            "test_no_forged_start_becomes_a_filing_and_who_may_files_the_same_afterwards",
            "test_the_record_grants_by_brute_force_what_the_rules_grant",
        ),
    ),
    "workflow/test_locked_looks.py": Long("forged looks and complaints"),
    "workflow/test_locked_money.py": Long("money by two, through programs that one of them speaks"),
    "workflow/test_long_dialogue.py": Long(
        "hundreds of the longest questions", but=("test_hundreds_of_the_longest_questions_do_no_harm",)
    ),
    "workflow/test_money.py": Long("each wire's payments, late, twice and told by anybody"),
    "workflow/test_obligations.py": Long(
        "a tax in every order",
        but=(
            "test_an_office_that_takes_no_money_is_paid_where_its_notice_says",
            "test_nothing_is_demanded_for_an_agency_that_is_no_tax_office",
            "test_the_proof_of_the_cashier_comes_first_and_the_money_after_it_goes_back_by_two",
        ),
    ),
    "workflow/test_outcomes.py": Long("outcomes that nobody knows when the time is over"),
    "workflow/test_overtaken.py": Long(
        "runs that lose their stream in every way",
        but=(
            "test_a_run_that_has_gone_on_since_its_head_was_read_knows_no_more_than_the_log",
            "test_a_stream_changes_hands_so_often_an_hour",
            "test_a_worker_is_known_to_work_until_it_ends_also_after_it_has_lost_its_connection",
        ),
    ),
    "workflow/test_paid_to_the_post.py": Long("fees that the postman collects, and loses"),
    "workflow/test_parcels.py": Long(
        "parcels that the post loses, finds and brings back",
        but=(
            "test_a_parcel_that_has_left_is_followed_as_before",
            "test_a_parcel_that_has_not_left_is_had_back",
            "test_a_word_that_nobody_knows_is_kept",
            "test_nobody_has_a_parcel_back_whose_filing_does_not_say_so",
            "test_one_invitation_and_it_is_delivered",
        ),
    ),
    "workflow/test_past_the_door.py": Long("what goes past the Updates to each activity"),
    "workflow/test_pinned.py": Long(
        "other rules than those pinned", but=("test_who_answered_when_it_was_handed_in_answers_also_after_he_has_left",)
    ),
    "workflow/test_printed_results.py": Long("results printed by the platform"),
    "workflow/test_provinces.py": Long(
        "provinces side by side over their versions",
        only=(
            "test_both_borders_of_a_validity_are_inside",
            "test_each_province_asks_for_its_own_fee",
            "test_what_was_begun_keeps_its_version_across_a_restart",
        ),
    ),
    "workflow/test_reception.py": Long("files whose look takes long, fails or comes late"),
    "workflow/test_referrals.py": Long(
        "parts that are late, taken back or asked for again",
        only=("test_a_part_that_is_late_is_told_there_and_at_the_lead_and_decided_all_the_same",),
    ),
    "workflow/test_refunds.py": Long("refunds in parts, by decision, and refused"),
    "workflow/test_refunds_anew.py": Long("refunds of a filing that begins again"),
    "workflow/test_refunds_without_provider.py": Long("refunds by hand and from a till"),
    "workflow/test_results.py": Long("signatures declined, voided and corrected"),
    "workflow/test_running.py": Long("workers by each setting, and a store that is slow"),
    "workflow/test_sealed.py": Long(
        "sealed filings of each kind", but=("test_the_kit_without_the_keys_says_what_it_lacks",)
    ),
    "workflow/test_signing_in_place.py": Long("substitutes who sign"),
    "workflow/test_signing_in_vain.py": Long("signatures that can't be had, for minutes"),
    "workflow/test_stalled.py": Long("what stands still, on servers that do not mark it"),
}
