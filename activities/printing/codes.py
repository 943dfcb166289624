"""Codes as SVG: QR codes, and Code 128 (set B), the bar code of a dossier code, which a desk's hand scanner reads."""

from typing import Final

import zxingcpp

NO_CODE: Final = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'
"""An empty picture, for a paper without a QR code."""


def qr(content: str) -> str:
    """Returns the QR code of a text with the border that scanners need. Up to 15 % of it may be damaged (level M)."""
    made = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return str(made.to_svg(add_quiet_zones=True))


_START, _STOP, _MODULUS = 104, 106, 103
_QUIET: Final = 10
"""The white modules (units of width) on each side (ISO/IEC 15417)."""

_WIDTHS: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
"""The widths of the bars and gaps of each symbol, alternating, in modules."""
_SYMBOLS: Final = tuple(_WIDTHS.split())


def code128(text: str) -> str:
    """Returns the bar code of a text; it stretches to its container. Raises `ValueError` for text that is not ASCII."""
    if not all(" " <= letter <= "~" for letter in text):
        raise ValueError("Code 128 set B holds printable ASCII alone")
    values = [_START, *(ord(letter) - ord(" ") for letter in text)]
    check = (_START + sum(place * value for place, value in enumerate(values[1:], start=1))) % _MODULUS
    bars, at = [], _QUIET
    for symbol in (*values, check, _STOP):
        for n, width in enumerate(map(int, _SYMBOLS[symbol])):
            if n % 2 == 0:
                bars.append(f'<rect x="{at}" width="{width}" height="1"/>')
            at += width
    view = f'viewBox="0 0 {at + _QUIET} 1" preserveAspectRatio="none"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {view}>{"".join(bars)}</svg>'
