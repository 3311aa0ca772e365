"""`autentico doctor`: a weak deployment yields exactly what is weak about it, and what is printed beside each finding,
typed, mends it (design 4)."""
import datetime
import json
import os

import pytest

import provider as harness

from machine import CONFIG, DATABASE, Machine, to_mend
from second import Account

PASSWORD = "correct horse battery"
DAY = 86400


@pytest.fixture
def machine():
    m = Machine()
    m.install()
    waive(m, "clock", 30, "no NTP in here")
    waive(m, "public-address", 30, "no web server in here")
    yield m
    m.close()


def waive(m, what, days, why):
    until = datetime.date.today() + datetime.timedelta(days=days)
    m.type(f"echo '{what} {until} {why}' >> /etc/autentico/doctor.waivers")


def onboard(m):
    m.type(f"autentico onboard --config {CONFIG} --username admin --password-stdin", input=PASSWORD + "\n")


def mend_all(m, leave=()):
    """What is printed is typed, until nothing is left that can be typed."""
    typed = []
    for _ in range(6):
        status, findings = m.doctor()
        mends = [f["mend"] for f in findings if f["status"] in ("warn", "fail") and f["id"] not in leave and "mend" in f]
        if not mends:
            return findings
        for mend in dict.fromkeys(mends):
            m.type(mend)
            typed.append(mend)
    raise AssertionError(f"it does not end: {typed}")


LEFT = {("second-factors", "admin")}  # which that person has to do
FRESH = {("backup", ""), ("mfa", "require_mfa"), ("password-length", "validation_min_password_length"),
         ("second-factors", "admin")}


def test_a_fresh_one(machine):
    """Nothing has failed, and every warning is true."""
    onboard(machine)
    status, findings = machine.doctor()
    assert (status, to_mend(findings)) == (1, FRESH)
    left = mend_all(machine)
    assert to_mend(left) == LEFT


def test_before_there_is_a_database(machine):
    status, findings = machine.doctor()
    assert status == 0 and to_mend(findings) == set()
    assert {f["status"] for f in findings if f["id"] in ("backup", "schema", "integrity")} == {"skip"}


WEAK_FILES = {("config-file", ""), ("database-file", DATABASE), ("database-directory", ""), ("cookie-secret", ""),
              ("trusted-proxies", ""), ("rate-limits", "AUTENTICO_RATE_LIMIT_RPS"), ("durability", ""),
              ("password-command", "/etc/autentico/check"), ("admin-networks", "")}


def test_a_weak_configuration(machine):
    onboard(machine)
    mend_all(machine)
    machine.type("install -m 0755 -o autentico /bin/true /etc/autentico/check")
    machine.type(f"chmod 0644 {CONFIG} && chmod 0640 {DATABASE} && chmod 0755 /var/lib/autentico")
    machine.type("sed -i -e '/^AUTENTICO_RATE_LIMIT_RPS=/d' "
                 "-e 's/^AUTENTICO_CSRF_SECRET_KEY=.*/AUTENTICO_CSRF_SECRET_KEY=my-house-is-my-castle-my-house-is-my-castle!/' "
                 + CONFIG)
    machine.type(f"printf 'AUTENTICO_RATE_LIMIT_RPS=0\\nAUTENTICO_TRUSTED_PROXIES=10.0.0.0/8,0.0.0.0/0\\n"
                 f"AUTENTICO_ADMIN_ALLOW=::/0\\nAUTENTICO_DURABILITY=normal\\nAUTENTICO_PASSWORD_COMMAND=/etc/autentico/check\\n' >> {CONFIG}")
    status, findings = machine.doctor()
    assert (status, to_mend(findings)) == (2, WEAK_FILES | LEFT)
    assert to_mend(mend_all(machine)) == LEFT
    assert machine.type(f"grep TRUSTED {CONFIG}").stdout == "AUTENTICO_TRUSTED_PROXIES=10.0.0.0/8\n"


WEAK_ROWS = {("lockout", "account_lockout_max_attempts"), ("cors", "*"), ("cors", "http://app.example.test"),
             ("audit-log", "audit_log_retention"), ("mfa", "require_mfa"), ("backup", ""),
             ("password-length", "validation_min_password_length"), ("second-factors", "admin"),
             ("redirect-uris", "plain"), ("redirect-uris", "wild"), ("client-secrets", "old"), ("clients-unused", "idle"),
             ("clients-unused", "never"), ("grants-unused", "both"), ("password-grant", "asks")}


def add_client(m, name, *flags):
    m.type(f"autentico clients add --config {CONFIG} --client-id {name} --name {name} "
           f"--redirect-uri https://{name}.example.test/cb {' '.join(flags)}")


def test_weak_rows(machine):
    onboard(machine)
    for name in ("plain", "wild", "old", "idle", "never", "young"):
        add_client(machine, name)
    add_client(machine, "both", "--grant-types 'authorization_code client_credentials'")
    add_client(machine, "asks", "--grant-types 'authorization_code password'")
    machine.sql(f"""
        UPDATE settings SET value = '0' WHERE key IN ('account_lockout_max_attempts', 'audit_log_retention');
        UPDATE settings SET value = '*, http://app.example.test, https://app.example.test'
            WHERE key = 'cors_allowed_origins';
        UPDATE client_values SET value = 'http://plain.example.test/cb' WHERE client_id = 'plain' AND kind = 'redirect_uri';
        INSERT INTO client_values VALUES ('wild', 'redirect_uri', 1, 'https://wild.example.test/*');
        UPDATE client_secrets SET created_at = created_at - 366 * {DAY} WHERE client_id = 'old';
        UPDATE clients SET created_at = created_at - 400 * {DAY}, last_used_at = unixepoch() - 1000
            WHERE client_id IN ('both', 'asks', 'old', 'idle');
        UPDATE clients SET last_used_at = unixepoch() - 91 * {DAY} WHERE client_id = 'idle';
        UPDATE clients SET created_at = created_at - 31 * {DAY} WHERE client_id = 'never';
        INSERT INTO client_grants VALUES ('both', 'authorization_code', unixepoch()), ('asks', 'password', unixepoch()),
            ('asks', 'authorization_code', unixepoch());
        UPDATE installation SET settings_version = settings_version + 1;
    """)
    assert to_mend(machine.doctor("--only", "grants-unused")[1]) == set()  # only since today is it written down
    machine.sql(f"UPDATE schema_migrations SET applied_at = applied_at - 31 * {DAY} WHERE number = 10;")
    status, findings = machine.doctor()
    assert (status, to_mend(findings)) == (2, WEAK_ROWS)
    assert to_mend(mend_all(machine)) == LEFT
    rows = [json.loads(line) for line in
            machine.type(f"autentico clients list --json --config {CONFIG}").stdout.splitlines()]
    now = {row["client_id"]: row for row in rows}
    assert now["plain"]["redirect_uris"] == ["https://plain.example.test/cb"]
    assert now["wild"]["redirect_uris"] == ["https://wild.example.test/cb"]
    assert now["both"]["grant_types"] == now["asks"]["grant_types"] == ["authorization_code"]
    assert {name for name in now if not now[name]["is_active"]} == {"idle", "never"}


def test_the_file_of_the_database(machine):
    """Each by itself: the journal, what is behind, what is damaged, whose it is."""
    onboard(machine)
    mend_all(machine)
    machine.sql("PRAGMA journal_mode = DELETE;")
    assert ("journal", "") in to_mend(machine.doctor()[1])
    machine.type(f"chown root {DATABASE}")
    assert to_mend(machine.doctor("--only", "database-file")[1]) == {("database-file", DATABASE)}
    mend_all(machine)
    machine.sql("DROP TABLE doctor_report; DROP TABLE secrets_seen; DROP TABLE client_grants;"
                "DELETE FROM schema_migrations WHERE name >= '0010';")
    status, findings = machine.doctor()
    assert (status, to_mend(findings)) == (2, {("schema", "")})
    assert {f["status"] for f in findings if f["id"] == "mfa"} == {"skip"}
    assert to_mend(mend_all(machine)) == LEFT
    size = int(machine.type(f"stat -c %s {DATABASE}").stdout)
    machine.type(f"dd if=/dev/urandom of={DATABASE} bs=4096 seek={size // 4096 // 2} count=8 conv=notrunc")
    status, findings = machine.doctor()
    assert status == 2 and ("integrity", "") in to_mend(findings)


def test_a_database_of_root(machine):
    machine.type("chown root: /var/lib/autentico")
    status, findings = machine.doctor()
    assert (status, to_mend(findings)) == (2, {("database-directory", "")})
    assert to_mend(mend_all(machine)) == set()


def test_below_a_document_root(machine):
    onboard(machine)
    mend_all(machine)
    machine.type("mkdir -p /var/www/html && mv /var/lib/autentico /var/www/html/id && "
                 f"sed -i 's|/var/lib/autentico/|/var/www/html/id/|' {CONFIG}")
    assert to_mend(machine.doctor()[1]) == {("document-root", "/var/www/html/id/autentico.db"), ("second-factors", "admin")}
    assert to_mend(mend_all(machine)) == LEFT
    assert machine.type("stat -c '%U %a' /var/lib/autentico").stdout == "autentico 700\n"


def test_places_and_ways(machine):
    """A state directory of its own, a program of the server's own, FastCGI over a network, plain http."""
    machine.type("install -d -m 0755 -o autentico /var/lib/state && install -D -o autentico $(command -v autentico) /var/opt/autentico")
    machine.type(f"printf 'AUTENTICO_STATE_DIR=/var/lib/state\\nAUTENTICO_APP_LISTEN_PORT=192.0.2.1:9000\\n"
                 f"AUTENTICO_FRONT_SECRET=%s\\nAUTENTICO_ALLOW_HTTP=true\\n' $(openssl rand -hex 32) >> {CONFIG} && "
                 f"sed -i -e 's/^AUTENTICO_APP_URL=https:/AUTENTICO_APP_URL=http:/' -e 's/__Host-//' {CONFIG}")
    done = machine.type(f"/var/opt/autentico doctor --json --config {CONFIG}", check=False)
    findings = [f for f in json.loads(done.stdout)["findings"] if f["status"] in ("warn", "fail")]
    assert done.returncode == 2 and to_mend(findings) == {
        ("state-directory", ""), ("program-files", "/var/opt/autentico"), ("fastcgi-tcp", ""), ("app-url", "")}
    for finding in findings:
        if "mend" in finding:
            machine.type(finding["mend"])
    assert to_mend(machine.doctor()[1]) == {("fastcgi-tcp", "")}  # there is more than one way out of that
    assert machine.type(f"grep ^AUTENTICO_APP_URL {CONFIG}").stdout == "AUTENTICO_APP_URL=https://id.example.test\n"


def test_a_log_that_is_never_emptied(machine):
    """Somebody has left a shell open."""
    onboard(machine)
    reader = machine.leave("exec python3 -c 'import sqlite3, time; db = sqlite3.connect(\"%s\", isolation_level=None); "
                           "db.execute(\"BEGIN\"); db.execute(\"SELECT * FROM settings\").fetchall(); "
                           "open(\"/run/reads\", \"w\"); time.sleep(600)'" % DATABASE)
    machine.until("test -e /run/reads")
    machine.sql("PRAGMA wal_autocheckpoint = 0; CREATE TABLE bulk (x BLOB); "
                + "INSERT INTO bulk VALUES (zeroblob(1000000));" * 70)
    status, findings = machine.doctor("--only", "wal-size")
    assert (status, to_mend(findings)) == (1, {("wal-size", "")})
    machine.type(findings[0]["mend"])
    assert reader.wait(20) != 0
    machine.doctor("--only", "wal-size")  # whoever closes the database last empties it
    assert to_mend(machine.doctor("--only", "wal-size")[1]) == set()


def test_a_configuration_that_is_none(machine):
    machine.type(f"sed -i -e 's/^AUTENTICO_CSRF_SECRET_KEY=.*/AUTENTICO_CSRF_SECRET_KEY=short/' "
                 f"-e '/^AUTENTICO_ENCRYPTION_KEY=/d' {CONFIG} && echo AUTENTICO_WORKERS=many >> {CONFIG} && "
                 f"echo AUTENTICO_FRONT_SECRETS=x >> {CONFIG}")
    status, findings = machine.doctor()
    assert status == 2 and {f["id"] for f in findings if f["status"] == "fail"} == {"configuration"}
    assert len([f for f in findings if f["status"] == "fail"]) == 4
    assert {f["status"] for f in findings} == {"fail", "skip"}
    assert to_mend(mend_all(machine)) == set()
    machine.type("install -m 0777 /bin/true /etc/autentico/check && "
                 f"echo AUTENTICO_PASSWORD_COMMAND=/etc/autentico/check >> {CONFIG}")
    assert {f["id"] for f in machine.doctor()[1] if f["status"] == "fail"} == {"configuration"}
    assert to_mend(mend_all(machine)) == set()
    machine.type(f"chmod 0666 {CONFIG}")
    assert {f["id"] for f in machine.doctor()[1] if f["status"] == "fail"} == {"configuration"}
    assert to_mend(mend_all(machine)) == set()


# --- waivers -----------------------------------------------------------------------

def test_waivers(machine):
    onboard(machine)
    assert to_mend(machine.doctor()[1]) == FRESH
    waive(machine, "mfa", 20, "half of the staff has no telephone yet")
    waive(machine, "second-factors:admin", 0, "until this evening")
    waive(machine, "second-factors:somebody", 1, "else")
    status, findings = machine.doctor()
    assert to_mend(findings) == {("backup", ""), ("password-length", "validation_min_password_length")}
    waived = {f["id"]: f["waiver"].partition(": ")[2] for f in findings if f["status"] == "waived"}
    waived.pop("clock", None)
    assert waived == {"mfa": "half of the staff has no telephone yet", "second-factors": "until this evening",
                      "public-address": "no web server in here"}
    machine.later(DAY)
    assert ("second-factors", "admin") in to_mend(machine.doctor()[1])


def test_bad_waivers_are_findings(machine):
    lines = ["mfa", "mfa 2020-01-01 is over", "mfa soon it will be better", "mfa 2100-01-01 too long", "nothing 2027-01-01 x",
             "waivers 2027-01-01 not even this"]
    machine.type("cat >> /etc/autentico/doctor.waivers", input="\n# a remark\n" + "\n".join(lines[:5]) + "\n")
    onboard(machine)
    status, findings = machine.doctor()
    assert to_mend(findings) == FRESH | {("waivers", f"line {n}") for n in range(5, 10)}
    assert to_mend(mend_all(machine)) == LEFT
    machine.type("chmod 0666 /etc/autentico/doctor.waivers")
    status, findings = machine.doctor()
    assert status == 2 and ("waivers", "") in to_mend(findings) and not [f for f in findings if f["status"] == "waived"]
    machine.type([f["mend"] for f in findings if f["id"] == "waivers"][0])
    assert to_mend(machine.doctor()[1]) == LEFT


# --- how it speaks -----------------------------------------------------------------

def test_text_and_status(machine):
    onboard(machine)
    done = machine.type(f"autentico doctor --config {CONFIG}", check=False)
    assert done.returncode == 1
    assert f"type: autentico settings set require_mfa true --config {CONFIG}\n" in done.stdout
    assert "\n0 fail, 4 warn, " in done.stdout
    quiet = machine.type(f"autentico doctor --quiet --config {CONFIG}", check=False)
    assert quiet.returncode == 1 and {line.split()[0] for line in quiet.stdout.splitlines()} == {"warn", "type:"}
    only = machine.type(f"autentico doctor --only lockout,uid --config {CONFIG}")
    assert [line.split()[:2] for line in only.stdout.splitlines()[:2]] == [["skip", "uid"], ["ok", "lockout"]]
    assert machine.type(f"autentico doctor --only lockout --quiet --config {CONFIG}").stdout == ""
    for wrong in ("--only nothing", "--wrong", "word"):
        assert machine.type(f"autentico doctor {wrong} --config {CONFIG}", check=False).returncode == 2


def test_settings_by_hand(machine):
    onboard(machine)
    def settings(line, check=True):
        return machine.type(f"autentico settings {line} --config {CONFIG}", check=check)
    assert settings("set mfa_enabled true").stdout == "require_mfa is true\n"
    rows = [json.loads(line) for line in settings("list --json").stdout.splitlines()]
    assert {"key": "require_mfa", "value": "true"} in rows and "smtp_password" not in {row["key"] for row in rows}
    assert settings("set require_mfa --default").stdout == "require_mfa is false\n"
    for wrong in ("set smtp_password x", "set nothing x", "set require_mfa maybe", "set require_mfa", "set onboarded",
                  "list x", "drop require_mfa"):
        assert settings(wrong, check=False).returncode == 1, wrong


@pytest.mark.parametrize("line", ["clients update nobody --name x", "clients update a", "clients update"])
def test_clients_update_refuses(machine, line):
    onboard(machine)
    add_client(machine, "a")
    assert machine.type(f"autentico {line} --config {CONFIG}", check=False).returncode == 1


# --- beside a running server -------------------------------------------------------

POOL = "processes,uid,capabilities,sandbox,program-version,sockets,waivers,journal,integrity"


def test_a_running_one(machine):
    machine.start()
    status, findings = machine.doctor("--only", POOL)
    assert status == 0 and {f["status"] for f in findings} == {"ok"}
    onboard(machine)
    machine.type("useradd -G www-data deploy")
    machine.type(f"echo AUTENTICO_SOCKET_MODE=0666 >> {CONFIG}")
    parent = machine.type("pgrep -o autentico").stdout.strip()
    machine.type(f"kill {parent} && tail --pid={parent} -f /dev/null")
    machine.start()
    status, findings = machine.doctor("--only", POOL)
    assert (status, to_mend(findings)) == (2, {("sockets", "/run/autentico/main.sock"), ("sockets", "/run/autentico/login.sock")})
    mend, = {f["mend"] for f in findings if f["status"] == "fail"}
    assert mend.endswith(f"&& autentico start --config {CONFIG}")
    machine.leave(mend)
    machine.until("test $(stat -c %a /run/autentico/main.sock) = 660")
    machine.ready()
    status, findings = machine.doctor("--only", POOL)
    assert (status, to_mend(findings)) == (1, {("sockets", "deploy")})
    assert to_mend(mend_all(machine)) == LEFT


def test_what_counts_is_told_to_the_server(machine):
    """The mend of a variable ends with a reload."""
    machine.type(f"sed -i 's/^AUTENTICO_RATE_LIMIT_RPS=.*/AUTENTICO_RATE_LIMIT_RPS=0/' {CONFIG}")
    machine.start()
    status, findings = machine.doctor("--only", "rate-limits")
    mend, = [f["mend"] for f in findings]
    workers = machine.type("pgrep -x worker").stdout.split()
    machine.type(mend)
    machine.until("for pid in %s; do kill -0 $pid 2> /dev/null && exit 1; done; pgrep -x worker" % " ".join(workers))
    assert to_mend(machine.doctor("--only", "rate-limits")[1]) == set()


def test_old_secrets(machine):
    """Rotated beside a running server; what was replaced is taken out in its time."""
    machine.type(f"echo AUTENTICO_ADMIN_TOKEN=$(openssl rand -hex 32) >> {CONFIG}")
    onboard(machine)
    machine.start()
    mend_all(machine)
    assert machine.doctor("--only", "secret-age,signing-keys,previous-secrets")[0] == 0
    kid, = machine.rows("SELECT kid FROM signing_keys")
    machine.sql(f"UPDATE secrets_seen SET since_at = since_at - 366 * {DAY};"
                f"UPDATE signing_keys SET created_at = created_at - 366 * {DAY}")
    old = {("secret-age", f"AUTENTICO_{name}") for name in ("COOKIE_SECRET", "ADMIN_TOKEN", "ENCRYPTION_KEY")}
    status, findings = machine.doctor()
    assert (status, to_mend(findings)) == (1, old | {("signing-keys", kid[0]), ("second-factors", "admin")})
    for finding in findings:
        if finding["id"] in ("secret-age", "signing-keys") and finding["status"] == "warn":
            machine.type(finding["mend"])
    # everything is sealed anew in the background, and the old key is needed until then
    wanted = {("second-factors", "admin"), ("previous-secrets", "AUTENTICO_ENCRYPTION_KEY_PREVIOUS")}
    harness.until(lambda: to_mend(machine.doctor()[1]) == wanted, "sealed anew and taken over", 90)
    mend_all(machine)
    harness.until(lambda: to_mend(machine.doctor()[1]) == LEFT, "the key of before is gone", 90)
    machine.sql(f"UPDATE secrets_seen SET since_at = since_at - 32 * {DAY} WHERE name <> 'encryption'")
    previous = {("previous-secrets", f"AUTENTICO_{name}_PREVIOUS") for name in ("COOKIE_SECRET", "ADMIN_TOKEN")}
    assert to_mend(machine.doctor()[1]) == LEFT | previous
    mend_all(machine)
    assert "PREVIOUS" not in machine.type(f"cat {CONFIG}").stdout
    machine.type(f"autentico settings set secret_max_age 0 --config {CONFIG}")
    machine.sql(f"UPDATE secrets_seen SET since_at = since_at - 9999 * {DAY}")
    assert machine.doctor("--only", "secret-age,client-secrets")[0] == 0


def test_a_program_that_was_replaced(machine):
    machine.type("install -D $(command -v autentico) /var/opt/autentico")
    machine.leave(f"exec /var/opt/autentico start --config {CONFIG}")
    machine.ready()
    assert to_mend(machine.doctor("--only", "program-version")[1]) == set()
    machine.type("cp /var/opt/autentico /var/opt/new && mv /var/opt/new /var/opt/autentico")
    assert to_mend(machine.doctor("--only", "program-version")[1]) == {("program-version", "")}


def test_the_report_is_kept():
    """For whoever looks at the console."""
    p = harness.Provider(owner="nobody")
    try:
        p.start()
        p.onboard_cli()
        assert p.api("GET", "/doctor").json() == {"data": {"report": None, "age_s": None}}
        done = p.run("doctor", "--json", check=False)
        p.run("doctor", "--only", "lockout")  # a part of it is not kept
        kept = p.api("GET", "/doctor").json()["data"]
        assert kept["report"] == json.loads(done.stdout) and 0 <= kept["age_s"] < 60
        p.later(3 * DAY)
        assert 3 * DAY <= p.api("GET", "/doctor").json()["data"]["age_s"] < 3 * DAY + 60
        # of the environment nothing can be typed
        assert [f.get("mend") for f in kept["report"]["findings"] if f["id"] == "rate-limits"] == [None]
    finally:
        p.stop()


def test_the_second_factor_of_an_administrator():
    """An app, or a passkey that has verified whose it is; what was only begun is none."""
    p = harness.Provider(owner="nobody")
    try:
        p.start()
        p.onboard_cli()
        def admins_without():
            done = p.run("doctor", "--json", "--only", "second-factors", check=False)
            return [f["subject"] for f in json.loads(done.stdout)["findings"] if f["status"] == "warn"]
        p.add_user("other", admin=True)
        p.add_user("nobody-special")
        assert sorted(admins_without()) == ["admin", "other"]
        account = Account(p, "admin")
        account("POST", "/mfa/totp/setup", current_password=PASSWORD)
        assert sorted(admins_without()) == ["admin", "other"]
        account.enrol()
        assert admins_without() == ["other"]
        with p.edit() as db:
            db.execute("INSERT INTO passkeys VALUES (x'01', (SELECT id FROM users WHERE username = 'other'), 'key', x'00', -7, 0, '', "
                       "zeroblob(16), 1, 0, 0, 0, NULL)")
        assert admins_without() == []
    finally:
        p.stop()


HAS_FILTERS = b"__asan_init" not in open(harness.BINARY, "rb").read() if os.path.exists(harness.BINARY) else True


def test_without_closed_lists_of_calls(machine):
    """Where a container forbids seccomp; sanitized builds have none to begin with."""
    machine.env["AUTENTICO_TEST_NO_SECCOMP"] = "1"
    machine.start()
    assert to_mend(machine.doctor("--only", "sandbox")[1]) == ({("sandbox", "seccomp")} if HAS_FILTERS else set())


def test_root_in_a_folder_of_root():
    p = harness.Provider(front="nginx")
    try:
        p.start()
        findings = json.loads(p.run("doctor", "--json", "--only", "uid,capabilities,sandbox", check=False).stdout)["findings"]
        assert [(f["id"], f["status"]) for f in findings] == [("uid", "warn"), ("capabilities", "ok"), ("sandbox", "ok")]
    finally:
        p.stop()
