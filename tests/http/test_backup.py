"""Backups: made beside a running server, good before they get a name, put back, and refused when they are not good."""
import contextlib
import hashlib
import io
import os
import pathlib
import pty
import re
import shutil
import sqlite3
import subprocess
import tarfile
import threading

import pytest

from provider import ADMIN, BINARY, PASSWORD, Browser, Client, Provider

CONTRIB = pathlib.Path(__file__).resolve().parents[2] / "contrib"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Two identities of age: (file, public key) each."""
    made = []
    for name in ("one", "other"):
        path = tmp_path_factory.mktemp("age") / name
        subprocess.run(["age-keygen", "-o", str(path)], check=True, capture_output=True)
        made.append((str(path), re.search(r"age1\w+", path.read_text()).group()))
    return made


@pytest.fixture
def where(tmp_path):
    path = tmp_path / "backups"
    path.mkdir(mode=0o700)
    return path


def backup(provider, where, *args, **kw):
    """The file that was made."""
    done = provider.run("backup", "--output", str(where), *args, **kw)
    return pathlib.Path(done.stdout.splitlines()[0])


def contents(folder):
    return {p.name: p.read_bytes() for p in pathlib.Path(folder).iterdir() if p.is_file()}


def refused(provider, *args):
    done = provider.run(*args, check=False)
    assert done.returncode == 1, done.stdout
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done.stderr


@contextlib.contextmanager
def never_started():
    p = Provider()
    try:
        yield p
    finally:
        shutil.rmtree(p.dir)


@contextlib.contextmanager
def served(provider, db, **env):
    """Another server on this database, with the configuration of the first."""
    other = Provider()
    try:
        shutil.copy(os.path.join(provider.dir, ".env"), os.path.join(other.dir, ".env"))
        other.env.update(AUTENTICO_DB_FILE_PATH=str(db), AUTENTICO_STATE_DIR=other.dir, AUTENTICO_APP_URL=other.url,
                         AUTENTICO_LISTEN_PORT=str(other.port), **env)
        other.start()
        yield other
    finally:
        other.stop()


# --- making one -----------------------------------------------------------------

def test_a_backup_beside_a_running_server(provider, where):
    path = backup(provider, where)
    assert re.fullmatch(r"autentico-\d{8}T\d{6}Z\.db", path.name)
    assert sorted(contents(where)) == [path.name, path.name + ".sha256"]
    assert {p.stat().st_mode & 0o777 for p in where.iterdir()} == {0o600}
    assert subprocess.run(["sha256sum", "-c", path.name + ".sha256"], cwd=where, capture_output=True).returncode == 0
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT username FROM users").fetchall() == [(ADMIN,)]
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert not [name for name in os.listdir(provider.dir) if "part" in name or "backup" in name]


def test_it_is_noted(provider, where):
    before = int(provider.now())
    path = backup(provider, where)
    file, size, is_encrypted, taken_at, verified_at = provider.rows(
        "SELECT file, bytes_n, is_encrypted, taken_at, verified_at FROM last_backup")[0]
    assert (file, size, is_encrypted) == (str(path), path.stat().st_size, 0)
    assert before <= taken_at <= verified_at
    assert provider.rows("SELECT actor_username, target_type, target_id, detail FROM audit_logs"
                         " WHERE event = 'backup_created' ORDER BY id DESC LIMIT 1") == [
        ("cli", "backup", path.name, '{"encrypted":"false"}')]


def test_encrypted(provider, where, keys):
    (identity, recipient), _ = keys
    path = backup(provider, where, "--recipient", recipient)
    assert path.name.endswith(".db.age") and sorted(contents(where)) == [path.name, path.name + ".sha256"]
    assert ADMIN.encode() not in path.read_bytes() and b"SQLite" not in path.read_bytes()
    plain = subprocess.run(["age", "-d", "-i", identity, str(path)], capture_output=True, check=True).stdout
    assert plain.startswith(b"SQLite format 3\0") and ADMIN.encode() in plain
    provider.run("backup", "verify", str(path), "--identity", identity)
    assert provider.rows("SELECT is_encrypted FROM last_backup") == [(1,)]


def test_the_recipient_of_the_configuration(provider, where, keys):
    both = " ".join(recipient for _, recipient in keys)
    provider.env["AUTENTICO_BACKUP_RECIPIENT"] = both
    try:
        path = backup(provider, where)
    finally:
        del provider.env["AUTENTICO_BACKUP_RECIPIENT"]
    for identity, _ in keys:
        provider.run("backup", "verify", str(path), "--identity", identity)


def test_with_the_configuration(provider, where, keys):
    """Any tar opens it; and it holds what another machine needs, secrets of the process environment too."""
    (identity, recipient), _ = keys
    path = backup(provider, where, "--recipient", recipient, "--with-secrets")
    assert path.name.endswith(".tar.age")
    plain = subprocess.run(["age", "-d", "-i", identity, str(path)], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        assert tar.getnames() == ["autentico.env", "autentico.db"]
        assert all(m.mode == 0o600 for m in tar.getmembers())
        conf = tar.extractfile("autentico.env").read().decode()
        assert tar.extractfile("autentico.db").read().startswith(b"SQLite format 3\0")
    assert f'AUTENTICO_ADMIN_TOKEN="{provider.admin_token}"' in conf
    assert "AUTENTICO_ENCRYPTION_KEY=" in conf and "AUTENTICO_PRIVATE_KEY=" in conf and "TEST_CLOCK" not in conf
    done = provider.run("backup", "verify", str(path), "--identity", identity)
    assert "the configuration is in it" in done.stdout


def test_secrets_only_encrypted(provider, where):
    assert "--with-secrets needs --recipient" in refused(provider, "backup", "--output", str(where), "--with-secrets")
    assert contents(where) == {}


def test_the_newest_are_kept(provider, where):
    made = []
    (where / "autentico-notes.txt").write_text("mine")
    for _ in range(4):
        provider.later(1)
        made.append(backup(provider, where, "--keep", "2").name)
    left = [name for name in sorted(contents(where)) if not name.endswith(".sha256")]
    assert left == sorted([*made[2:], "autentico-notes.txt"])
    assert len(contents(where)) == 5


def test_a_file_of_ones_own_name(provider, where):
    path = backup(provider, where / "mine.db")
    assert path == where / "mine.db"
    before = contents(where)
    assert "is there already" in refused(provider, "backup", "--output", str(path))
    assert contents(where) == before


@pytest.mark.parametrize("args, words", [
    ((), "--output FILE or DIRECTORY"),
    (("--output", "/nonexistent/x.db"), "/nonexistent"),
    (("--output", "{where}/x.db", "--keep", "3"), "--keep needs a directory"),
    (("--output", "{where}", "--keep", "0"), "--keep needs a number"),
    (("--output", "{where}", "--keep", "many"), "--keep needs a number"),
    (("--output", "{where}", "--recipient", "ssh-ed25519"), "is not a public key of age"),
    (("--output", "{where}", "--recipient", "age1nonsense"), "malformed recipient"),
    (("--output", "{where}", "--identity", "x"), "--identity is for verify"),
    (("--output", "{where}", "extra"), 'unexpected "extra"'),
    (("verify",), 'unexpected "verify"'),
    (("verify", "/nonexistent.db"), "/nonexistent.db: No such file"),
    (("verify", "{where}"), "is not a file"),
])
def test_what_is_not_understood(provider, where, args, words):
    assert words in refused(provider, "backup", *[arg.format(where=where) for arg in args])
    assert contents(where) == {}


def test_without_age(provider, where, keys, tmp_path):
    env, provider.env = provider.env, {**provider.env, "PATH": str(tmp_path)}
    try:
        done = subprocess.run([provider.binary, "backup", "--output", str(where), "--recipient", keys[0][1]], cwd=provider.dir,
                              env=provider.env, capture_output=True, text=True, timeout=60)
    finally:
        provider.env = env
    assert (done.returncode, "apt-get install age" in done.stderr) == (1, True)
    assert contents(where) == {}


def test_a_damaged_database_becomes_no_backup(where):
    """What cannot be good is found out before it replaces anything."""
    p = Provider()
    try:
        p.start()
        p.onboard_cli()
        p.halt()
        with contextlib.closing(sqlite3.connect(p.db_path)) as db:
            db.execute("PRAGMA foreign_keys=OFF")
            db.execute("UPDATE passwords SET user_id = 'nobody'")
            db.commit()
        assert "is damaged: a row of passwords belongs to one that is not there" in refused(p, "backup", "--output", str(where))
        assert contents(where) == {} and p.rows("SELECT COUNT(*) FROM last_backup") == [(0,)]
    finally:
        p.stop()


def test_a_key_that_does_not_sign(where):
    p = Provider()
    try:
        p.start()
        p.onboard_cli()
        p.halt()
        with contextlib.closing(sqlite3.connect(p.db_path)) as db:
            kid = db.execute("SELECT kid FROM signing_keys WHERE state = 'active'").fetchone()[0]
        p.env["AUTENTICO_JWK_CERT_KEY_ID"] = "another"
        said = refused(p, "backup", "--output", str(where))
        assert f"its signing key {kid} does not sign" in said and "AUTENTICO_PRIVATE_KEY of that time" in said
        assert contents(where) == {}
    finally:
        p.stop()


# --- under load --------------------------------------------------------------------

def test_everything_acknowledged_before_it_began(provider, client, where):
    """And of what came later a beginning without holes: one moment of the whole database."""
    with contextlib.closing(sqlite3.connect(provider.db_path)) as db:  # so that it takes a while
        db.execute("CREATE TABLE filling (x BLOB)")
        for _ in range(48):
            db.execute("INSERT INTO filling VALUES (randomblob(1048576))")
            db.commit()
    stop, acknowledged = threading.Event(), [[], [], []]

    def write(n):
        for i in range(100000):
            if stop.is_set():
                break
            name = f"load-{n}-{i:05}"
            made = provider.api("POST", "/users", json={"username": name, "password": PASSWORD} if n else
                                {"username": name, "password": PASSWORD, "email": name + "@example.test"})
            assert made.status_code == 201, made.text
            acknowledged[n].append(name)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    try:
        for t in threads:
            t.start()
        while min(len(names) for names in acknowledged) < 3:
            assert all(t.is_alive() for t in threads)
        before = [list(names) for names in acknowledged]
        path = backup(provider, where)
    finally:
        stop.set()
        for t in threads:
            t.join()
        with contextlib.closing(sqlite3.connect(provider.db_path)) as db:
            db.execute("DROP TABLE filling")
            db.commit()
    with contextlib.closing(sqlite3.connect(path)) as db:
        for n in range(3):
            found = [row[0] for row in db.execute("SELECT username FROM users WHERE username LIKE ? ORDER BY username",
                                                  (f"load-{n}-%",))]
            assert found[:len(before[n])] == before[n]
            assert found == [f"load-{n}-{i:05}" for i in range(len(found))]
            # a person, the password and the audit row are of one transaction
        assert db.execute("SELECT COUNT(*) FROM users WHERE id NOT IN (SELECT user_id FROM passwords)").fetchone() == (0,)
        assert db.execute("SELECT COUNT(*) FROM users u WHERE username LIKE 'load-%' AND NOT EXISTS (SELECT 1 FROM audit_logs"
                          " a WHERE a.event = 'user_created' AND a.target_id = u.id)").fetchone() == (0,)
    assert all(len(acknowledged[n]) >= len(before[n]) for n in range(3))
    provider.run("backup", "verify", str(path))


def frames_in_wal(provider):
    """mxFrame of the WAL-index.  By another process: whoever closes the file gives up its locks on it (fcntl(2))."""
    return int(subprocess.check_output(["od", "-An", "-tu4", "-j16", "-N4", provider.db_path + "-shm"]))


def test_writers_do_not_wait_for_a_reader(provider):
    """A long reader, as a backup is one: the keeper does not hold the pen for a checkpoint that cannot succeed."""
    with contextlib.closing(sqlite3.connect(provider.db_path, isolation_level=None)) as reader, \
            contextlib.closing(sqlite3.connect(provider.db_path, isolation_level=None)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("CREATE TABLE filling (x BLOB)")
        provider.add_user("before-the-reader")
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM users").fetchone()
        for i in range(5):  # 5000 frames and more behind the reader's
            writer.execute("INSERT INTO filling VALUES (randomblob(4096000))")
            provider.api("POST", "/users", json={"username": f"meanwhile-{i}", "password": PASSWORD})
        wal = provider.db_path + "-wal"
        assert os.path.getsize(wal) > 4000 * 4096
        for i in range(5, 25):
            provider.api("POST", "/users", json={"username": f"meanwhile-{i}", "password": PASSWORD})
        assert provider.events("checkpoint_failed") == []
        reader.execute("COMMIT")
        writer.execute("DROP TABLE filling")
        for i in range(25, 500):  # now it begins again at its front, by the writes that follow
            provider.api("POST", "/users", json={"username": f"meanwhile-{i}", "password": PASSWORD})
            if frames_in_wal(provider) < 4000:
                break
        assert frames_in_wal(provider) < 4000


# --- putting it back ---------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["plain", "encrypted", "with the configuration"])
def test_a_restored_copy_serves(provider, client, where, keys, tmp_path, kind):
    (identity, recipient), _ = keys
    args = {"plain": [], "encrypted": ["--recipient", recipient],
            "with the configuration": ["--recipient", recipient, "--with-secrets"]}[kind]
    name = "kept-" + kind.replace(" ", "-")
    provider.add_user(name)
    path = backup(provider, where, *args)
    provider.add_user("later-" + name)
    to = tmp_path / "restored.db"
    done = provider.run("restore", str(path), "--identity", identity, "--to", str(to))
    assert done.stdout.splitlines()[0] == str(to)
    assert to.stat().st_mode & 0o777 == 0o600
    assert sorted(contents(tmp_path)) == sorted(["restored.db"] + (["restored.db.env"] if "conf" in kind else []))
    with served(provider, to) as other:
        tokens = other.tokens(client_of(other, client), username=name)
        assert other.userinfo(tokens["access_token"]).json()["preferred_username"] == name
        assert other.jwks() == provider.jwks()
        browser = Browser(other)
        page = other.authorize(client_of(other, client), browser)
        assert "error=bad_credentials" in other.post_login(browser, page.text, username="later-" + name).headers["Location"]


def client_of(other, client):
    return Client(other, client.id, client.secret, client.redirect_uri)


def test_on_a_new_machine(provider, where, keys):
    """Nothing is left but the backup and the identity."""
    (identity, recipient), _ = keys
    path = backup(provider, where, "--recipient", recipient, "--with-secrets")
    new = Provider()
    try:
        os.remove(os.path.join(new.dir, ".env"))
        new.env.pop("AUTENTICO_ADMIN_TOKEN")
        new.run("restore", str(path), "--identity", identity, "--to", "autentico.db")
        os.rename(os.path.join(new.dir, "autentico.db.env"), os.path.join(new.dir, ".env"))
        new.env.update(AUTENTICO_APP_URL=new.url, AUTENTICO_LISTEN_PORT=str(new.port), AUTENTICO_DB_FILE_PATH="./autentico.db")
        new.start()
        new.admin_token = provider.admin_token
        assert new.api("GET", "/users").status_code == 200
    finally:
        new.stop()


def test_nothing_is_overwritten(provider, where, tmp_path):
    path = backup(provider, where)
    for name in ("x.db", "x.db-wal", "x.db-shm"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text("precious")
        assert "nothing is overwritten" in refused(provider, "restore", str(path), "--to", str(folder / "x.db"))
        assert contents(folder) == {name: b"precious"}
    assert "is there already" in refused(provider, "restore", str(path), "--to", provider.db_path)


def test_not_below_a_server_that_runs(provider, where):
    path = backup(provider, where)
    os.rename(provider.db_path, provider.db_path + ".aside")
    os.rename(provider.db_path + "-wal", provider.db_path + ".aside-wal")
    os.rename(provider.db_path + "-shm", provider.db_path + ".aside-shm")
    try:
        assert "running on that database: stop it first" in refused(provider, "restore", str(path), "--to", provider.db_path)
        assert not os.path.exists(provider.db_path)
    finally:
        for end in ("", "-wal", "-shm"):
            os.rename(provider.db_path + ".aside" + end, provider.db_path + end)


@pytest.mark.parametrize("to, words", [("", "--to PATH says"), ("/nonexistent/x.db", "/nonexistent: No such file"), ("{tmp}/", "not a directory")])
def test_nowhere_to_restore_to(provider, where, tmp_path, to, words):
    path = backup(provider, where)
    assert words in refused(provider, "restore", str(path), "--to", to.format(tmp=tmp_path))


# --- what is not good ---------------------------------------------------------------------

def spoil(path, how):
    raw = bytearray(path.read_bytes())
    if how == "cut off":
        raw = raw[:len(raw) * 2 // 3]
    elif how == "one bit":
        raw[len(raw) // 2] ^= 1
    elif how == "the last bit":
        raw[-1] ^= 1
    elif how == "a head only":
        raw = raw[:600]
    elif how == "empty":
        raw = raw[:0]
    elif how == "nonsense":
        raw = bytearray(b"x" * 5000)
    path.write_bytes(raw)


def both_refuse(provider, path, tmp_path, words, *args):
    """verify and restore; nothing is put anywhere and nothing is left."""
    before, state = contents(tmp_path), sorted(os.listdir(provider.dir))
    for command in (["backup", "verify", str(path)], ["restore", str(path), "--to", str(tmp_path / "r.db")]):
        said = refused(provider, *command, *args)
        assert any(word in said for word in words), said
        assert str(path) in said
    assert contents(tmp_path) == before
    assert sorted(os.listdir(provider.dir)) == state


@pytest.mark.parametrize("how", ["cut off", "one bit", "the last bit", "a head only", "empty", "nonsense"])
@pytest.mark.parametrize("kind", ["plain", "encrypted", "with the configuration"])
def test_damage_is_found(provider, where, keys, tmp_path, kind, how):
    (identity, recipient), _ = keys
    args = {"plain": [], "encrypted": ["--recipient", recipient],
            "with the configuration": ["--recipient", recipient, "--with-secrets"]}[kind]
    path = backup(provider, where, *args)
    spoil(path, how)
    both_refuse(provider, path, tmp_path, ["its SHA-256 is another"], "--identity", identity)
    if kind == "plain":  # nothing else would find a bit in somebody's name
        (where / (path.name + ".sha256")).unlink()
        both_refuse(provider, path, tmp_path, [".sha256 is not there"])
        return
    (where / (path.name + ".sha256")).unlink()  # age finds it by itself
    both_refuse(provider, path, tmp_path, ["cannot be decrypted", "is no backup", ".sha256 is not there"], "--identity", identity)


def test_what_sqlite_finds(provider, where, tmp_path):
    """Damage that was there when the sum was made."""
    path = backup(provider, where)
    raw = bytearray(path.read_bytes())
    raw[8192:12288] = b"\xaa" * 4096
    path.write_bytes(raw)
    (where / (path.name + ".sha256")).write_text(hashlib.sha256(raw).hexdigest() + "  x\n")
    both_refuse(provider, path, tmp_path, ["is damaged", "is no backup"])


def test_another_identity(provider, where, keys, tmp_path):
    (identity, recipient), (other, _) = keys
    path = backup(provider, where, "--recipient", recipient)
    both_refuse(provider, path, tmp_path, ["no identity matched any of the recipients"], "--identity", other)
    both_refuse(provider, path, tmp_path, ["is encrypted: --identity FILE"])
    said = refused(provider, "backup", "verify", str(path), "--identity", "/nonexistent")
    assert "/nonexistent: No such file" in said
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("no identity at all\n")
    assert "cannot be decrypted" in refused(provider, "backup", "verify", str(path), "--identity", str(nonsense))


def test_another_encryption_key(provider, where, keys, tmp_path):
    (identity, recipient), _ = keys
    with never_started() as stranger:
        for args in ([], ["--recipient", recipient]):
            provider.later(1)
            path = backup(provider, where, *args)
            both_refuse(stranger, path, tmp_path, ["was sealed with another AUTENTICO_ENCRYPTION_KEY"], "--identity", identity)
        # with the configuration in it, it opens there as well
        path = backup(provider, where, "--recipient", recipient, "--with-secrets")
        stranger.env.pop("AUTENTICO_ADMIN_TOKEN")
        stranger.run("backup", "verify", str(path), "--identity", identity)


def test_without_a_key_at_all(provider, where):
    path = backup(provider, where)
    with never_started() as bare:
        os.remove(os.path.join(bare.dir, ".env"))
        assert "AUTENTICO_ENCRYPTION_KEY is missing" in refused(bare, "backup", "verify", str(path))


def test_of_a_newer_program(provider, where, tmp_path):
    path = backup(provider, where)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO schema_migrations SELECT MAX(number) + 1, 'of_tomorrow', 'x', 1 FROM schema_migrations")
        db.commit()
    (where / (path.name + ".sha256")).write_text(hashlib.sha256(path.read_bytes()).hexdigest() + "  x\n")
    both_refuse(provider, path, tmp_path, ["used by a newer version"])


def test_a_database_of_others(provider, tmp_path, where):
    path = where / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (x)")
        db.commit()
    (where / "other.db.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest() + "  x\n")
    both_refuse(provider, path, tmp_path, ["this is the database of another program"])


# --- before an upgrade, and by the clock -----------------------------------------------------

def older_database(path):
    """As the program before this one left it: every migration but the newest."""
    files = sorted((CONTRIB.parent / "sql" / "sqlite").glob("*.sql"))[:-1]
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL,"
                   " applied_at INTEGER NOT NULL) STRICT")
        for number, file in enumerate(files, 1):
            db.executescript(file.read_text())
            db.execute("INSERT INTO schema_migrations VALUES (?, ?, ?, 1)",
                       (number, file.stem, hashlib.sha256(file.read_bytes()).hexdigest()))
        db.commit()
    os.chmod(path, 0o600)
    return len(files)


def test_before_a_migration(where):
    """A copy can be made of a database that this program has yet to bring up to date, and comes back to life."""
    p = Provider()
    try:
        schema = older_database(p.db_path)
        assert "run: autentico migrate" in refused(p, "users", "list")
        path = backup(p, where)
        assert f"schema {schema}," in p.run("backup", "verify", str(path)).stdout
        for end in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(p.db_path + end)
        assert "older than this program" in p.run("restore", str(path), "--to", p.db_path).stdout
        p.start()
        p.onboard_cli()
        assert p.api("GET", "/users").status_code == 200
    finally:
        p.stop()


def test_the_units_and_the_cron_file(tmp_path):
    for name in ("autentico-backup.service", "autentico-backup.timer"):
        text = (CONTRIB / "systemd" / name).read_text().replace("/usr/local/bin/autentico", BINARY)
        (tmp_path / name).write_text(text)
    units = [str(path) for path in tmp_path.iterdir()]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", units[0] if
                           units[0].endswith("service") else units[1]], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_cron_line_works(provider, tmp_path):
    """The very line, by the shell that cron would use; silent when all is well, and not when it is not."""
    where = tmp_path / "backups"
    where.mkdir(mode=0o700)
    text = (CONTRIB / "cron" / "autentico").read_text()
    line = next(row for row in text.splitlines() if row and row[0] in "0123456789")
    schedule, user, command = re.fullmatch(r"((?:\S+\s+){5})(\S+)\s+(.*)", line).groups()
    assert user == "autentico" and "\\%" not in command and "%" not in command
    command = (command.replace("/usr/local/bin/autentico", BINARY).replace("/var/backups/autentico", str(where))
               .replace("/etc/autentico/autentico.env", provider.dir + "/.env").replace("/run/systemd/system", "/nonexistent"))
    done = subprocess.run(["/bin/sh", "-c", command], cwd=provider.dir, env=provider.env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(contents(where)) == 2
    where.chmod(0o700)
    done = subprocess.run(["/bin/sh", "-c", command.replace(str(where), "/nonexistent")], cwd=provider.dir, env=provider.env,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and done.stdout == "" and "/nonexistent" in done.stderr


def test_a_bar_on_a_terminal(provider, where):
    """What it is doing; nothing of it stays on the line."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(provider.dir)
        os.execve(provider.binary, [provider.binary, "backup", "--output", str(where)], provider.env)
    seen = b""
    with contextlib.suppress(OSError):
        while True:
            got = os.read(fd, 4096)
            if not got:
                break
            seen += got
    os.close(fd)
    assert os.waitpid(pid, 0)[1] == 0, seen
    assert b"copying     [" in seen and b"checking    [" in seen
    assert seen.count(b"\r\x1b[K") >= 4
