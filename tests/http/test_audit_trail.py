"""The audit trail as a chain: what is done to a copy of it is found; checkpoints, anchors, export, the copy for syslog."""
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import struct
import threading
import time

import pytest
from jwcrypto import jwk, jws

from provider import ADMIN, PASSWORD, Browser, Provider

COLUMNS = ("id", "event", "actor_id", "actor_username", "target_type", "target_id", "detail", "ip_address", "created_at")


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it does not come")


def checkpoints(provider):
    return provider.rows("SELECT number, seq, hash, jws FROM audit_checkpoints ORDER BY number")


@pytest.fixture(scope="module")
def lived_in(provider, client):
    """A provider in which something has happened, and some of it is signed."""
    provider.sign_in(client)
    browser = Browser(provider)
    provider.post_login(browser, provider.authorize(client, browser).text, password="a wrong one")
    provider.add_user("anna")
    wait_for(lambda: checkpoints(provider))
    for i in range(3):
        provider.add_user(f"later-{i}")
    return provider


@pytest.fixture
def copy(lived_in, tmp_path):
    """A copy of its database, by `backup`; what is done to it is done by a stranger with sqlite3."""
    path = tmp_path / "copy.db"
    lived_in.run("backup", "--output", str(path))
    return path


def audit(provider, *args, db=None, check=True):
    env, provider.env = provider.env, dict(provider.env, **({"AUTENTICO_DB_FILE_PATH": str(db)} if db else {}))
    try:
        return provider.run("audit", *args, check=check)
    finally:
        provider.env = env


def finding(provider, db):
    done = audit(provider, "verify", db=db, check=False)
    assert done.returncode == 1 and done.stdout == "", done.stdout
    assert done.stderr.startswith("autentico: the audit trail is not as it was written: "), done.stderr
    return done.stderr


def do(path, *statements):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(*statement) if isinstance(statement, tuple) else db.execute(statement)


def frame(row):
    """What is hashed of a row: fields with their length in front; no length is longer than NULL's."""
    out = b""
    for value in row:
        raw = struct.pack(">q", value) if isinstance(value, int) else None if value is None else value.encode()
        out += b"\xff\xff\xff\xff" if raw is None else struct.pack(">I", len(raw)) + raw
    return out


# --- what is written ------------------------------------------------------------------

def test_the_chain_by_another_hand(lived_in):
    rows = lived_in.rows(f"SELECT seq, hash, {', '.join(COLUMNS)} FROM audit_logs ORDER BY seq")
    before = bytes(32)
    for i, (seq, found, *row) in enumerate(rows):
        before = hashlib.sha256(before + frame(row)).digest()
        assert (seq, found) == (i + 1, before)
    assert lived_in.rows("SELECT seq, hash FROM audit_chain") == [(len(rows), before)]
    assert {"user_created", "login_success", "login_failed"} <= {row[3] for row in rows}


def test_checkpoints_are_signed(lived_in):
    """By a key of the JWK Set, in their own `typ`, about place and hash."""
    keys = {key["kid"]: jwk.JWK(**key) for key in lived_in.jwks()["keys"]}
    for number, seq, found, text in checkpoints(lived_in):
        token = jws.JWS()
        token.deserialize(text)
        assert token.jose_header["typ"] == "audit-checkpoint+jwt"
        token.verify(keys[token.jose_header["kid"]])
        claims = json.loads(token.payload)
        assert (claims["iss"], claims["seq"], claims["hash"], claims["number"]) == (lived_in.issuer, seq, found.hex(), number)
        assert "exp" not in claims and "aud" not in claims and "sub" not in claims
        assert lived_in.rows("SELECT hash FROM audit_logs WHERE seq = ?", seq) == [(found,)]
    events = lived_in.events("audit_checkpoint")
    assert [int(e["seq"]) for e in events] == [row[1] for row in checkpoints(lived_in)]
    assert {e["proc"] for e in events} == {"courier"}  # design D3: signed on no other channel


def test_no_checkpoint_is_a_token(lived_in, client):
    """Nothing that takes tokens takes one."""
    text = checkpoints(lived_in)[0][3]
    assert lived_in.userinfo(text).status_code == 401
    assert lived_in.introspect(client, text) == {"active": False}
    assert lived_in.api("GET", "/users", token=text).status_code == 401


def test_verify(lived_in):
    said = audit(lived_in, "verify").stdout
    rows, (seq, last) = lived_in.rows("SELECT COUNT(*) FROM audit_logs")[0][0], lived_in.rows("SELECT seq, hash FROM audit_chain")[0]
    assert f"as it was written: {rows} rows, {len(checkpoints(lived_in))} checkpoints" in said
    assert f"signed up to row {checkpoints(lived_in)[-1][1]} at " in said
    assert said.splitlines()[-1] == f"end {seq}:{last.hex()}"


def test_what_was_noted_elsewhere(lived_in):
    seq, found = lived_in.rows("SELECT seq, hash FROM audit_logs ORDER BY seq DESC LIMIT 1")[0]
    audit(lived_in, "verify", "--expect", f"{seq}:{found.hex()}")
    for expect, words in ((f"{seq}:{'00' * 32}", "is not the one that was noted"), (f"{seq + 1000}:{found.hex()}", "is not there"),
                          (f"{seq}", "--expect needs"), (f"x:{found.hex()}", "--expect needs"), (f"{seq}:abc", "--expect needs")):
        done = audit(lived_in, "verify", "--expect", expect, check=False)
        assert done.returncode == 1 and words in done.stderr, (expect, done.stderr)


@pytest.mark.parametrize("args, words", [(["look"], "unknown: audit look"), (["verify", "x"], 'unexpected "x"'),
                                         (["export", "--after", "x"], "--after needs"), ([], "audit what?")])
def test_what_is_not_understood(provider, args, words):
    done = audit(provider, *args, check=False)
    assert done.returncode == 1 and words in done.stderr


# --- what is done to a copy ---------------------------------------------------------------

def test_a_copy_is_as_good(lived_in, copy):
    assert "as it was written" in audit(lived_in, "verify", db=copy).stdout


MOVE = ("UPDATE audit_logs SET seq = -seq WHERE seq > 3", "UPDATE audit_logs SET seq = 1 - seq WHERE seq < 0")
PUT = ("INSERT INTO audit_logs SELECT {}, 'put', event, actor_id, actor_username, target_type, target_id, detail, ip_address,"
       " created_at, hash FROM audit_logs WHERE seq = 3")


@pytest.mark.parametrize("statements, words", [
    (["UPDATE audit_logs SET actor_username = 'somebody' WHERE seq = 3"], "row 3 ("),
    (["UPDATE audit_logs SET created_at = created_at - 1 WHERE seq = 1"], "row 1 ("),
    (["UPDATE audit_logs SET ip_address = '192.0.2.66' WHERE seq = (SELECT MAX(seq) FROM audit_logs)"], "is not what was written there"),
    (["DELETE FROM audit_logs WHERE seq = 1"], "row 1 is missing"),
    (["DELETE FROM audit_logs WHERE seq = 4"], "row 4 is missing"),
    (["DELETE FROM audit_logs WHERE seq = (SELECT MAX(seq) FROM audit_logs)"], "is missing, and all after it"),
    ([*MOVE, PUT.format(4), "UPDATE audit_chain SET seq = seq + 1"], "row 4 ("),
    ([PUT.format("(SELECT MAX(seq) + 1 FROM audit_logs)")], "beyond the end of the chain"),
    (["UPDATE audit_logs SET seq = -1 WHERE seq = 3", "UPDATE audit_logs SET seq = 3 WHERE seq = 4",
      "UPDATE audit_logs SET seq = 4 WHERE seq = -1"], "row 3 ("),
    (["UPDATE audit_checkpoints SET hash = zeroblob(32)"], "checkpoint 1"),
    (["DELETE FROM audit_checkpoints"], "is missing, the last one"),
    (["DELETE FROM audit_logs WHERE seq <= 2", "UPDATE audit_chain SET anchor_seq = 2, anchor_hash = zeroblob(32)"],
     "no signature says that this was because of its age"),
    (["DELETE FROM audit_chain"], "the end of the chain is gone"),
])
def test_what_is_done_to_it_is_found(lived_in, copy, statements, words):
    do(copy, *statements)
    assert words in finding(lived_in, copy)


def rehash(path, start):
    """As somebody does it who knows how: every hash from there on, and the end."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        before = db.execute("SELECT hash FROM audit_logs WHERE seq = ?", (start - 1,)).fetchone()
        before = before[0] if before else bytes(32)
        for seq, *row in db.execute(f"SELECT seq, {', '.join(COLUMNS)} FROM audit_logs WHERE seq >= ? ORDER BY seq", (start,)).fetchall():
            before = hashlib.sha256(before + frame(row)).digest()
            db.execute("UPDATE audit_logs SET hash = ? WHERE seq = ?", (before, seq))
        db.execute("UPDATE audit_chain SET hash = ?", (before,))
        db.commit()
    return before


def test_rewritten_to_the_end(lived_in, copy):
    do(copy, "UPDATE audit_logs SET actor_username = 'somebody' WHERE seq = 1")
    rehash(copy, 1)
    assert "is not the one that checkpoint 1 was signed for" in finding(lived_in, copy)


def test_and_signed_by_a_key_put_there(lived_in, copy):
    """Whoever can write to the database can put a public key there, and cannot make the signer have the other half."""
    do(copy, "UPDATE audit_logs SET actor_username = 'somebody' WHERE seq = 1")
    end = rehash(copy, 1)
    mine = jwk.JWK.generate(kty="EC", crv="P-256", use="sig", alg="ES256")
    kid = mine.thumbprint()
    public = json.dumps({**json.loads(mine.export_public()), "kid": kid})
    seq = lived_in.rows("SELECT seq FROM audit_chain")[0][0]
    token = jws.JWS(json.dumps({"iss": lived_in.issuer, "iat": 1, "seq": seq, "hash": end.hex(), "number": 1}))
    token.add_signature(mine, None, json.dumps({"alg": "ES256", "kid": kid, "typ": "audit-checkpoint+jwt"}))
    for private, state in ((None, "retired"), (b"x" * 200, "retired")):
        do(copy, "DELETE FROM audit_checkpoints", ("DELETE FROM signing_keys WHERE kid = ?", (kid,)),
           ("INSERT INTO signing_keys (kid, alg, public_jwk, private_sealed, state, created_at, thumbprint) VALUES (?, 'ES256', ?, ?, ?, 1, ?)",
            (kid, public, private, state, kid)),
           ("INSERT INTO audit_checkpoints (number, seq, hash, kid, jws, made_at) VALUES (1, ?, ?, ?, ?, 1)",
            (seq, end, kid, token.serialize(compact=True))), "UPDATE audit_chain SET checkpoints_n = 1")
        done = audit(lived_in, "verify", db=copy, check=False)
        assert done.returncode == 1 and "is not signed by a key of ours" in done.stderr, done.stderr


# --- export ------------------------------------------------------------------------------------

def test_export(lived_in):
    lines = [json.loads(line) for line in audit(lived_in, "export").stdout.splitlines()]
    rows = lived_in.rows(f"SELECT seq, hash, {', '.join(COLUMNS)} FROM audit_logs ORDER BY seq")
    assert [line["seq"] for line in lines] == [row[0] for row in rows]
    for line, (seq, found, *row) in zip(lines, rows):
        assert set(line) == {"seq", "hash", *COLUMNS}
        assert line["hash"] == found.hex()
        assert [line[name] for name in COLUMNS[:-1]] == row[:-1]
        assert line["created_at"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(row[-1]))
        assert line["detail"] == "" or isinstance(json.loads(line["detail"]), dict)
    rest = audit(lived_in, "export", "--after", str(lines[-2]["seq"])).stdout.splitlines()
    assert [json.loads(line) for line in rest] == [lines[-1]]


# --- with others at work ----------------------------------------------------------------------------

def test_while_others_write(lived_in):
    """Verified again and again while rows come from several workers and from the command line."""
    stop = threading.Event()

    def write(n):
        for i in range(10000):
            if stop.is_set():
                break
            assert lived_in.api("POST", "/users", json={"username": f"busy-{n}-{i}", "password": PASSWORD}).status_code == 201

    threads = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    try:
        for t in threads:
            t.start()
        for i in range(4):
            assert "as it was written" in audit(lived_in, "verify").stdout
            lived_in.add_user(f"by-hand-{i}")
    finally:
        stop.set()
        for t in threads:
            t.join()
    assert "as it was written" in audit(lived_in, "verify").stdout


def courier(provider):
    return [pid for pid, kind in provider.pool().items() if kind == "courier"]


def test_the_courier_killed_in_the_middle(lived_in):
    """kill -9 while one is due: another courier has it signed, and none is missing or there twice."""
    for i in range(6):
        before = checkpoints(lived_in)
        lived_in.add_user(f"unsigned-{i}")
        victim = wait_for(lambda: courier(lived_in))[0]
        lived_in.age_checkpoints()
        time.sleep(i / 200)  # elsewhere each time
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: [pid for pid in courier(lived_in) if pid != victim])
        wait_for(lambda: len(checkpoints(lived_in)) > len(before))
        assert checkpoints(lived_in)[:len(before)] == before
    assert [row[0] for row in checkpoints(lived_in)] == list(range(1, len(checkpoints(lived_in)) + 1))
    assert "as it was written" in audit(lived_in, "verify").stdout


def test_growing_old():
    """What is older than the retention goes, and the rest is a chain from a signed anchor on."""
    p = Provider()
    try:
        p.start()
        p.onboard_cli()
        for i in range(3):
            p.add_user(f"old-{i}")
        wait_for(lambda: checkpoints(p))
        assert p.halt() == 0
        p.later(29 * 86400)
        p.start()
        p.add_user("young")
        assert p.halt() == 0
        p.later(2 * 86400)
        p.start()
        wait_for(lambda: p.rows("SELECT anchor_seq FROM audit_chain") == [(4,)])
        assert p.rows("SELECT seq, event FROM audit_logs") == [(5, "user_created")]
        assert "as it was written: 1 rows" in audit(p, "verify").stdout
        do(p.db_path, "UPDATE audit_chain SET anchor_hash = zeroblob(32)")
        assert "the anchor (row 4)" in finding(p, p.db_path)
    finally:
        p.stop()


# --- the copy for syslog ----------------------------------------------------------------------------------

class Journal:
    def __init__(self, provider):
        self.provider, self.where = provider, os.path.join(provider.dir, "log.sock")
        provider.env["AUTENTICO_AUDIT_SYSLOG"] = self.where
        self.listen()

    def listen(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.where)
        os.chmod(self.where, 0o666)
        self.socket.settimeout(20)

    def leave(self):
        self.socket.close()
        os.remove(self.where)

    def line(self):
        try:
            text = self.socket.recv(65536).decode()
        except TimeoutError:
            raise AssertionError("no line: " + self.provider.read_log()) from None
        return re.fullmatch(r"<86>autentico\[\d+\]: audit (\{.*\})", text).group(1)


def test_the_copy_for_syslog():
    """As it happens, every row, in the words of the export."""
    p = Provider()
    journal = Journal(p)
    try:
        p.start()
        p.onboard_cli()
        client = p.add_client()
        p.sign_in(client)
        told = [journal.line() for _ in p.rows("SELECT seq FROM audit_logs")]
        assert told == audit(p, "export").stdout.splitlines()
        assert json.loads(told[-1])["event"] == "login_success" and json.loads(told[-1])["actor_username"] == ADMIN
        last = json.loads(told[-1])
        audit(p, "verify", "--expect", f"{last['seq']}:{last['hash']}")
        # nobody there for a while, and a restart: nothing is left out
        journal.leave()
        p.add_user("unseen")
        assert p.halt() == 0
        p.add_user("unseen-too")
        journal.listen()
        p.start()
        assert [json.loads(journal.line())["seq"] for _ in range(2)] == [last["seq"] + 1, last["seq"] + 2]
    finally:
        p.stop()


def test_in_a_backup(lived_in, tmp_path):
    """A restored trail goes on where it was."""
    path, to = tmp_path / "b.db", tmp_path / "restored.db"
    lived_in.run("backup", "--output", str(path))
    lived_in.run("restore", str(path), "--to", str(to))
    before = audit(lived_in, "verify", db=to).stdout.splitlines()[-1]
    shutil.copy(to, tmp_path / "again.db")
    env, lived_in.env = lived_in.env, {**lived_in.env, "AUTENTICO_DB_FILE_PATH": str(to)}
    try:
        lived_in.run("users", "add", "in-the-copy", input=PASSWORD + "\n")
    finally:
        lived_in.env = env
    seq, found = before.split()[1].split(":")
    audit(lived_in, "verify", "--expect", f"{seq}:{found}", db=to)
