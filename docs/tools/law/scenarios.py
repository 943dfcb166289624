"""Scenarios that a lawyer would ask about: the law, what happens here, and the test that proves it."""

from typing import Final, NamedTuple


class Scenario(NamedTuple):
    """A scenario. `test`: the file below `tests/`, and the test in it."""

    what: str
    law: str
    happens: str
    test: str


_STAY: Final = "unit/complaint/test_stay.py"
_APPLICANTS: Final = "unit/filing/test_limits_of_applicants.py"
_CLOCKS: Final = "unit/filing/test_clocks.py"
_LATE: Final = "unit/filing/test_clocks_late.py"
_STEPS: Final = "unit/filing/test_lifecycle_steps.py"
_LIFE: Final = "unit/filing/test_lifecycle.py"
_UNDONE: Final = "unit/filing/test_undone.py"
_PAPER: Final = "unit/filing/test_on_paper.py"
_GROUNDS: Final = "unit/complaint/test_grounds.py"
_COMPLAINTS: Final = "unit/complaint/test_complaint_rules.py"
_FEES: Final = "unit/filing/test_fees.py"
_CHANGES: Final = "unit/filing/test_fee_changes.py"
_REFUNDS: Final = "unit/refund/test_refund_rules.py"
_DELIVERY: Final = "unit/filing/test_delivery.py"
_OTHERS: Final = "unit/filing/test_steps_of_others.py"
_HUMAN: Final = "integration/record/test_same_human.py"
_TIME: Final = "unit/time/test_working_time.py"
_PASSED: Final = "unit/filing/test_passing_on.py"
_HEIRS: Final = "integration/record/test_passing_on.py"
_SUCCESSION: Final = "unit/filing/test_succession.py"

SCENARIOS: Final = (
    Scenario(
        "handed to the post on Wednesday 17:40, entered on Thursday",
        "QĐ 45/2016 Đ7",
        "every clock runs from the signed hand-over, after hours as of the next opening",
        f"{_PAPER}::test_time_runs_from_when_the_post_handed_it_over_for_all_clocks",
    ),
    Scenario(
        "entered three days after the post's hand-over",
        "QĐ 45/2016 Đ7",
        "reception states the last working day, a leader any day",
        f"{_PAPER}::test_a_desk_says_the_last_working_day_a_leader_any",
    ),
    Scenario(
        "online the evening before Tết",
        "the calendar; BLDS 2015 Đ148",
        "counts from the first opening after Tết; proposed days move nothing",
        f"{_TIME}::test_a_limit_ends_on_the_national_calendar",
    ),
    Scenario(
        "papers asked for by a question, without end",
        "NĐ 61/2018 Đ15 k3: once",
        "it is a supplement request, with its rounds and its limit",
        f"{_APPLICANTS}::test_a_question_for_papers_is_a_supplement_request",
    ),
    Scenario(
        "the applicant dies while the filing is open",
        "BLDS 2015 Đ140 k3, k4",
        "recorded at the desk at any stage: the filing waits for a successor, or ends with a notice",
        "unit/filing/test_succession.py::"
        "test_at_every_stage_the_filing_waits_and_goes_on_where_it_was_for_the_successor",
    ),
    Scenario(
        "a mandate ends on 26/11",
        "BLDS 2015 Đ140",
        "its holder acts until 24:00 of that day, or until it is revoked",
        "unit/filing/test_admission.py::test_a_representative_acts_until_the_last_day_has_passed",
    ),
    Scenario(
        "on paper, where the procedure is of level 4",
        "NĐ 224/2026; the level is one of the service",
        "has the procedure's level; that it came on paper is its channel",
        "unit/filing/test_admission.py::test_the_level_filed_at",
    ),
    Scenario(
        "filed in another place than that of the residence",
        "Luật Hộ tịch Đ13",
        "refused, with the right agency and its telephone; where the law says any, taken",
        "workflow/test_provinces.py::test_who_decides_by_place_is_the_agency_of_the_commune",
    ),
    Scenario(
        "the result goes elsewhere by post, its fee is unpaid",
        "Luật 97/2015",
        "kept and told, paid for at the counter",
        f"{_LIFE}::test_a_result_that_nobody_pays_for_is_kept_and_paid_for_at_the_counter",
    ),
    Scenario(
        "refused on the merits",
        "NĐ 61/2018 Đ19 k8",
        "a result with reason and legal basis, without a fee",
        f"{_LIFE}::test_a_refusal_on_the_merits_is_a_result_that_is_delivered_and_costs_nothing",
    ),
    Scenario(
        "late twice",
        "NĐ 61/2018 Đ19 k9",
        "each lateness has an apology with a date of its own; late it stays",
        f"{_LATE}::test_each_further_lateness_has_its_own_apology_with_its_own_date",
    ),
    Scenario(
        "extended, and the appointment put off as well",
        "NĐ 61/2018 Đ19 k9; the procedure's law",
        "once, by whichever of both",
        f"{_CLOCKS}::test_a_result_is_put_off_once_by_whichever_rule",
    ),
    Scenario(
        "the officer is the applicant, under another account",
        "Luật PCTN Đ23 (unconfirmed)",
        "refused at the append, by the keyed hash of the citizen number",
        f"{_HUMAN}::test_nobody_handles_their_own_filing_whichever_account_they_use",
    ),
    Scenario(
        "the officer is a relative of the applicant",
        "Luật PCTN Đ23 (unconfirmed)",
        "recusal is recorded; from then on that human does nothing of the filing",
        f"{_HUMAN}::test_who_recuses_themselves_does_nothing_more_of_the_filing_in_any_account",
    ),
    Scenario(
        "one officer handles and decides, without a proposal",
        "two officers, unless the procedure's law says one",
        "refused; `one_officer` lets it be",
        f"{_STEPS}::test_who_has_handled_it_does_not_decide_unless_the_law_lets_one_officer_do_both",
    ),
    Scenario(
        "who accepted the filing waives its fee",
        "ours",
        "refused; another officer of the role or a leader may",
        f"{_FEES}::test_who_has_accepted_it_does_not_waive_its_fee_but_another_officer_or_a_leader_does",
    ),
    Scenario(
        "a third complaint about the same act",
        "Luật Khiếu nại Đ33, Đ11",
        "one first and one second complaint; a third is refused",
        f"{_GROUNDS}::test_there_is_one_second_complaint",
    ),
    Scenario(
        "a suit in court while the complaint runs",
        "Luật Khiếu nại Đ11 k9",
        "the complainant reports it, the complaint ends",
        f"{_COMPLAINTS}::test_a_suit_ends_it_as_soon_as_the_complainant_reports_it",
    ),
    Scenario(
        "withdrawn after the decision",
        "before the result",
        "refused from the decision on",
        f"{_LIFE}::test_each_of_these_is_refused_for_its_own_reason",
    ),
    Scenario(
        "suspended again and again, for years",
        "a ground and an end",
        "the sum of all suspensions is bounded by the procedure's law",
        f"{_APPLICANTS}::test_the_law_of_the_procedure_bounds_them",
    ),
    Scenario(
        "silence is consent, the officer acts a moment late",
        "the procedure's law",
        "approved at the due instant; a later act is refused",
        f"{_CLOCKS}::test_a_decision_that_is_judged_when_silence_has_approved_loses",
    ),
    Scenario(
        "a Saturday is worked for a Friday off",
        "the yearly notice",
        "counted as a working day, with the hours of the day that it replaces",
        "unit/publishing/test_calendar_files.py::test_a_make_up_day_has_the_hours_of_the_day_that_it_replaces",
    ),
    Scenario(
        "the evidence of a waiver proves false",
        "Luật 97/2015 Đ10",
        "the waiver is taken back with a notice, the whole fee is asked for",
        f"{_UNDONE}::test_of_a_waiver_that_is_taken_back_the_whole_fee_is_asked_for",
    ),
    Scenario(
        "a mother files for her child, a director for the firm",
        "BLDS 2015 Đ135–137",
        "represents by law: no authorisation is asked for",
        "unit/filing/test_by_law.py::test_a_parent_files_without_any_authorisation_and_withdraws",
    ),
    Scenario(
        "a refusal waits to be fetched, and is complained about",
        "Luật Khiếu nại Đ9: from knowing",
        "taken; its time runs from the handing over alone",
        f"{_GROUNDS}::test_a_decision_is_known_with_the_result_and_not_before",
    ),
    Scenario(
        "a stranger fetches the result with a passport, or with the code",
        "NĐ 61/2018 Đ20",
        "refused: number and name are the applicant's, or the representative's",
        f"{_DELIVERY}::test_a_passport_is_held_against_number_and_name_as_a_citizens_card_is",
    ),
    Scenario(
        "the desk is silent for four days, then accepts",
        "NĐ 217/2026 Đ54 k1b",
        "the processing runs from the receipt of the complete dossier, where the procedure says so",
        f"{_APPLICANTS}::test_the_processing_runs_from_the_acceptance_or_from_the_receipt_of_the_complete_dossier",
    ),
    Scenario(
        "the intake itself is late",
        "NĐ 61/2018 Đ19 k9; Luật Khiếu nại",
        "apologised for, and open to a complaint",
        f"{_APPLICANTS}::test_a_late_intake_is_apologised_for_and_open_to_a_complaint",
    ),
    Scenario(
        "60 days in hospital, one day late with the complaint",
        "Luật Khiếu nại Đ9",
        "the days of the obstacle do not count, nor those before knowing",
        f"{_GROUNDS}::test_the_days_of_an_obstacle_and_those_before_knowing_do_not_count",
    ),
    Scenario(
        "a complaint about a supplement request, a fee, silence",
        "Luật Khiếu nại Đ2 k8–9",
        "taken, about any event of the record or its absence",
        f"{_GROUNDS}::test_any_event_may_be_complained_about_and_the_silence_after_an_act_of_the_applicants_side",
    ),
    Scenario(
        "a supplement asked for by mistake",
        "ours: undone in the open",
        "cancelled before it is answered; the clocks run as if it had never stood",
        f"{_UNDONE}::test_the_clocks_run_as_if_a_cancelled_request_had_never_been_made",
    ),
    Scenario(
        "accepted by mistake",
        "ours",
        "taken back on its day, before the review has begun",
        f"{_UNDONE}::test_who_may_take_an_acceptance_back_and_until_when",
    ),
    Scenario(
        "a supplement on its last day, after the desk has closed",
        "BLDS 2015 Đ148 k6",
        "online in time until 24:00, at the desk in its hours",
        f"{_APPLICANTS}::test_a_supplement_may_come_online_at_any_hour_of_the_last_day_and_at_the_desk_in_its_hours",
    ),
    Scenario(
        "more time for a supplement",
        "ours",
        "asked for once; nobody loses a right while the agency owes the answer",
        f"{_APPLICANTS}::test_nobody_loses_a_right_while_the_agency_owes_an_answer",
    ),
    Scenario(
        "the other authority is silent about an obligation",
        "practice (secondary)",
        "the agency's clocks stand still until there is an answer or a proof",
        f"{_STEPS}::test_an_obligation_stops_the_agencys_clocks_is_status_6_and_ends_with_its_proof",
    ),
    Scenario(
        "five days become three months",
        "the procedure's law",
        "each stretch is shown with its law, and their sum",
        f"{_APPLICANTS}::test_the_sums_of_what_stretches_the_processing_are_shown",
    ),
    # of our own
    Scenario(
        "a refusal of intake was a mistake",
        "ours",
        "taken back on its day: the intake runs as if never refused",
        f"{_UNDONE}::test_of_a_refusal_that_is_taken_back_nothing_is_left_but_its_trace",
    ),
    Scenario(
        "the same, its fee was paid",
        "Luật 97/2015; the procedure's refunds",
        "nothing goes back and nothing is paid again",
        f"{_UNDONE}::test_of_a_fee_nothing_goes_back_for_a_refusal_that_is_taken_back_and_nothing_is_paid_again",
    ),
    Scenario(
        "a name typed wrongly at the desk",
        "ours",
        "put right, before and after kept sealed, the applicant is told",
        f"{_UNDONE}::test_a_mistyped_name_is_put_right_with_before_and_after_and_nothing_else_changes",
    ),
    Scenario(
        "the same, on a form that was signed digitally",
        "Luật 20/2023 Đ23 (unconfirmed)",
        "the signature is marked as not covering the correction",
        f"{_UNDONE}::test_a_signature_on_the_form_is_marked_as_not_covering_the_correction",
    ),
    Scenario(
        "a mistyped number, and the person's list of filings",
        "ours",
        "the filing is found under the right number alone",
        "integration/record/test_views.py::test_the_filings_of_a_person_follow_a_number_that_is_corrected",
    ),
    Scenario(
        "a supplement by post, handed over in time, arriving late",
        "BLDS 2015 Đ148; QĐ 45/2016 Đ7",
        "counts by its hand-over",
        f"{_APPLICANTS}::test_papers_count_by_their_handing_over_which_the_desk_may_record_until_the_next_close",
    ),
    Scenario(
        "the last day of an applicant, printed",
        "BLDS 2015 Đ148 k6",
        "the day itself, never 00:00 of the next",
        f"{_APPLICANTS}::test_the_last_day_is_shown_and_never_midnight_of_the_next",
    ),
    Scenario(
        "a fee by days since a birth, the last day a holiday",
        "BLDS 2015 Đ148 k5",
        "kept on the next working day",
        f"{_FEES}::test_a_limit_that_ends_on_a_day_off_is_kept_on_the_next_working_day",
    ),
    Scenario(
        "days off that are declared after the appointment was given",
        "the yearly notice",
        "the clocks, the reminder and the apology move with them",
        f"{_LATE}::test_days_off_that_are_declared_late_move_the_reminder_and_the_apology_too",
    ),
    Scenario(
        "a day off that is only proposed",
        "the yearly notice",
        "moves nothing; the same day decided does",
        f"{_TIME}::test_a_day_that_is_only_proposed_moves_nothing_and_the_same_day_decided_does",
    ),
    Scenario(
        "filed at 15:30 where the cut-off is 15:00",
        "Luật Hộ tịch Đ5 k3",
        "counts for the agency as of the next day",
        f"{_CLOCKS}::test_what_comes_in_after_the_cut_off_counts_for_the_agency_as_of_the_next_day",
    ),
    Scenario(
        "late already when it is paused",
        "ours",
        "late it is, although its timer had not rung",
        f"{_LATE}::test_what_ran_out_before_it_was_paused_is_late_although_its_timer_had_not_rung",
    ),
    Scenario(
        "silence while the clock stands still",
        "the procedure's law",
        "approves nothing",
        f"{_CLOCKS}::test_silence_approves_nothing_while_the_clock_stands_still",
    ),
    Scenario(
        "a consulted body says nothing",
        "NĐ 61/2018 Đ19 k5",
        "consent at the end of its time, where the procedure says so",
        f"{_STEPS}::test_silence_is_consent_at_the_instant_the_time_is_over_where_the_procedure_says_so",
    ),
    Scenario(
        "the applicant says nothing about a draft",
        "civil status online (secondary)",
        "silence confirms it",
        f"{_OTHERS}::test_silence_confirms_it",
    ),
    Scenario(
        "another agency is late with its part",
        "NĐ 61/2018 Đ19 k6",
        "told once to both team leads; the filing still waits",
        f"{_OTHERS}::test_a_part_that_is_late_is_told_once_to_the_team_lead_until_it_is_answered",
    ),
    Scenario(
        "papers do not arrive from the other desk",
        "NĐ 118/2025 (secondary)",
        "late, and the team lead is told",
        f"{_PAPER}::test_papers_that_do_not_arrive_are_late_and_the_team_lead_is_told",
    ),
    Scenario(
        "a fee that came in two parts, of which half goes back",
        "the procedure's refunds",
        "the shares of the parts add up to the share of the whole",
        "unit/refund/test_disputes.py::test_shares_of_a_fee_that_came_in_parts_add_up_to_the_share_of_the_whole",
    ),
    Scenario(
        "less is owed after a supplement",
        "Luật 97/2015",
        "the difference goes back the way it came, and nobody waits",
        f"{_CHANGES}::test_less_goes_back_the_way_it_came_and_nobody_waits",
    ),
    Scenario(
        "more is owed after a supplement",
        "Luật 97/2015",
        "the difference is asked for, the filing waits for it",
        f"{_CHANGES}::test_more_is_asked_for_as_the_difference_and_the_filing_waits_for_it",
    ),
    Scenario(
        "refunded, then the filing begins again",
        "ours",
        "no đồng goes back twice by rule",
        "unit/refund/test_disputes.py::test_no_dong_goes_back_twice_by_rule",
    ),
    Scenario(
        "a refund by one officer alone",
        "two officers",
        "another leader than the requester approves or declines",
        f"{_REFUNDS}::test_another_leader_than_who_asked_approves_or_declines",
    ),
    Scenario(
        "half a fee is waived",
        "Luật 97/2015 Đ10",
        "once, and the rest is asked for anew",
        f"{_STEPS}::test_half_a_fee_is_waived_once_and_the_rest_asked_for_anew",
    ),
    Scenario(
        "the head answers a complaint about an own decision",
        "Luật Khiếu nại Đ17–23, Đ29",
        "may, once another officer has verified it",
        f"{_COMPLAINTS}::test_the_head_answers_a_complaint_about_their_own_act_after_another_officer_has_verified_it",
    ),
    Scenario(
        "a neighbour's complaint, withdrawn by the applicant",
        "Luật Khiếu nại Đ10 (unconfirmed)",
        "refused; the neighbour withdraws it at the desk",
        f"{_COMPLAINTS}::test_the_complaint_of_a_touched_person_is_withdrawn_at_the_desk_and_not_by_the_applicant",
    ),
    Scenario(
        "a second complaint, decided without a dialogue",
        "NĐ 155/2026 Đ11; Luật Khiếu nại Đ30",
        "refused until one was held, five days after the invitation",
        f"{_COMPLAINTS}::test_a_second_complaint_is_decided_after_a_dialogue_to_which_five_days_lead",
    ),
    Scenario(
        "the act is stopped until the answer",
        "Luật Khiếu nại Đ35",
        "until the answer or the end of its time, or lifted before",
        f"{_COMPLAINTS}::test_the_act_is_stopped_until_the_answer_or_the_end_of_its_time_or_before",
    ),
    Scenario(
        "the filing while its act is stopped",
        "Luật Khiếu nại Đ35",
        "stands still, nothing is decided or given out; then its dates are moved",
        f"{_STAY}::test_at_every_stage_the_filing_stands_still_and_goes_on_where_it_was",
    ),
    Scenario(
        "a stay whose complaint is never answered",
        "Luật Khiếu nại Đ35: no longer than the time for the answer",
        "ends by its own clock in the filing",
        f"{_STAY}::test_a_stay_ends_by_its_own_time_though_its_complaint_says_nothing",
    ),
    Scenario(
        "a supplement moves the filing to another commune",
        "Luật Hộ tịch Đ13",
        "refused, with the agency that decides there",
        "workflow/test_provinces.py::test_a_supplement_to_a_place_that_another_agency_decides_is_refused_and_names_it",
    ),
    Scenario(
        "the post loses the result",
        "TT 17/2017 Đ5 k2",
        "another copy is made, the lost one is never offered",
        f"{_LIFE}::test_what_the_post_has_lost_is_made_anew_and_never_offered",
    ),
    Scenario(
        "a stranger fetches the result with a wrong code",
        "NĐ 61/2018 Đ20",
        "counted, until the code counts no more",
        f"{_DELIVERY}::test_wrong_codes_are_counted_until_the_code_counts_no_more",
    ),
    Scenario(
        "a result goes another way while it is with the post",
        "QĐ 45/2016 Đ9",
        "the parcel is called back first",
        f"{_DELIVERY}::test_a_parcel_is_called_back_before_the_result_goes_another_way",
    ),
    Scenario(
        "accepted here, it belongs to another agency",
        "NĐ 118/2025 (secondary)",
        "passed on, with code, papers and limits; the applicant gets a notice",
        f"{_PASSED}::test_from_the_event_on_the_new_agency_acts_and_the_clocks_go_on",
    ),
    Scenario(
        "passed on after its fee was paid",
        "Luật 97/2015; ours",
        "nobody pays twice; the money stays with the agency that took it, also if it goes back",
        f"{_HEIRS}::test_passed_on_with_a_paid_fee_it_is_decided_there_and_the_money_stays",
    ),
    Scenario(
        "passed on where silence would have been consent",
        "the procedure's law",
        "it still is: the first leader there answers for it, if the procedure names none",
        f"{_HEIRS}::test_an_approval_by_silence_is_kept_and_nothing_goes_where_nobody_leads",
    ),
    Scenario(
        "the agency is merged into another one",
        "the decision on the merger",
        "its open filings go to the successor, by one command",
        f"{_HEIRS}::test_all_filings_of_a_closed_agency_go_to_its_successor_and_a_repeat_goes_on",
    ),
    Scenario(
        "a merged agency has refunds, complaints, results left",
        "ours: nobody is left without an officer",
        "the successor's officers act for it, under its code",
        f"{_HEIRS}::test_officers_of_the_successor_finish_what_a_closed_agency_has_in_streams_of_every_kind",
    ),
    Scenario(
        "an applicant recorded as dead who lives",
        "ours: undone in the open",
        "taken back with a notice until a successor steps in: the agency's time runs as if it had never stood still",
        f"{_SUCCESSION}::test_a_mistaken_record_is_taken_back_as_if_the_agencys_time_had_never_stood_still",
    ),
)
"""The scenarios: those of a reading of the law as of November 2026, then others on other ground."""
