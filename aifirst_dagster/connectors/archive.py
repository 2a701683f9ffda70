"""Archives of many files, zip and tar: which of them are data, and each one's bytes, never at a path that it names."""

from __future__ import annotations

import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from aifirst_dagster.connectors.bounds import Budget
from aifirst_dagster.connectors.unpack import damaged
from aifirst_dagster.errors import AifirstError, InputError

_DATA = (
    ".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".json", ".jsonl", ".ndjson", ".geojson", ".parquet", ".pq",
    ".avro", ".xml", ".html", ".htm", ".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".db", ".sqlite", ".sqlite3",
    ".gz", ".bz2", ".xz", ".zst", ".zip", ".tar", ".tgz",
)  # fmt: skip
_NOT_DATA = re.compile(
    r"(read[-_. ]?me|licen[cs]e|copying|change(s|log)|notice|authors|manifest|checksums?|(md5|sha\d*)sums?)([-_. ].*)?",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Member:
    """A file in an archive; `name` as people may see it."""

    name: str
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True)
class Archive:
    """An archive's regular files, in the order of their names; `shown` is what the user calls it."""

    shown: str
    members: list[Member]

    def chosen(self, wanted: str | None) -> tuple[list[tuple[Member, str | None]], list[str]]:
        """Members to read, each with what is wanted of it, and the names of those left out.

        Args:
            wanted: What stands behind `#`: a member's name or a glob, then `#` and what is wanted inside of it.

        Raises:
            InputError: Nothing matches, or the archive holds no data.
        """
        if wanted is None:
            data = [member for member in self.members if _is_data(member.name)]
            read = data or [member for member in self.members if not _NOT_DATA.fullmatch(Path(member.name).name)]
            if not read:
                raise InputError("The archive holds no data files.", hint="Name another file.", file=self.shown)
            return [(member, None) for member in read], [one.name for one in self.members if one not in read]
        pieces = wanted.split("#")
        for cut in range(len(pieces), 0, -1):  # a member's own name may hold the sign
            pattern, rest = "#".join(pieces[:cut]), "#".join(pieces[cut:])
            found = [member for member in self.members if _matches(member.name, pattern)]
            if found:
                return [(member, rest or None) for member in found], []
        if len(self.members) == 1:
            return [(self.members[0], wanted)], []
        names = [member.name for member in self.members]
        listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        raise InputError(f"The archive holds no file {wanted!r}.", hint=f"It holds: {listed}.", file=self.shown)

    def extract(self, member: Member, target: Path, budget: Budget) -> None:
        """Write a member's bytes to `target`.

        Raises:
            InputError: It is damaged, encrypted, or packed in a way that is not known.
        """
        place = f"{self.shown}#{member.name}"
        try:
            with member.open() as packed:
                budget.copy(packed, target)
        except AifirstError:
            raise
        except NotImplementedError as error:
            raise InputError(
                f"The archive is packed in an unknown way: {error}.", hint="Unpack it first.", file=place
            ) from error
        except (EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError, OSError, ValueError, RuntimeError) as error:
            raise damaged(error, place) from error


def recognise(path: Path, shown: str, budget: Budget) -> Archive | None:
    """The archive that `path` is, or None; office documents are zip archives too, and are none here.

    Raises:
        InputError: It is damaged, or locked with a password.
    """
    with path.open("rb") as file:
        head = file.read(512)
    try:
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return _zip(path, shown, budget)
        if head[257:262] == b"ustar":
            return _tar(path, shown, budget)
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise damaged(error, shown) from error
    return None


def _zip(path: Path, shown: str, budget: Budget) -> Archive | None:
    try:
        file = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        if Path(shown).suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".ods"):
            return None  # its own reader words what is wrong
        raise
    names = file.namelist()
    if "[Content_Types].xml" in names or "mimetype" in names:
        return None
    budget.check_members(len(names))
    infos = [info for info in file.infolist() if not info.is_dir() and _is_visible(info.filename)]
    if any(info.flag_bits & 1 for info in infos):
        raise InputError("The zip archive is locked with a password.", hint="Unpack it first.", file=shown)

    def opener(info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
        return lambda: file.open(info)

    return Archive(shown, _sorted([Member(_plain(info.filename), opener(info)) for info in infos]))


def _tar(path: Path, shown: str, budget: Budget) -> Archive:
    file = tarfile.open(path, "r:")  # noqa: SIM115 - read as long as the archive is
    infos = []
    for count, info in enumerate(file, start=1):
        budget.check_members(count)
        if info.isreg() and _is_visible(info.name):
            infos.append(info)

    def opener(info: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
        def opened() -> IO[bytes]:
            found = file.extractfile(info)
            assert found is not None
            return found

        return opened

    return Archive(shown, _sorted([Member(_plain(info.name), opener(info)) for info in infos]))


def _sorted(members: Sequence[Member]) -> list[Member]:
    return sorted(members, key=lambda member: member.name)


def _plain(name: str) -> str:
    """A member's name as it may be shown."""
    return _CONTROL.sub("?", name).removeprefix("./") or "?"


def _is_visible(name: str) -> bool:
    """Whether it is a file of the archive's maker, not of an operating system."""
    parts = PurePosixPath(name).parts
    return bool(parts) and "__MACOSX" not in parts and not parts[-1].startswith(".")


def _is_data(name: str) -> bool:
    """Whether a name is one of data."""
    return name.lower().endswith(_DATA) and not _NOT_DATA.fullmatch(PurePosixPath(name).name)


def _matches(name: str, pattern: str) -> bool:
    """Whether a member is meant: by its name, or by a glob, which holds from the archive's root if it names folders."""
    if name == pattern:
        return True
    try:
        return PurePosixPath("/" + name).match("/" + pattern if "/" in pattern else pattern)
    except ValueError:
        return False
