"""The checks of a backup's archive: what passes, and everything that is refused with its reason."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palserver import errors
from palserver.scripts.verify import Findings, prove
from palserver.services.backups.archives import LIMITS, Limits, check_archive
from palserver.services.backups.reasons import NOT_ONE_WORLD, TOO_LARGE
from palserver.services.backups.save_header import find_fault
from palserver.services.backups.tar_reader import parse_pax
from tests.made_backups import (
    GUID,
    SETTINGS,
    WORLD,
    Entry,
    describe,
    list_entries,
    make_entry,
    make_files,
    make_save,
    pack,
    write_settings,
)

FILES = make_files()
OTHER = "B" * 32
LEVEL = f"{WORLD}/Level.sav"


def check(packed: bytes, files: dict[str, bytes], limits: Limits = LIMITS, **manifest: Any) -> str:
    return check_archive(io.BytesIO(packed), describe(packed, files, **manifest), limits).world_guid


def check_entries(entries: list[Entry], files: dict[str, bytes] = FILES, **manifest: Any) -> str:
    return check(pack(entries), files, **manifest)


def test_a_whole_archive_passes():
    """Its live world is told, whether the manifest names it or only the settings in the archive do."""
    assert check_entries(list_entries(FILES)) == GUID
    assert check_entries(list_entries(FILES), world_guid=GUID) == GUID


def test_a_plain_tar_and_names_of_every_language_pass():
    """Long names and Korean ones come in extended headers."""
    files = FILES | {f"Saved/Config/설정/{'x' * 200}.ini": b"1"}
    archive = pack(list_entries(files), "w:")
    assert check(archive, files, archive="1.tar") == GUID
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive_file:
        for member, content in list_entries(files):
            archive_file.addfile(member, io.BytesIO(content))
    assert check(packed.getvalue(), files, archive="1.tar") == GUID


def test_a_world_that_only_the_manifest_names():
    """Settings are not in every backup; other worlds may lie beside the live one."""
    files = FILES | {f"Saved/SaveGames/0/{OTHER}/Level.sav": make_save()}
    del files[SETTINGS]
    assert check_entries(list_entries(files), files, world_guid=GUID) == GUID


@pytest.mark.parametrize("name", [
    "/etc/passwd", "Saved/../etc/passwd", "Saved/SaveGames/../../x", "..", "../Saved/x", "Savedx/y", "x",
    "Saved//x", "Saved/./x", "Saved/a\nb", "Saved/a\\b", "Saved/\x1b[31m", "", "Saved/" + "y" * 256,
    "Saved/" + "/".join(["z" * 200] * 25),
])  # fmt: skip
def test_names_that_lead_elsewhere(name):
    """Absolute, upwards, outside, or such as no file system or terminal should see; files and folders."""
    for kind in (tarfile.REGTYPE, tarfile.DIRTYPE):
        if name == "Saved/./x" or (name == "" and kind == tarfile.DIRTYPE):
            continue  # `tarfile` writes these in another way
        entries = [*list_entries(FILES), make_entry(name, type=kind)]
        with pytest.raises((errors.ArchiveUnsafe, errors.ArchiveDiffers)):
            check_entries(entries)
        with pytest.raises(errors.ArchiveUnsafe):
            check_entries(entries, {**FILES, name: b""})


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.CONTTYPE,
        tarfile.GNUTYPE_SPARSE,
        b"V",
    ],
)
def test_links_and_devices(kind):
    """Wherever they point to, and if the manifest lists them."""
    entry = make_entry(f"{WORLD}/link", type=kind, linkname="Level.sav")
    for files in (FILES, {**FILES, f"{WORLD}/link": b""}):
        with pytest.raises(errors.ArchiveUnsafe, match="a link, a device"):
            check_entries([*list_entries(FILES), entry], files)


@pytest.mark.parametrize(
    "entry",
    [
        make_entry(LEVEL, FILES[LEVEL]),
        make_entry(f"{LEVEL}/inside", b"", type=tarfile.DIRTYPE),
        make_entry(LEVEL, type=tarfile.DIRTYPE),
        make_entry(WORLD, b""),
    ],
    ids=["a file twice", "in a file", "a folder of a file's name", "a file of a folder's name"],
)
def test_two_things_of_one_name(entry):
    """The second one would win, unseen by whoever looked at the first."""
    with pytest.raises(errors.ArchiveUnsafe, match="two things of one name"):
        check_entries([*list_entries(FILES), entry], {entry[0].name: entry[1], **FILES})


def test_more_or_less_than_the_manifest_says():
    """A file that is not listed, one that is missing, one of another size, one of another content."""
    fewer = {name: content for name, content in FILES.items() if name != "Saved/SaveGames/banlist.txt"}
    longer = FILES | {"Saved/SaveGames/banlist.txt": b"steam_1\nsteam_2\n"}
    for in_archive, in_manifest in ((FILES, fewer), (fewer, FILES), (longer, FILES)):
        with pytest.raises(errors.ArchiveDiffers):
            check_entries(list_entries(in_archive), in_manifest)
    with pytest.raises(errors.ArchiveBroken):
        check_entries(list_entries(FILES | {"Saved/SaveGames/banlist.txt": b"steam_2\n"}))


@pytest.mark.parametrize(
    "level",
    [
        *(b"", bytes(200), b"PlZ", make_save(b"content")[:-1], make_save(b""), make_save(b"x", b"ZIP")),
        make_save(b"x", packing=0x33),
    ],
    ids=["empty", "zeros", "too short", "cut", "no content", "no magic", "unknown packing"],
)  # fmt: skip
def test_a_save_file_that_is_none(level):
    """Named by the manifest with its right hash: it was broken when the backup was made."""
    files = FILES | {LEVEL: level}
    with pytest.raises(errors.SaveBroken):
        check_entries(list_entries(files), files)


def test_the_heads_of_save_files():
    """Both magics, both packings, and the prefix that some have; twice packed, the length is not told."""
    for magic in (b"PlZ", b"PlM"):
        save = make_save(b"content", magic)
        assert find_fault(save[:24], len(save)) is None
        prefix = struct.pack("<II3sB", 9, 9, b"CNK", 0x30)
        assert find_fault((prefix + save)[:24], len(prefix + save)) is None
        assert find_fault(prefix, len(prefix))
    twice = struct.pack("<II3sB", 100, 90, b"PlZ", 0x32)
    assert find_fault(twice + b"123456789012", 30) is None
    assert find_fault(twice, 12)


@pytest.mark.parametrize(
    ("files", "guid"),
    [
        (FILES | {SETTINGS: write_settings(OTHER)}, None),
        (FILES, OTHER),
        (FILES | {f"Saved/SaveGames/1/{GUID}/Level.sav": make_save()}, None),
        ({name: content for name, content in FILES.items() if not name.endswith("Level.sav")}, None),
        (FILES | {SETTINGS: write_settings(OTHER)}, GUID),
    ],
    ids=["settings", "manifest", "two", "no level", "they differ"],
)  # fmt: skip
def test_a_live_world_that_cannot_be_told(files, guid):
    """Exactly one world has the name that is given, or nothing is restored."""
    with pytest.raises(errors.WorldUnclear):
        check_entries(list_entries(files), files, world_guid=guid)


def test_every_cut_and_every_flipped_bit_is_found():
    """By the hash of the file; and by what is inside, where somebody made the manifest fit."""
    archive = pack(list_entries(FILES))
    manifest = describe(archive, FILES)
    for place in range(0, len(archive), 13):
        flipped = archive[:place] + bytes([archive[place] ^ 1]) + archive[place + 1 :]
        for broken in (archive[:place], flipped):
            with pytest.raises(errors.ArchiveBroken):
                check_archive(io.BytesIO(broken), manifest)
        with pytest.raises(errors.PalError):
            check(archive[:place], FILES)
    plain = pack(list_entries(FILES), "w:")
    for end in range(0, len(plain.rstrip(b"\0")) + 513, 100):
        with pytest.raises((errors.ArchiveBroken, errors.ArchiveDiffers)):
            check(gzip.compress(plain[:end]), FILES)


def test_what_follows_the_end():
    """Zeros to the end of a record, and nothing else."""
    plain = pack(list_entries(FILES), "w:")
    assert check(plain + bytes(10240), FILES, archive="1.tar") == GUID
    with pytest.raises(errors.ArchiveBroken):
        check(plain + b"x", FILES, archive="1.tar")
    with pytest.raises(errors.ArchiveBroken):
        check(gzip.compress(plain) + b"x", FILES)


def test_the_bounds():
    """Of the number, of each file and of all together."""
    archive = pack(list_entries(FILES))
    most = sum(map(len, FILES.values()))
    for limits in (Limits(members=5), Limits(file_bytes=10), Limits(total_bytes=most - 1)):
        with pytest.raises(errors.ArchiveTooLarge):
            check(archive, FILES, limits)
    assert check(archive, FILES, Limits(total_bytes=most)) == GUID
    with pytest.raises(errors.ArchiveUnsafe):
        check(archive, FILES, archive="1.zip")


def compress_zeros(begin: bytes, size_bytes: int) -> bytes:
    """A gzip of `begin` and very many zeros, made without having them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [packer.compress(begin)]
    pieces += [packer.compress(bytes(1024 * 1024)) for _ in range(size_bytes >> 20)]
    return b"".join([*pieces, packer.flush()])


def claim(name: str, size_bytes: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size_bytes, kind
    return member.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "begin",
    [
        claim(LEVEL, 10 * 1024**3),
        claim(LEVEL, 200 << 20),
        claim("x", 200 << 20, tarfile.XHDTYPE),
        claim("x", 200 << 20, tarfile.GNUTYPE_LONGNAME),
        claim("x", 200 << 20, tarfile.GNUTYPE_LONGLINK),
        bytes(1024),
    ],
    ids=["a huge file", "an unlisted size", "a huge header", "a huge name", "a huge link", "a huge end"],
)
def test_bombs(begin):
    """Stopped by a bound within little memory, though each is small as it comes."""
    bomb = compress_zeros(begin, 200 << 20)
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    with pytest.raises((errors.ArchiveTooLarge, errors.ArchiveDiffers)):
        check(bomb, FILES)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 4 << 20


def test_very_many_headers():
    """Neither files without end nor headers without a file."""
    empty = make_entry("Saved/x", type=tarfile.DIRTYPE)
    with pytest.raises(errors.ArchiveTooLarge):
        check(pack([empty] * 50), FILES, Limits(members=20))
    headers = (claim("x", 9, tarfile.XHDTYPE) + b"9 path=x\n".ljust(512, b"\0")) * 100
    with pytest.raises(errors.ArchiveTooLarge):
        check(gzip.compress(headers + bytes(1024)), FILES, Limits(members=20))


@pytest.mark.parametrize("records", [
    b"9 path=x", b"99 path=x\n", b"3 \n", b"path=x\n", b"0 path=x\n", b"9999999999 path=x\n", b"-9 path=x\n",
])  # fmt: skip
def test_extended_headers_that_make_no_sense(records):
    """They end the reading, and nothing worse."""
    with pytest.raises(errors.ArchiveBroken):
        parse_pax(records)


def test_a_file_with_holes():
    """Its content is not what it seems to be."""
    entry = make_entry("Saved/x", pax_headers={"GNU.sparse.major": "1"})
    with pytest.raises(errors.ArchiveUnsafe):
        check_entries([entry])


NAMES = st.text(st.sampled_from("ab./\\ 한\n"), max_size=12).map(lambda name: f"Saved/{name}")
KINDS = st.sampled_from((tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NAMES, KINDS, st.binary(max_size=600)), max_size=5))
def test_any_list_of_members_is_read_as_it_is_or_refused(members):
    """What passes has plain files only, each once, below the folder, and just those that are listed."""
    added = [
        make_entry(name, b"" if kind != tarfile.REGTYPE else content, type=kind)
        for name, kind, content in members
    ]
    files = FILES | {member.name: content for member, content in added if member.isreg()}
    archive = pack([*list_entries(FILES), *added])
    try:
        assert check(archive, files) == GUID
    except errors.PalError:
        return
    with tarfile.open(fileobj=io.BytesIO(archive)) as read:
        names = [member.name for member in read if member.isreg()]
        assert all(member.isreg() or member.isdir() for member in read)
    assert sorted(names) == sorted(files)
    assert not any(set(name.split("/")) & {"", ".", ".."} for name in names)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_at_all(content):
    """Rubbish is refused in our own words."""
    for archive, name in ((content, "1.tar"), (gzip.compress(content), "1.tar.gz")):
        with pytest.raises(errors.PalError):
            check(archive, FILES, archive=name)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_changed_byte_never_changes_what_passes(data):
    """Where the manifest was made to fit the changed file, its files are still the listed ones."""
    plain = bytearray(pack(list_entries(FILES), "w:"))
    place = data.draw(st.integers(0, len(plain) - 1))
    plain[place] = data.draw(st.integers(0, 255))
    try:
        assert check(bytes(plain), FILES, archive="1.tar") == GUID
    except errors.PalError:
        return
    with tarfile.open(fileobj=io.BytesIO(bytes(plain))) as read:
        found = {member.name: content.read() for member in read if (content := read.extractfile(member))}
    assert found == FILES


def test_what_a_restore_would_refuse_is_found_by_every_check():
    """Whole, and yet too much: who makes or verifies it is told what who restores it would be."""
    packed = pack(list_entries(FILES))
    manifest = describe(packed, FILES)
    assert prove(io.BytesIO(packed), manifest) == Findings()
    for limits in (Limits(members=3), Limits(file_bytes=3), Limits(total_bytes=30)):
        assert prove(io.BytesIO(packed), manifest, limits) == Findings(refusal=TOO_LARGE)
    unnamed = pack(list_entries(files := {LEVEL: make_save(), LEVEL.replace(GUID, OTHER): make_save()}))
    assert prove(io.BytesIO(unnamed), describe(unnamed, files)) == Findings(refusal=NOT_ONE_WORLD)


def test_a_world_that_is_there_alone_is_the_live_one():
    """Where neither the manifest nor settings name one."""
    for config in ({}, {SETTINGS: b"[/Script/Pal]\n"}, {SETTINGS: write_settings("../../etc")}):
        files = {LEVEL: make_save()} | config
        assert check_entries(list_entries(files), files) == GUID
