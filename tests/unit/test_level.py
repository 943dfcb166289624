"""What each level allows is what domain.md §1.5 says, cell by cell."""

import pytest

from schemas.level import CAPABILITIES, Level

ALL = {"online", "counter", "post"}
PAPER = {"counter", "post"}


@pytest.mark.parametrize(
    ("level", "channels", "signature"),
    [
        (1, {"filing": PAPER, "fee": PAPER, "result": PAPER, "supplement": PAPER}, False),
        (2, {"filing": PAPER, "fee": PAPER, "result": PAPER, "supplement": PAPER}, False),
        (3, {"filing": ALL, "fee": PAPER, "result": PAPER, "supplement": ALL}, False),
        (4, {"filing": ALL, "fee": ALL, "result": ALL, "supplement": ALL}, True),
    ],
)
def test_the_capabilities_of_a_level(level: int, channels: dict[str, set[str]], *, signature: bool) -> None:
    can = CAPABILITIES[Level(level)]
    assert {part: set(getattr(can, part)) for part in channels} == channels
    assert can.signature is signature


def test_the_modern_names_of_the_levels() -> None:
    assert {int(level): str(can.service) for level, can in CAPABILITIES.items()} == {
        1: "cung_cap_thong_tin",
        2: "cung_cap_thong_tin",
        3: "mot_phan",
        4: "toan_trinh",
    }


def test_every_level_has_its_row_and_its_vietnamese_name() -> None:
    assert {int(level): can.name.vi for level, can in CAPABILITIES.items()} == {
        1: "Mức độ 1: cung cấp thông tin",
        2: "Mức độ 2: cung cấp thông tin và biểu mẫu",
        3: "Mức độ 3: một phần",
        4: "Mức độ 4: toàn trình",
    }
