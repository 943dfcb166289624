"""An invented applicant and what they hand in. Every personal value holds `CANARY`, so that a scan can look for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from deploy.demo.scenario import Scenario
from motcua.store import Store
from schemas.files import FileRef, Paper
from schemas.filing.submission import Submission
from schemas.form import FormValue
from schemas.ids import filing_id
from schemas.level import Channel
from schemas.people import Actor, Address, Applicant, PersonKind, Role, Via

CLIENT: Final = "motcua-demo"


@dataclass(frozen=True)
class Filer:
    """The `n`-th applicant of a run, with papers in the object store. `run` names the run, in 7 capitals and digits."""

    run: str
    n: int
    store: Store

    @property
    def submission_id(self) -> str:
        """The id of what this applicant files."""
        return f"{self.run}-{self.n:05d}"

    @property
    def filing_id(self) -> UUID:
        """The filing that comes of it."""
        return filing_id(CLIENT, self.submission_id)

    @property
    def canary(self) -> str:
        """What every personal value of this applicant begins with."""
        return f"CANARY-{self.submission_id}"

    def applicant(self, kind: PersonKind = PersonKind.PERSON) -> Applicant:
        """In whose name it is filed."""
        return Applicant(
            subject=f"{self.canary}@id.example",
            kind=kind,
            name=f"{self.canary} Nguyễn Thị An",
            id_number=self.canary,
            phone=f"{self.canary}-0900000000",
            email=f"{self.canary}@mail.example",
        )

    def actor(self, role: Role = Role.APPLICANT) -> Actor:
        """The applicant, or their representative, as the one who acts."""
        name = self.applicant().subject if role is Role.APPLICANT else f"{self.canary}-representative@id.example"
        return Actor(subject=name, role=role)

    def words(self, values: Mapping[str, FormValue]) -> dict[str, FormValue]:
        """Form values with `{canary}` filled in, and `{born}`: a day on which a child was born some weeks ago."""
        born = (datetime.now(UTC).date() - timedelta(days=20)).isoformat()
        return {
            code: value.replace("{canary}", self.canary).replace("{born}", born) if isinstance(value, str) else value
            for code, value in values.items()
        }

    async def papers(self, codes: Iterable[str]) -> tuple[Paper, ...]:
        """Papers, put into the object store."""
        return tuple([Paper(code=code, file=await self._file(code)) for code in codes])

    async def submission(self, scenario: Scenario, version: str, reception: Actor) -> Submission:
        """What is filed: by the applicant, or on paper by the reception officer."""
        online = scenario.channel is Channel.ONLINE
        paper_only = tuple(Paper(code=code) for code in scenario.papers)
        filer = self.actor(Role.REPRESENTATIVE if scenario.represented else Role.APPLICANT)
        return Submission(
            client_id=CLIENT,
            submission_id=self.submission_id,
            procedure=scenario.procedure,
            version=version,
            agency=scenario.agency,
            desk=scenario.desk,
            channel=scenario.channel,
            applicant=self.applicant(PersonKind.ORGANISATION if scenario.organisation else PersonKind.PERSON),
            actor=filer if online else reception,
            via=via(scenario.channel),
            form=self.words(scenario.form),
            papers=await self.papers(scenario.papers) if online else paper_only,
            authorisation=await self._file("authorisation") if scenario.represented else None,
            signature=await self._file("signature") if scenario.signed else None,
            fee_channel=scenario.fee_channel,
            result_channel=scenario.result_channel,
            address=self._address(scenario.postcode) if scenario.postcode else None,
            payer_account=f"{self.canary}{scenario.payer}" if scenario.payer else None,
            assisted=await self._file("read-back") if scenario.assisted else None,
        )

    def _address(self, postcode: str) -> Address:
        return Address(
            recipient=f"{self.canary} Nguyễn Thị An",
            phone=f"{self.canary}-0900000000",
            address=f"{self.canary} 12 phố Hàng Gai",
            postcode=postcode,
        )

    async def _file(self, code: str) -> FileRef:
        data = f"{code}: {self.canary}\n".encode()
        return await self.store.put(f"papers/{self.submission_id}/{code}", data, "text/plain; charset=utf-8")


def via(channel: Channel) -> Via:
    """The demo as the program that passes things on."""
    return Via(principal=CLIENT, channel=channel)
