"""In which encoding a text is written, and the same text in UTF-8."""

import codecs
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from tastetune.errors import InputError

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte-order marks, the longer of two that begin alike first."""

WESTERN = ("cp1252", "latin_1", "cp1250")
FAMILIES = {"gb18030": "gbk", "big5": "big5", "shift_jis": "shift_jis", "euc_kr": "euc_kr", "cp1251": "cp1251"}
"""Encodings that are told apart, beside those of the West, by charset-normalizer's names."""

LINES = 2000
"""Lines with other characters than ASCII's that are looked at."""

CHUNK = 1 << 24


@dataclass(frozen=True)
class Encoding:
    """A codec of Python's, and others that would do as well."""

    codec: str
    unsure: tuple[str, ...] = ()


def encoding_of(path: Path, named: Path, codec: str | None = None) -> Encoding:
    """In which encoding a text is written.

    Args:
        named: the file that a message names.
        codec: what a person said that it is.

    Raises:
        InputError: there is no such encoding, or two are mixed in one file.
    """
    if codec is not None:
        return Encoding(_known(codec))
    with path.open("rb") as file:
        start = file.read(4096)
    for mark, name in MARKS.items():
        if start.startswith(mark):
            return Encoding(name)
    if start and start.count(0) * 4 > len(start):  # the zero halves of a UTF-16 without a mark
        return Encoding("utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be")
    if _is_utf_8(path):
        return Encoding("utf-8")
    return _guessed(path, named)


def transcoded(path: Path, named: Path, copy: Path, codec: str) -> Path:
    """Write `path`, in `codec`, to `copy` in UTF-8.

    Raises:
        InputError: bytes that are none in this encoding.
    """
    try:
        with path.open(encoding=codec, newline="") as source, copy.open("w", encoding="utf-8", newline="") as target:
            shutil.copyfileobj(source, target, CHUNK)
    except UnicodeError as error:
        line = copy.read_bytes().count(b"\n") + 1
        raise InputError(
            f"{named}, line {line} or after: bytes that are not {codec} ({error}); name another with --encoding, or "
            "fetch the file anew"
        ) from error
    return copy


def _known(codec: str) -> str:
    try:
        found = codecs.lookup(codec)
    except LookupError:
        found = None
    if found is None or not found._is_text_encoding:
        raise InputError(f"--encoding {codec}: no encoding that Python knows; utf-8, utf-16, latin-1, cp1252, gbk are")
    return "utf-8" if found.name == "utf-8" else codec


def _is_utf_8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            for chunk in iter(lambda: file.read(CHUNK), b""):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _guessed(path: Path, named: Path) -> Encoding:
    lines = dict(_lines_beyond_ascii(path))
    utf_8 = {number for number, line in lines.items() if _is_valid(line, "utf-8")}
    if utf_8:
        others = [number for number in lines if number not in utf_8]
        raise InputError(
            f"{named}, line {others[0] if others else '?'}: bytes that are not utf-8 (in {len(others)} of the first "
            f"{len(lines)} lines with other characters than ASCII's; the others are in UTF-8, so two encodings are "
            "mixed): write these lines anew, or take every byte for a character with --encoding latin-1"
        )
    text = b"".join(lines.values())
    for number, line in lines.items():
        if _is_valid(line, "utf-8", "surrogatepass"):
            raise InputError(f"{named}, line {number}: bytes that are not utf-8, but half a character; mend the line")
    matches = from_bytes(text, cp_isolation=[*WESTERN, *FAMILIES])
    best = min((match.chaos for match in matches), default=0.0)
    likely = {match.encoding for match in matches if match.chaos <= best and not _mixes_scripts(match.encoding, text)}
    western = ["cp1252" if re.search(rb"[\x80-\x9f]", text) and _is_valid(text, "cp1252") else "latin-1"]
    names = (western if likely & set(WESTERN) else []) + [name for key, name in FAMILIES.items() if key in likely]
    first, *unsure = names or western
    return Encoding(first, tuple(unsure))


def _lines_beyond_ascii(path: Path) -> Iterator[tuple[int, bytes]]:
    seen = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.isascii():
                yield number, line[:2000] if len(line) > 2000 else line
                seen += 1
                if seen == LINES:
                    return


def _is_valid(text: bytes, codec: str, errors: str = "strict") -> bool:
    try:
        text.decode(codec, errors)
    except UnicodeDecodeError:
        return False
    return True


def _mixes_scripts(codec: str, text: bytes) -> bool:
    """Whether words come out half Latin, half Cyrillic, as French in cp1251 would."""
    decoded = text.decode(codec, errors="replace")
    return codec == "cp1251" and bool(re.search(r"[a-z][а-яё]|[а-яё][a-z]", decoded, re.IGNORECASE))
