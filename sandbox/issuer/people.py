"""The people with an account at the sandbox issuer: the officers of the sandbox's directory, and any applicant."""

import html
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

DIRECTORY: Final = Path(__file__).parents[2] / "deploy" / "directory.yaml"
APPLICANT: Final = "applicant"
APPLICANTS: Final = {"nguyen-van-an": "Nguyễn Văn An", "tran-thi-binh": "Trần Thị Bình", "le-van-chi": "Lê Văn Chí"}
"""The applicants on the page. Any other subject that is no officer's is an applicant as well."""
_TITLE: Final = "Cổng đăng nhập thử nghiệm · Sandbox sign-in"
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem}"
    "button{display:block;width:100%;margin:.4rem 0;padding:.6rem;font:inherit;text-align:left}small{color:#555}"
)


@dataclass(frozen=True)
class Account:
    """A person in one role. `agency`: an officer's agency; None for a person without one."""

    sub: str
    name: str
    role: str
    agency: str | None = None

    @property
    def claims(self) -> dict[str, str]:
        """The claims of the person in a token."""
        return {"sub": self.sub, "role": self.role} | ({"agency": self.agency} if self.agency else {})


@cache
def accounts() -> tuple[Account, ...]:
    """Returns the accounts on the page: for an officer, one for each role."""
    agencies = yaml.load(DIRECTORY.read_bytes(), yaml.CSafeLoader)["agencies"]
    officers = (
        Account(officer["subject"], officer["name"], role, agency["agency"])
        for agency in agencies
        for officer in agency.get("officers", ())
        for role in officer["roles"]
    )
    return (*(Account(sub, name, APPLICANT) for sub, name in APPLICANTS.items()), *officers)


def account(sub: str, role: str | None = None) -> Account | None:
    """Returns a person's account: in the given role, else the first account; None if an officer lacks that role."""
    theirs = [one for one in accounts() if one.sub == sub] or [Account(sub, sub, APPLICANT)]
    return next((one for one in theirs if role in {None, one.role}), None)


def page(shown: Iterable[Account]) -> str:
    """Returns the page where a person chooses an account."""
    buttons = "".join(
        f'<button name=person value="{html.escape(one.sub)} {one.role}">{html.escape(one.name)}<br>'
        f"<small>{html.escape(one.sub)} · {one.role}</small></button>"
        for one in shown
    )
    return (
        f"<!doctype html><html lang=vi><meta charset=utf-8><title>{_TITLE}</title><style>{_STYLE}</style>"
        f"<h1>{_TITLE}</h1><form method=post>{buttons}</form></html>"
    )
