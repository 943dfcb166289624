"""Makes good and bad files, as people upload them."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

import pikepdf
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Stream, StreamDecodeLevel, String
from PIL import Image

PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
CMS: Final = "application/pkcs7-signature"


def saved(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    written = BytesIO()
    pdf.save(written, **options)
    return written.getvalue()


def paper(**root: Any) -> pikepdf.Pdf:
    """Returns a PDF of one page, with these entries in its catalogue."""
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    for key, value in root.items():
        pdf.Root[f"/{key}"] = value
    return pdf


def in_object_streams(pdf: pikepdf.Pdf) -> bytes:
    return saved(pdf, object_stream_mode=ObjectStreamMode.generate)


def script() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def action(kind: str) -> Dictionary:
    return Dictionary(S=Name(f"/{kind}"), F=String("other"))


def with_attachment() -> bytes:
    pdf = paper()
    pdf.attachments["notes.txt"] = b"hello"
    return saved(pdf)


def with_stream(data: bytes, filters: Any = None, **entries: Any) -> bytes:
    pdf = paper()
    stream = Stream(pdf, b"")
    stream.write(data, filter=filters)
    for key, value in entries.items():
        stream[f"/{key}"] = value
    pdf.Root.Kept = stream
    return saved(pdf, compress_streams=False, stream_decode_level=StreamDecodeLevel.none)


def with_image(data: bytes = b"x", filters: Any = None, width: Any = 640, height: Any = 480) -> bytes:
    return with_stream(data, filters, Subtype=Name.Image, Width=width, Height=height)


def scanned(picture: bytes, width: int, height: int) -> bytes:
    """Returns a PDF as scanners make it: a page with one JPEG."""
    pdf = paper()
    image = Stream(pdf, picture)
    image.stream_dict = Dictionary(
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        ColorSpace=Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=Name.DCTDecode,
    )
    page = pdf.pages[0]
    page.Resources = Dictionary(XObject=Dictionary(Im0=image))
    page.Contents = Stream(pdf, b"q 595 0 0 842 0 0 cm /Im0 Do Q")
    return saved(pdf)


def encrypted(user: str) -> bytes:
    return saved(paper(), encryption=pikepdf.Encryption(owner="owner", user=user))


PAGES: Final[Mapping[int, bytes]] = {
    1: b"<< /Type /Catalog /Pages 2 0 R >>",
    2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << >> >>",
}


def by_hand(objects: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """Returns a PDF of these raw objects with a correct cross-reference table, whose offset replaces `%TABLE`."""
    body, rows = bytearray(b"%PDF-1.5\n"), bytearray(b"0000000000 65535 f \n")
    for number in range(1, max(objects) + 1):
        if number in objects:
            rows += b"%010d 00000 n \n" % len(body)
            body += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
        else:
            rows += b"0000000000 65535 f \n"
    at = b"%d" % len(body)
    size = max(objects) + 1
    trailer = trailer.replace(b"%TABLE", at)
    end = b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%s\n%%%%EOF\n" % (size, trailer, at)
    return bytes(body + b"xref\n0 %d\n" % size + rows + end)


def revised(objects: Mapping[int, bytes], *, earlier: bool = True, between: bytes = b"") -> bytes:
    """Returns a PDF with a further revision of these objects.

    If not `earlier`, the revision does not refer to the part before it. `between`: the bytes before the revision.
    """
    first = by_hand(PAGES)
    body, rows = bytearray(first + between), bytearray()
    for number, written in objects.items():
        rows += b"%d 1\n%010d 00000 n \n" % (number, len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, written)
    at, size = len(body), max(*objects, *PAGES) + 1
    known = b"/Prev %d" % first.index(b"xref\n") if earlier else b""
    body += b"xref\n0 1\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R %s >>\n" % (rows, size, known)
    return bytes(body + b"startxref\n%d\n%%%%EOF\n" % at)


def hidden_behind_a_wrong_table() -> bytes:
    """Returns a PDF with a script that is found only by a reader that repairs the table."""
    catalogue = b"<< /Type /Catalog /Pages 2 0 R /OpenAction 4 0 R >>"
    file = by_hand({**PAGES, 1: catalogue, 4: b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"})
    at = file.index(b"4 0 obj")
    return file.replace(b"%010d" % at, b"%010d" % (at + 2))


def object_stream(content: Mapping[int, bytes], padding: int) -> bytes:
    """Returns a PDF with these objects in a compressed stream, with `padding` more bytes inside."""
    offsets, inside = [], bytearray()
    for number, written in content.items():
        offsets.append(b"%d %d " % (number, len(inside)))
        inside += written + b" "
    index = b"".join(offsets)
    deflated = zlib.compress(index + inside + b" " * padding, 9)
    entries = b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d" % (
        len(content),
        len(index),
        len(deflated),
    )
    holder, table = max(PAGES) + len(content) + 1, max(PAGES) + len(content) + 2
    rows = {0: struct.pack("!B2I", 0, 0, 65_535)}
    body = bytearray(b"%PDF-1.5\n")
    for number, written in PAGES.items():
        rows[number] = struct.pack("!B2I", 1, len(body), 0)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, written)
    rows |= {number: struct.pack("!B2I", 2, holder, at) for at, number in enumerate(content)}
    rows[holder] = struct.pack("!B2I", 1, len(body), 0)
    body += b"%d 0 obj\n<< %s >>\nstream\n%s\nendstream\nendobj\n" % (holder, entries, deflated)
    rows[table] = struct.pack("!B2I", 1, len(body), 0)
    told = b"".join(rows[number] for number in range(table + 1))
    start = len(body)
    body += b"%d 0 obj\n<< /Type /XRef /W [1 4 4] /Size %d /Root 1 0 R /Length %d >>\nstream\n" % (
        table,
        table + 1,
        len(told),
    )
    return bytes(body + told + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start)


def deep_pages(depth: int) -> bytes:
    levels = {number: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 1) for number in range(2, depth)}
    return by_hand({1: PAGES[1], **levels, depth: b"<< /Type /Page /MediaBox [0 0 9 9] /Resources << >> >>"})


def archive(comment: bytes = b"") -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        made.writestr("inside.txt", "hello")
        made.comment = comment
    return written.getvalue()


def zip_bomb() -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        made.writestr("word/document.xml", bytes(100_000_000))
    return written.getvalue()


def picture(kind: str, size: tuple[int, int] = (640, 480), mode: str = "RGB", **options: Any) -> bytes:
    written = BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(written, kind, **options)
    return written.getvalue()


def from_a_camera() -> bytes:
    """Returns a JPEG rotated by its EXIF data, which also has GPS data."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    return picture("JPEG", exif=exif)


def jpeg_that_says(width: int, height: int) -> bytes:
    """Returns a JPEG with a false size in its header."""
    file = picture("JPEG")
    at = file.index(b"\xff\xc0") + 5
    return file[:at] + struct.pack("!2H", height, width) + file[at + 4 :]


def several_in_one(*, tail: bytes = b"") -> bytes:
    """Returns a JPEG like those of HDR phones: the first picture announces a smaller second one behind it."""
    written = BytesIO()
    first = Image.linear_gradient("L").convert("RGB")
    first.save(written, "MPO", save_all=True, append_images=[first.resize((64, 64))])
    return written.getvalue() + tail


def from_samsung(*, between: bytes = b"", block: bytes = b"1764230400000") -> bytes:
    """Returns a JPEG with the data that Samsung's phones append to it."""
    fact = struct.pack("<2HI", 0, 0x0A01, 14) + b"Image_UTC_Data" + block
    directory = struct.pack("<4s2I2H2I", b"SEFH", 106, 1, 0, 0x0A01, len(fact), len(fact))
    return picture("JPEG") + between + fact + directory + struct.pack("<I4s", len(directory), b"SEFT")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack("!I", len(content)) + kind + content + struct.pack("!I", zlib.crc32(kind + content))


def png_with(*chunks: bytes) -> bytes:
    """Returns a PNG with these chunks before its pixels."""
    file = picture("PNG")
    return file[:33] + b"".join(chunks) + file[33:]


def png_of(width: int, height: int, raw: bytes) -> bytes:
    header = struct.pack("!2I5B", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(raw, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def animated() -> bytes:
    written = BytesIO()
    first = Image.linear_gradient("L")
    first.save(written, "PNG", save_all=True, append_images=[first.rotate(90)])
    return written.getvalue()


NESTED: Final = Array([Name.FlateDecode, Name.FlateDecode])
