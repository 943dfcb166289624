"""Publishes versions of procedures, and the differences of a province: the procedures and desks of its agencies."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from console.database import Connection, Database, connected
from publishing.authoring.procedure_file import MistakesFoundError, all_mistakes
from publishing.checks.provinces import Base, Known, composed, misfits, overlay_problems
from publishing.record.publications import AGENCY
from publishing.record.publishing import PLATFORM, Publisher, publishing
from publishing.record.tables import agency_entered, read
from rules.source import Mistake, mistake, parse, published_raw
from schemas.base import Text, Version
from schemas.publishing.events import AgencyEntered, ProcedurePublished, ProvincePublished
from schemas.publishing.procedure import Procedure, Validity
from schemas.publishing.procedure_rules import rules_of
from schemas.publishing.province import ProvinceCode, ProvinceOverlay


class VersionPublishedError(Exception):
    """Another file was published under this code and version; a published version never changes."""

    def __init__(self, code: str, version: Version, sha256: str) -> None:
        super().__init__(
            f"{code}@{version} is published with other content (sha256 {sha256}): give the changed file a new version"
        )


def of_country(procedure: Procedure, sha256: str, source: bytes, *, demo: bool) -> ProcedurePublished:
    """Returns the event of a procedure of the whole country."""
    validity = procedure.validity or Validity(source="-")
    return ProcedurePublished(
        procedure=procedure.code,
        version=procedure.version,
        sha256=sha256,
        source=source.decode(),
        rules=rules_of(procedure, sha256).model_dump_json(),
        demo=demo,
        valid_from=validity.valid_from,
        valid_until=validity.valid_until,
    )


async def unpublished(connection: Connection, versions: Iterable[ProcedurePublished]) -> list[ProcedurePublished]:
    """Returns the versions that are not published yet. Raises `VersionPublishedError`."""
    new = []
    for one in versions:
        stands = await connection.fetchval(
            "select sha256 from procedure where code = $1 and version = $2", one.procedure, one.version
        )
        if stands not in {None, one.sha256}:
            raise VersionPublishedError(one.procedure, one.version, stands)
        if stands is None:
            new.append(one)
    return new


PROVINCES: Final = Path(__file__).parents[2] / "procedures" / "provinces"


class Checked(NamedTuple):
    """A province's overlay with the digest of its file, or the mistakes in the file."""

    overlay: ProvinceOverlay | None
    sha256: str
    mistakes: list[Mistake]


class Published(NamedTuple):
    """A published province file, and the versions composed from it; `already`: whether it was published before."""

    province: ProvinceCode
    version: Version
    sha256: str
    already: bool
    procedures: tuple[str, ...] = ()


class Listed(NamedTuple):
    """A published version of a province's differences; `source` is the file as written."""

    province: ProvinceCode
    version: Version
    name: Text
    sha256: str
    published_at: datetime
    in_force: bool
    source: bytes


def check_province(data: bytes, known: Known, today: date | None = None) -> Checked:
    """Returns the province's file in `data`, or all its mistakes. A date in `checked` may not be later than `today`."""
    parsed = parse(data)
    found = all_mistakes(parsed, partial(overlay_problems, known=known, today=today))
    overlay = None if found else ProvinceOverlay.model_validate(parsed.value)
    return Checked(overlay, hashlib.sha256(data).hexdigest(), found)


def known_from(procedures: Iterable[bytes]) -> Known:
    """Returns the procedures in the files of a catalogue, without any agencies: `agencies` is None."""
    return Known(_bases((parse(source).value, False) for source in procedures))


def _bases(versions: Iterable[tuple[Any, bool]]) -> dict[str, list[Base]]:
    found = defaultdict(list)
    for raw, demo in versions:
        if isinstance(raw, dict):
            found[str(raw.get("code"))].append(Base(raw, demo))
    return dict(found)


async def publish_province(database: Database, source: bytes, by: Publisher = PLATFORM) -> Published:
    """Publishes one version of a province's differences, and composes the procedures of its agencies.

    The same bytes may be published again; other bytes under the same version are refused. Raises `MistakesFoundError`,
    also for a procedure or an agency unknown to the database, `VersionPublishedError`, and asyncpg's errors.
    """
    async with publishing(database, by) as now:
        connection = now.connection
        known = await _known(connection, source)
        overlay, sha256, mistakes = check_province(source, known)
        if overlay is None:
            raise MistakesFoundError(mistakes)
        key = (overlay.province, overlay.version)
        stands = await connection.fetchval(_SHA256, *key)
        if stands not in {None, sha256}:
            raise VersionPublishedError(*key, stands)
        if stands is not None:
            return Published(*key, sha256, already=True)
        fees = parse(source).value.get("fees") or {}
        made = [compose(base, *key, fees[code]) for code in fees for base in known.procedures[code]]
        said = ProvincePublished(
            province=overlay.province,
            version=overlay.version,
            name=overlay.name,
            own=tuple(entry.code for entry in overlay.own),
            sha256=sha256,
            source=source.decode(),
        )
        served = await _served(connection, overlay)
        await now.publish([said, *served, *await unpublished(connection, made)])
    return Published(*key, sha256, already=False, procedures=tuple(f"{one.procedure}@{one.version}" for one in made))


async def _known(connection: Connection, source: bytes) -> Known:
    """Returns the procedures in the database, in their versions for the whole country, and the province's agencies."""
    value = parse(source).value
    province = value.get("province") if isinstance(value, dict) else None
    rows = await connection.fetch(_VERSIONS)
    versions = [(published_raw(file, published_at.date()), demo) for file, demo, published_at in rows]
    agencies = await connection.fetch("select agency from agency where province = $1", str(province))
    return Known(_bases(versions), frozenset(row["agency"] for row in agencies))


def compose(base: Base, province: str, version: Version, fee: Any) -> ProcedurePublished:
    """Returns the province's version of a procedure, without checks. The same arguments give the same bytes."""
    raw = composed(base.raw, province, version, fee)
    source = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False, width=120).encode()
    sha256 = hashlib.sha256(source).hexdigest()
    made = of_country(Procedure.model_validate(raw), sha256, source, demo=base.demo)
    return made.model_copy(update={"province": province, "base": base.raw["version"]})


async def of_provinces(connection: Connection, base: Base) -> list[ProcedurePublished]:
    """Returns the variants of a new version for the provinces with their own fee. Raises `MistakesFoundError`."""
    made = []
    for province, version, source in await connection.fetch(_IN_FORCE):
        fee = (parse(source).value.get("fees") or {}).get(base.raw["code"])
        if fee is None:
            continue
        if found := misfits(base, composed(base.raw, province, version, fee)):
            whose, place, rule = f"{province}@{version}", found[0].path, found[0].rule
            misfit = mistake("does_not_fit_province", "fee", province=whose, place=place, wrong=rule)
            raise MistakesFoundError([misfit])
        made.append(compose(base, province, version, fee))
    return made


async def _served(connection: Connection, overlay: ProvinceOverlay) -> list[AgencyEntered]:
    """Returns an event for each agency whose `receives_for` changes.

    `receives_for` becomes empty for an agency of the province that is no desk in `overlay`.
    """
    desks = {desk.agency: list(desk.receives_for) for desk in overlay.desks}
    there = (await read(connection, AGENCY)).values()
    concerned = [row for row in there if row["province"] == overlay.province or row["agency"] in desks]
    now = [row | {"receives_for": desks.get(row["agency"], [])} for row in concerned]
    return [agency_entered(row) for row, before in zip(now, concerned, strict=True) if row != before]


async def published_provinces(
    database: Database, province: str | None = None, version: str | None = None
) -> list[Listed]:
    """Returns the published versions of provinces' differences, the newest of each province first."""
    async with connected(database) as connection:
        rows = await connection.fetch(_LIST, province, version)
    return [Listed(code, name, Text(vi=vi, en=en), *rest) for code, name, vi, en, *rest in rows]


_SHA256: Final = "select sha256 from province_overlay where province = $1 and version = $2"
_VERSIONS: Final = "select source, demo, published_at from procedure where province is null order by published_at"
_IN_FORCE: Final = "select province, version, source from province_in_force order by province"
_LIST: Final = """
select province, version, name_vi, name_en, sha256, published_at,
    version = (select version from province_in_force as newest where newest.province = listed.province), source
from province_overlay as listed
where ($1::text is null or province = $1) and ($2::text is null or version = $2)
order by province, published_at desc
"""
