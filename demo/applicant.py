"""An invented applicant and their submission. Every personal value has `CANARY` in it, so that leaks can be found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from activities.partners.signer import Holding
from demo.patience import patiently
from demo.scenario import Scenario
from deploy.trial_signature import signed_as
from motcua.files.store import Store
from motcua.testing import page
from rules.time.working_time import VIETNAM
from schemas.files import FileRef, Paper
from schemas.filing.submission import Authorisation, LegalRepresentative, Submission, signed_content
from schemas.ids import filing_id
from schemas.level import Channel
from schemas.people import Actor, Address, Applicant, PersonKind, Role, Via
from schemas.text import FormValue

CLIENT: Final = "motcua-demo"


@dataclass(frozen=True)
class Filer:
    """The `n`-th applicant of a run. `run`: the name of the run, 7 capital letters or digits.

    `trust`: the address of the sandbox trust, which signs the submissions. Papers are put into the object store.
    """

    run: str
    n: int
    store: Store
    trust: str

    @property
    def submission_id(self) -> str:
        """The id of this applicant's submission."""
        return f"{self.run}-{self.n:05d}"

    @property
    def filing_id(self) -> UUID:
        """The id of the filing that this applicant submits."""
        return filing_id(CLIENT, self.submission_id)

    @property
    def canary(self) -> str:
        """The text that begins the applicant's personal values, except some id numbers."""
        return f"CANARY-{self.submission_id}"

    @property
    def representative(self) -> str:
        """The name of this applicant's representative."""
        return f"{self.canary} Trần Văn Bình"

    @property
    def their_number(self) -> str:
        """The id number of the representative, which is not the applicant's."""
        return self.canary.replace("-", "R", 1)

    def applicant(self, signer: str | None = None, *, organisation: bool = False) -> Applicant:
        """Returns the applicant. The id number is unique; it ends with `signer` if that is given."""
        return Applicant(
            subject=f"{self.canary}@id.example",
            kind=PersonKind.ORGANISATION if organisation else PersonKind.PERSON,
            name=f"{self.canary} Nguyễn Thị An",
            id_number=f"CANARY{self.run}{self.n % 4096:03X}{signer}" if signer else self.canary,
            phone=f"{self.canary}-0900000000",
            email=f"{self.canary}@mail.example",
        )

    @property
    def successor(self) -> Applicant:
        """The person who steps in for this applicant after the applicant's death."""
        number = self.canary.replace("-", "S", 1)
        names = {"subject": f"{self.canary}-successor@id.example", "name": f"{self.canary} Nguyễn Thị Cúc"}
        return self.applicant().model_copy(update=names | {"id_number": number})

    def actor(self, role: Role = Role.APPLICANT) -> Actor:
        """Returns the applicant as an actor; the representative if `role` is not the applicant's."""
        name = self.applicant().subject if role is Role.APPLICANT else f"{self.canary}-representative@id.example"
        return Actor(subject=name, role=role)

    def words(self, values: Mapping[str, FormValue]) -> dict[str, FormValue]:
        """Returns form values with `{canary}` and `{born}` filled in; `{born}`: a child's day of birth, 20 days ago."""
        born = (datetime.now(UTC).date() - timedelta(days=20)).isoformat()
        return {
            code: value.replace("{canary}", self.canary).replace("{born}", born) if isinstance(value, str) else value
            for code, value in values.items()
        }

    async def papers(self, codes: Iterable[str]) -> tuple[Paper, ...]:
        """Puts one paper for each code into the object store, and returns these papers."""
        return tuple([Paper(code=code, file=await self._file(code)) for code in codes])

    async def submission(self, scenario: Scenario, version: str, reception: Actor) -> Submission:
        """Returns the submission. The actor is the applicant or representative if online, else `reception`."""
        online = scenario.channel is Channel.ONLINE
        paper_only = tuple(Paper(code=code) for code in scenario.papers)
        filer = self.actor(Role.REPRESENTATIVE if scenario.represented else Role.APPLICANT)
        submission = Submission(
            client_id=CLIENT,
            submission_id=self.submission_id,
            procedure=scenario.procedure,
            version=version,
            agency=scenario.agency,
            desk=scenario.desk,
            level=scenario.level,
            channel=scenario.channel,
            applicant=self.applicant(scenario.signer, organisation=scenario.organisation),
            actor=filer if online else reception,
            via=via(scenario.channel),
            form=self.words(scenario.form),
            papers=await self.papers(scenario.papers) if online else paper_only,
            **(await self._represented(scenario) if scenario.represented else {}),
            fee_channel=scenario.fee_channel,
            result_channel=scenario.result_channel,
            address=self.address(scenario.postcode) if scenario.postcode else None,
            payer_account=f"{self.canary}{scenario.payer}" if scenario.payer else None,
            assisted=await self._file("read-back") if scenario.assisted else None,
            incident=scenario.incident,
        )
        return await self._signed(submission) if scenario.signed else submission

    async def _signed(self, submission: Submission) -> Submission:
        """Returns the submission with the applicant's signature over its content."""
        applicant = submission.applicant
        kind: Holding = "organisation" if applicant.kind is PersonKind.ORGANISATION else "person"
        who = (kind, applicant.id_number, applicant.name)
        signature = await patiently(partial(signed_as, self.trust, who, signed_content(submission), None))
        file = await self._put(signature, "application/pkcs7-signature")
        return submission.model_copy(update={"signature": file})

    def address(self, postcode: str) -> Address:
        """Returns the applicant's postal address. The postcode decides the behaviour of the sandbox post."""
        return Address(
            recipient=f"{self.canary} Nguyễn Thị An",
            phone=f"{self.canary}-0900000000",
            address=f"{self.canary} 12 phố Hàng Gai",
            postcode=postcode,
        )

    async def _file(self, code: str) -> FileRef:
        return await self._put(page(f"{code}: {self.canary}"), "application/pdf")

    async def _put(self, data: bytes, media_type: str) -> FileRef:
        return await self.store.put(self.filing_id, data, media_type)

    async def _represented(self, scenario: Scenario) -> dict[str, Any]:
        """Returns the fields of a submission by a representative: under an authorisation, or by law."""
        if scenario.by_law is None:
            return {"authorisation": await self._authorisation()}
        by_law = {"ground": scenario.by_law, "name": self.representative, "id_number": self.their_number}
        return {"by_law": LegalRepresentative.model_validate(by_law)}

    async def _authorisation(self) -> Authorisation:
        """Returns the representative's authorisation. It is valid for every kind of filing, this year and next year."""
        today = datetime.now(VIETNAM).date()
        file = await self._file("authorisation")
        return Authorisation(
            **file.model_dump(),
            principal=self.canary,
            id_number=self.their_number,
            representative=self.representative,
            valid_from=today.replace(month=1, day=1),
            valid_until=today.replace(year=today.year + 1, month=12, day=31),
        )


def via(channel: Channel) -> Via:
    """Returns a `Via` that names the demo as the program that sends a message."""
    return Via(principal=CLIENT, channel=channel)
