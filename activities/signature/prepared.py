"""A submission's form, ready to be signed. It is made for the applicant, and made again to check the signature."""

from dataclasses import dataclass
from datetime import datetime

from pyhanko.sign.fields import SigFieldSpec

from activities.forms.printing import printed
from activities.signature.revisions import declared
from rules.forms.sheet import Sheet, filled_in, forms_of
from rules.wording.prose import filled
from schemas.filing.submission import Submission, signed_digest
from schemas.publishing.procedure import PaperRule, Procedure
from schemas.signature import APPLICANTS_FIELD


@dataclass(frozen=True)
class Prepared:
    """A form: its sheet, the paper of the dossier that it is, if any, and the PDF.

    `digest` is the SHA-256 (hex) of the signed content.
    """

    sheet: Sheet
    paper: PaperRule | None
    digest: str
    file: bytes


def prepared(procedure: Procedure, key: str, submission: Submission, at: datetime) -> Prepared:
    """Returns the form of this key. The same submission and moment, to the second, give the same bytes everywhere.

    Raises `RefusalError` for characters that the font can't show.
    """
    of = filled(procedure)
    paper = forms_of(of)[key]
    digest = signed_digest(submission, None if paper is None else paper.code)
    sheet = filled_in(of, key, paper, submission, digest=digest)
    file = declared(printed(sheet, at), SigFieldSpec(APPLICANTS_FIELD))
    return Prepared(sheet, paper, digest, file)
