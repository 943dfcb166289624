"""What may be attached: names, media types, sizes, how many; and what is said of the rest."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from obstore.store import LocalStore, MemoryStore, ObjectStore

from motcua import contract as c
from motcua.files import drafts
from motcua.files import store as stores
from motcua.files.store import DamagedFileError, FileNotTakenError, NoStoreError, Store
from schemas.files import EXTENSIONS, file_key, media_type_of

FILING: Final = UUID("11111111-1111-4111-8111-111111111111")
OTHER: Final = UUID("22222222-2222-4222-8222-222222222222")


@pytest.fixture(params=["nameless", "named", "memory"])
def backend(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """The ways in which a store takes files: drafts in a folder, without a name and with one, and in one piece."""
    if request.param == "named":
        monkeypatch.setattr(drafts, "NAMELESS", False)
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "objects", mkdir=True)


def keys(backend: ObjectStore) -> list[str]:
    return sorted(meta["path"] for page in backend.list() for meta in page)


def file(folder: Path, name: str = "Giấy chứng sinh.pdf", data: bytes = b"%PDF-1.7\n") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


async def refusal(store: Store, path: Path, **options: str) -> FileNotTakenError:
    with pytest.raises(FileNotTakenError) as raised:
        await store.attach(FILING, path, **options)  # type: ignore[arg-type]
    assert path.stem not in str(raised.value), "a file's name is personal"
    return raised.value


async def test_a_file_lies_under_its_filing_and_its_digest_with_its_name(backend: ObjectStore, tmp_path: Path) -> None:
    store, seen = Store(backend), list[int]()
    data = os.urandom(3_000_000)
    found = await store.attach(str(FILING), file(tmp_path, data=data), progress=seen.append)
    assert (found.key, found.size) == (file_key(FILING, found.sha256), len(data))
    assert (found.media_type, found.name) == ("application/pdf", "Giấy chứng sinh.pdf")
    assert await store.get(found) == data
    assert (seen[-1], len(seen), seen) == (len(data), 3, sorted(seen))
    assert await store.attach(FILING, file(tmp_path, data=data)) == found
    assert (await store.attach(OTHER, file(tmp_path, data=data))).key == file_key(OTHER, found.sha256)
    assert keys(backend) == [found.key, file_key(OTHER, found.sha256)]


async def test_a_result_lies_beside_the_papers(backend: ObjectStore) -> None:
    store = Store(backend)
    result = await store.put(FILING, b"ket qua", "text/plain; charset=utf-8")
    assert (result.key, result.name) == (file_key(FILING, result.sha256), None)
    assert await store.put(FILING, b"ket qua", "text/plain; charset=utf-8") == result
    with pytest.raises(FileNotTakenError, match="file_empty"):
        await store.put(FILING, b"", "text/plain")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        *((f"x{ending}", kind) for kind, endings in EXTENSIONS.items() for ending in endings),
        ("ẢNH.JPG", "image/jpeg"),
        ("x.docx", None),
        ("pdf", None),
        (".pdf", None),
        ("x.pdf.exe", None),
    ],
)
def test_the_end_of_a_name_says_what_a_file_is(name: str, media_type: str | None) -> None:
    assert media_type_of(name) == media_type


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("don.pdf", b"", "file_empty"),
        ("don.pdf", b"x" * (c.LARGEST_FILE + 1), "file_too_large"),
        ("don.docx", b"x", "file_kind_unknown"),
        ("don\u202efdp.pdf", b"x", "file_name_unfit"),
        ("don\n.pdf", b"x", "file_name_unfit"),
    ],
)
async def test_what_can_not_be_attached_is_refused_by_its_rule_and_leaves_nothing(
    backend: ObjectStore, tmp_path: Path, name: str, data: bytes, rule: str
) -> None:
    refused = await refusal(Store(backend), file(tmp_path, name, data))
    assert (refused.problem.field, refused.problem.rule) == ("file", rule)
    assert refused.problem.message.vi != refused.problem.message.en
    assert (keys(backend), list(tmp_path.rglob("*#*"))) == ([], [])


async def test_what_is_said_beside_the_file_counts_before_what_its_name_says(
    backend: ObjectStore, tmp_path: Path
) -> None:
    store = Store(backend)
    found = await store.attach(FILING, file(tmp_path, "blob"), media_type="image/png", name="a\u0309nh.png")
    assert (found.media_type, found.name) == ("image/png", "ảnh.png"), "in NFC"
    for name in ("a/b.pdf", "a\\b.pdf", "x" * 200 + ".pdf"):
        assert (await refusal(store, file(tmp_path), name=name)).problem.rule == "file_name_unfit"
    assert (await refusal(store, tmp_path / "absent.pdf")).problem.rule == "file_unreadable"
    assert (await refusal(store, tmp_path)).problem.rule == "file_kind_unknown"
    assert (await refusal(store, tmp_path, name="x.pdf")).problem.rule == "file_unreadable"


async def test_a_filing_has_so_many_files_and_no_more(backend: ObjectStore, tmp_path: Path) -> None:
    store = Store(backend)
    for n in range(c.MOST_FILES):
        last = await store.attach(FILING, file(tmp_path, data=f"{n}".encode()))
    assert await store.attach(FILING, file(tmp_path, data=f"{c.MOST_FILES - 1}".encode())) == last, "it is there"
    assert (await refusal(store, file(tmp_path, data=b"more"))).problem.rule == "too_many_files"
    assert len(keys(backend)) == c.MOST_FILES
    await store.attach(OTHER, file(tmp_path, data=b"more"))
    await store.put(FILING, b"a result has room whatever was handed in", "application/pdf")
    assert len(keys(backend)) == c.MOST_FILES + 2


async def test_all_files_of_a_filing_are_so_large_together_and_no_larger(tmp_path: Path) -> None:
    store = Store(LocalStore(tmp_path / "objects", mkdir=True))
    for n in range(c.LARGEST_FILING // c.LARGEST_FILE):
        await store.attach(FILING, file(tmp_path, data=bytes([n]) * c.LARGEST_FILE))
    assert (await refusal(store, file(tmp_path, data=b"x"))).problem.rule == "files_too_large"


async def test_what_lies_in_its_place_and_is_another_file_is_never_overwritten(
    backend: ObjectStore, tmp_path: Path
) -> None:
    store = Store(backend)
    found = await store.attach(FILING, file(tmp_path))
    backend.put(found.key, b"%PDF-1.8\n")
    with pytest.raises(DamagedFileError, match="another file"):
        await store.attach(FILING, file(tmp_path))
    assert bytes(backend.get(found.key).bytes()) == b"%PDF-1.8\n"


async def test_a_file_that_is_attached_again_is_young_again(tmp_path: Path) -> None:
    store, notice = Store(LocalStore(tmp_path / "objects", mkdir=True)), file(tmp_path)
    kept = tmp_path / "objects" / (await store.attach(FILING, notice)).key
    os.utime(kept, (0, 0))
    await store.attach(FILING, notice)
    assert kept.stat().st_mtime > 0, "it would be swept before it is filed"


async def test_many_at_once_may_be_the_same_file(backend: ObjectStore, tmp_path: Path) -> None:
    store, path = Store(backend), file(tmp_path, data=os.urandom(2_000_000))
    found = await asyncio.gather(*(store.attach(FILING, path) for _ in range(8)))
    assert len(set(found)) == 1
    assert keys(backend) == [found[0].key]
    assert list(tmp_path.rglob("*#*")) == []


@pytest.mark.parametrize(("nameless", "draft"), [(True, ""), (False, "upload")])
async def test_what_is_in_a_folder_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, nameless: bool, draft: str
) -> None:
    """The draft before it has its name, the folders that are new, and the folder in which the name stands."""
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name.partition("#")[0])
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(drafts, "NAMELESS", nameless)
    store = Store(LocalStore(tmp_path / "objects", mkdir=True))
    found = await store.attach(FILING, file(tmp_path))
    assert synced == ["objects", "files", draft, str(FILING)]
    synced.clear()
    await store.attach(FILING, file(tmp_path))
    assert synced == [draft, found.sha256, str(FILING)], "whoever put it there may not have done so"


async def test_without_an_address_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(stores.OBJECTS, raising=False)
    with pytest.raises(NoStoreError, match="MOTCUA_OBJECTS"):
        Store.from_environment()
