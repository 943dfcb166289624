"""The descriptor of filings: their rules, their fold and their read models, as for every kind of stream."""

from typing import Final

from rules.filing import projections
from rules.filing.evidence import answered_by, evidence, found_by
from rules.filing.fold import evolve
from rules.filing.lifecycle import RULES
from rules.require import require
from rules.stream_kind import Numbering, Pins, StreamKind, Table, Waits
from schemas.filing import events as ev
from schemas.filing.commands import PUBLIC_COMMANDS
from schemas.filing.state import Filing
from schemas.stream.snapshots import FilingMemory
from schemas.translate import said

FILING: Final = StreamKind(
    name="filing",
    workflow="Filing",
    state=Filing,
    events=ev.Event,
    first="submitted",
    initial=lambda origin: Filing(
        filing_id=origin.stream.filing,
        agency=origin.agency,
        procedure=require(origin.procedure),
        calendar=require(origin.calendar),
        digests=origin.digests,
    ),
    rules=RULES,
    evolve=evolve,
    standing=projections.standing,
    rows=projections.rows,
    results=projections.results,
    commands=PUBLIC_COMMANDS,
    evidence_of=evidence,
    found_by=found_by,
    answered_by=answered_by,
    pins=lambda first: (
        Pins(first.procedure, first.version, first.procedure_sha256, first.calendar)
        if isinstance(first, ev.Submitted)
        else None
    ),
    waits=(Waits(projections.without_file, frozenset({ev.MachineWorkFailing}), "doctor.signing.no_file"),),
    numberings={"dossier": Numbering("%Y%m%d", ""), "receipt": Numbering("%Y", "R"), "result": Numbering("%Y", "K")},
    table=Table("filing", "filing_id"),
    memory=FilingMemory,
    shown=frozenset(
        {
            *(ev.Submitted, ev.Accepted, ev.AcceptanceRevoked, ev.IntakeRefused, ev.FilesScanned, ev.SignatureJudged),
            *(ev.RefusalRevoked, ev.ApplicantCorrected, ev.SupplementRequested, ev.SupplementCancelled),
            *(ev.Supplemented, ev.SupplementExpired),
            *(ev.DossierTransferred, ev.DossierReceived, ev.PassedOn),
            *(ev.MoreTimeRequested, ev.MoreTimeGranted, ev.MoreTimeRefused),
            *(ev.FeeRequested, ev.FeePaid, ev.FeeExpired, ev.FeeWaived, ev.FeeWaiverRevoked, ev.FeeWaiverDeclined),
            *(ev.FeeReduced, ev.FeeChargedBack),
            *(ev.Asked, ev.Answered, ev.DraftShown, ev.DraftConfirmed, ev.DraftCorrected),
            *(ev.Referred, ev.PartOverdue, ev.PartAnswered, ev.PartsDecided),
            *(ev.ObligationDemanded, ev.ObligationFulfilled),
            *(ev.Suspended, ev.SuspensionProlonged, ev.Resumed, ev.Stopped, ev.Withdrawn, ev.Reopened),
            *(ev.MandateRevoked, ev.RepresentativeNamed),
            *(ev.ApplicantCeased, ev.CessationRevoked, ev.Succeeded, ev.Lapsed),
            *(ev.Stayed, ev.StayOver),
            *(ev.Extended, ev.CaseApplied, ev.Reappointed, ev.Apologised, ev.Overdue),
            *(
                ev.Decided,
                ev.ResultIssued,
                ev.ResultOffered,
                ev.ResultUnclaimed,
                ev.DeliveryChanged,
                ev.ReissueRequested,
            ),
            *(ev.PickupOffered, ev.WrongCodeGiven, ev.HandedOver),
            *(ev.ParcelRequested, ev.ParcelRecalled, ev.ParcelFailed, ev.ParcelFound),
        }
    ),
    for_applicants={ev.PickupOffered: frozenset({"code"}), ev.ResultOffered: frozenset({"link"})},
    for_officers=frozenset({"possible_duplicates"}),
    title=said("many.filings"),
)
