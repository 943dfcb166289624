"""What differs in a province, checked and published: as the procedures that its agencies go by, and their desks."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from operations.owner import Connection, Database, connected
from operations.publications.publishing import PLATFORM, Publisher, publishing
from operations.publications.tables import read
from operations.publications.taking_over import agency_entered
from operations.publishing.procedure_file import MistakesFoundError, all_mistakes
from operations.publishing.versions import Row, VersionPublishedError, row, unpublished
from rules.publishing.document import parse
from rules.publishing.mistakes import Mistake, mistake
from rules.publishing.provinces import Base, Known, Raw, composed, misfits, overlay_problems
from rules.publishing.publications import AGENCY
from rules.publishing.published import published_raw
from schemas.base import Text, Version
from schemas.publishing.events import AgencyEntered, ProvincePublished
from schemas.publishing.procedure import Procedure
from schemas.publishing.province import ProvinceCode, ProvinceOverlay

PROVINCES: Final = Path(__file__).parents[2] / "procedures" / "provinces"


class Checked(NamedTuple):
    """A province's file with the digest of its bytes, or the mistakes."""

    overlay: ProvinceOverlay | None
    sha256: str
    mistakes: list[Mistake]


class Published(NamedTuple):
    """What was published, and the versions that were composed of it. `already`: these very bytes were before."""

    province: ProvinceCode
    version: Version
    sha256: str
    already: bool
    procedures: tuple[str, ...] = ()


class Listed(NamedTuple):
    """A published version of what a province has of its own; `source` is the file as it was written."""

    province: ProvinceCode
    version: Version
    name: Text
    sha256: str
    published_at: datetime
    in_force: bool
    source: bytes


def check_province(data: bytes, known: Known, today: date | None = None) -> Checked:
    """The province's file that `data` holds, or every mistake of it in the order of the file.

    With `today` nothing may have been checked after it.
    """
    parsed = parse(data)
    found = all_mistakes(parsed, partial(overlay_problems, known=known, today=today))
    overlay = None if found else ProvinceOverlay.model_validate(parsed.value)
    return Checked(overlay, hashlib.sha256(data).hexdigest(), found)


def known_from(procedures: Iterable[bytes]) -> Known:
    """What the files of a catalogue know; which agencies there are, they do not say."""
    return Known(_bases((parse(source).value, False) for source in procedures))


def _bases(versions: Iterable[tuple[Any, bool]]) -> dict[str, list[Base]]:
    found = defaultdict(list)
    for raw, demo in versions:
        if isinstance(raw, dict):
            found[str(raw.get("code"))].append(Base(raw, demo))
    return dict(found)


async def publish_province(database: Database, source: bytes, by: Publisher = PLATFORM) -> Published:
    """Publishes one version of a province, and composes the procedures of its agencies.

    The same bytes may be published again, other bytes never. Raises `MistakesFoundError`, also for a procedure or an
    agency that the database does not have, `VersionPublishedError`, and what asyncpg raises.
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
    return Published(*key, sha256, already=False, procedures=tuple(f"{one.code}@{one.version}" for one in made))


async def _known(connection: Connection, source: bytes) -> Known:
    """What the database has of what the file may speak of; of the versions, those of the whole country."""
    value = parse(source).value
    province = value.get("province") if isinstance(value, dict) else None
    rows = await connection.fetch(_VERSIONS)
    versions = [(published_raw(file, published_at.date()), demo) for file, demo, published_at in rows]
    agencies = await connection.fetch("select agency from agency where province = $1", str(province))
    return Known(_bases(versions), frozenset(row["agency"] for row in agencies))


def compose(base: Base, province: str, version: Version, fee: Any) -> Row:
    """The province's version of a procedure, of which nothing is wrong. The same arguments give the same bytes."""
    raw = composed(base.raw, province, version, fee)
    source = _written(raw)
    sha256 = hashlib.sha256(source).hexdigest()
    made = row(Procedure.model_validate(raw), sha256, source, demo=base.demo)
    return made._replace(province=province, base=base.raw["version"])


def _written(raw: Raw) -> bytes:
    return yaml.safe_dump(raw, allow_unicode=True, sort_keys=False, width=120).encode()


async def of_provinces(connection: Connection, base: Base) -> list[Row]:
    """What a new version of a procedure is in each province that has its fee. Raises `MistakesFoundError`."""
    made = []
    for province, version, source in await connection.fetch(_IN_FORCE):
        fee = (parse(source).value.get("fees") or {}).get(base.raw["code"])
        if fee is not None:
            _fits(base, province, version, fee)
            made.append(compose(base, province, version, fee))
    return made


def _fits(base: Base, province: str, version: Version, fee: Any) -> None:
    found = misfits(base, composed(base.raw, province, version, fee))
    if found:
        place, wrong = found[0].path, found[0].rule
        whose = f"{province}@{version}"
        raise MistakesFoundError([mistake("does_not_fit_province", "fee", province=whose, place=place, wrong=wrong)])


async def _served(connection: Connection, overlay: ProvinceOverlay) -> list[AgencyEntered]:
    """The desks that receive for others are those of this version, and no more: the agencies that change by that."""
    desks = {desk.agency: list(desk.receives_for) for desk in overlay.desks}
    there = (await read(connection, AGENCY)).values()
    concerned = [row for row in there if row["province"] == overlay.province or row["agency"] in desks]
    now = [row | {"receives_for": desks.get(row["agency"], [])} for row in concerned]
    return [agency_entered(row) for row, before in zip(now, concerned, strict=True) if row != before]


async def published_provinces(
    database: Database, province: str | None = None, version: str | None = None
) -> list[Listed]:
    """The published versions, of each province the newest first."""
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
