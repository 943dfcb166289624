"""What signing adds to a form is nothing that makes it a bad file."""

from __future__ import annotations

import tempfile

from pyhanko.sign.fields import SigFieldSpec

from activities.files.children import Children
from activities.files.inspection import Inspector
from activities.files.preview import pages
from activities.forms.printing import printed
from activities.signature.revisions import declared
from activities.signature.signing import sign_detached, sign_pdf
from rules.forms.named import forms_of
from rules.forms.sheet import filled_in
from schemas.filing.submission import signed_digest
from tests import uploads as u
from tests.integration.signature import party as p
from tests.unit.forms.dossiers import AT, RESIDENCE_FILE, procedure, residence


async def judged(inspector: Inspector, data: bytes, media_type: str = u.PDF) -> str | None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return await inspector.inspect(file.fileno(), media_type)


async def test_signed_forms_and_signatures_pass(party: p.Party) -> None:
    of, submission = procedure(RESIDENCE_FILE), residence()
    ((key, paper),) = forms_of(of).items()
    sheet = filled_in(of, key, paper, submission, digest=signed_digest(submission, "declaration"))
    form = declared(printed(sheet, AT), SigFieldSpec(p.FIELD), SigFieldSpec("Spouse"))
    once = await sign_pdf(form, p.FIELD, party.signer, p.person(p.APPLICANT), party.lasting())
    twice = await sign_pdf(once, "Spouse", party.signer, p.person(p.SPOUSE), party.lasting())
    detached = await sign_detached(b"{}", party.signer, p.person(p.APPLICANT))
    async with Inspector(1) as inspector:
        for signed in (form, once, twice):
            assert await judged(inspector, signed) is None
        assert await judged(inspector, detached, u.CMS) is None
        assert await judged(inspector, p.changed(once, p.script)) == "file_active"
        assert await judged(inspector, twice[:-200]) == "file_damaged"
    with tempfile.TemporaryFile() as file:
        file.write(twice)
        file.flush()
        async with Children(1) as children:
            assert await pages(children, file.fileno(), u.PDF, 0, 1)
