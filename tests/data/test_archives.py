"""Walking through folders and archives: what is found, in which order, and what a damaged one says."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from made_netflix_log import tar, tar_gz, zipped

from tastetune.data.netflix.archives import walk
from tastetune.errors import InputError


def walked(source):
    return {
        name.removeprefix(f"{source}/"): b"".join(chunks)
        for name, chunks in walk(source, lambda name: name.endswith(".txt"))
    }


def test_a_folder_is_walked_by_name_and_archives_inside_are_opened(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.txt").write_bytes(b"two")
    (tmp_path / "a.txt").write_bytes(b"one")
    (tmp_path / "c.tar.gz").write_bytes(tar_gz({"in/c.txt": b"three", "in/other.md": b"not asked for"}))
    (tmp_path / "d.zip").write_bytes(zipped({"e.tar": tar({"e.txt": b"four"}), "readme.md": b"not asked for"}))
    (tmp_path / "f.txt.gz").write_bytes(gzip.compress(b"five"))
    (tmp_path / "g.csv.gz").write_bytes(gzip.compress(b"not asked for"))
    (tmp_path / ".hidden.txt").write_bytes(b"not asked for")
    assert list(walked(tmp_path).items()) == [
        ("a.txt", b"one"),
        ("c.tar/in/c.txt", b"three"),
        ("d.zip/e.tar/e.txt", b"four"),
        ("deep/b.txt", b"two"),
        ("f.txt", b"five"),
    ]


def test_a_file_can_be_walked_too(tmp_path):
    path = tmp_path / "one.txt"
    path.write_bytes(b"one")
    assert walked(path) == {str(path): b"one"}


DAMAGED = {
    "no zip.zip": b"This is no archive.",
    "no tar.tar": b"This is no archive." * 99,
    "no gz.txt.gz": b"This is no archive.",
    "cut.tar.gz": tar_gz({"a.txt": bytes(range(256)) * 99})[:-20],
    "cut.txt.gz": gzip.compress(bytes(range(256)) * 99)[:-20],
    "cut.zip": zipped({"a.txt": b"one"})[:-5],
    "wrong sum.zip": zipped({"a.txt": b"a" * 99}).replace(b"a.txt", b"b.txt", 1),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_archive_is_named(name, tmp_path):
    (tmp_path / name).write_bytes(DAMAGED[name])
    with pytest.raises(InputError, match=r"the archive is damaged or cut \(.*\); fetch it anew") as error:
        walked(tmp_path)
    assert str(tmp_path / name.removesuffix(".gz")) in str(error.value)


@pytest.mark.parametrize("archive", ["log.zip", "log.tar", "log.tar.gz"])
def test_no_member_leads_out_of_an_archive(archive, tmp_path):
    """Members are read where they are: a name that climbs or is absolute is a name, and nothing is written."""
    absolute = tmp_path / "absolute.txt"
    members = {"../climbed.txt": b"one", str(absolute): b"two", "in/../../../far.txt": b"three"}
    make = {".zip": zipped, ".tar": tar, ".gz": tar_gz}[Path(archive).suffix]
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    (folder / archive).write_bytes(make(members))
    before = sorted(tmp_path.rglob("*"))
    assert sorted(walked(folder / archive).values()) == [b"one", b"three", b"two"]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_in_an_archive_is_not_followed(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"not asked for")
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, kind in (
            ("symbolic.txt", tarfile.SYMTYPE),
            ("hard.txt", tarfile.LNKTYPE),
            ("pipe.txt", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, str(secret)
            archive.addfile(member)
    (tmp_path / "log.tar").write_bytes(file.getvalue())
    assert walked(tmp_path / "log.tar") == {}


def test_a_missing_source_is_named(tmp_path):
    with pytest.raises(InputError, match="none: no such file or folder; check the path"):
        walked(tmp_path / "none")
