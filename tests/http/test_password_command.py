"""AUTENTICO_PASSWORD_COMMAND: a program of the operator's looks at every new password (design 4, D24; CS-15)."""
import concurrent.futures
import ctypes
import os
import shutil
import stat
import subprocess
import time

import pytest

from provider import PASSWORD, Browser, Provider, error_of, hidden, id_of
from second import Account
from test_reload import change as change_file, hang_up

CONTRIB = os.path.join(os.path.dirname(__file__), "..", "..", "contrib", "password")
GOOD, BAD = "a rather long phrase, unheard of", "forbidden phrase"


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """Its command can be changed by the test: it is a file that another file names."""
    folder = tmp_path_factory.mktemp("command")
    folder.chmod(0o755)
    script = folder / "check"
    script.write_text("#!/bin/sh\n. " + str(folder / "body") + "\n")
    script.chmod(0o755)
    (folder / "body").write_text("exit 0\n")
    p = Provider(AUTENTICO_PASSWORD_COMMAND=f"{script} one two")
    p.folder = folder
    p.start()
    p.onboard_cli()
    yield p
    p.stop()


def command(provider, body):
    (provider.folder / "body").write_text(body)


FORBIDS = 'IFS= read -r p; [ "$p" != "forbidden phrase" ] || { echo "it is forbidden"; exit 1; }\n'


@pytest.fixture
def name(provider):
    name.n = getattr(name, "n", 0) + 1
    command(provider, "exit 0\n")
    provider.add_user(f"chooser{name.n}", email=f"chooser{name.n}@example.test")
    command(provider, FORBIDS)
    return f"chooser{name.n}"


def change(account, new):
    return account("POST", "/password", current_password=PASSWORD, new_password=new)


def test_every_way(provider, client, name):
    """Account, admin API and page, command line, reset page; and the page of the account says it at the field."""
    user_id, says = id_of(provider, name), "Password: it is forbidden"
    account = Account(provider, name)
    answer = change(account, BAD)
    assert answer.status_code == 400 and answer.json() == {"error": "validation_error", "error_description": says}
    for answer in (provider.api("PUT", f"/users/{user_id}", json={"password": BAD}),
                   provider.api("POST", "/users", json={"username": "somebody", "password": BAD})):
        assert answer.status_code == 400 and answer.json()["error_description"] == says
    for args in (("users", "set-password", name), ("users", "add", "somebody")):
        done = provider.run(*args, check=False, input=BAD + "\n")
        assert done.returncode == 1 and says in done.stderr
    assert provider.rows("SELECT 1 FROM users WHERE username = 'somebody'") == []

    browser = Browser(provider)
    url = provider.run("users", "recover", name).stdout.split()[0]
    page = browser.get(url).text
    form = {"csrf_token": hidden(page, "csrf_token"), "token": hidden(page, "token")}
    again = browser.post("/oauth2/reset-password", data={**form, "password": BAD, "confirm_password": BAD})
    assert again.status_code == 200 and error_of(again.text) == says and BAD not in again.text

    page = browser.follow(browser.get("/account/security"))
    page = browser.follow(provider.post_login(browser, page.text, name)).text
    form = {"csrf_token": hidden(page, "csrf_token"), "current_password": PASSWORD}
    refused = browser.post("/account/security/password", data={**form, "new_password": BAD, "confirm_password": BAD})
    assert refused.status_code == 400 and f'id="new_password-error">{says}' in refused.text

    page = browser.follow(browser.get("/admin/"))
    admin = Browser(provider)
    page = admin.follow(admin.get("/admin/users/new"))
    page = admin.follow(provider.post_login(admin, page.text)).text
    made = admin.post("/admin/users/new", data={"csrf_token": hidden(page, "csrf_token"), "username": "somebody", "password": BAD})
    assert made.status_code == 400 and says in made.text

    assert change(account, GOOD).status_code == 200
    provider.sign_in(client, username=name, password=GOOD)


def test_onboarding(provider, tmp_path):
    """The first administrator too, by command and by page."""
    script = tmp_path / "check"
    script.write_text("#!/bin/sh\n" + FORBIDS)
    script.chmod(0o755)
    tmp_path.chmod(0o755)
    p = Provider(AUTENTICO_PASSWORD_COMMAND=str(script))
    try:
        done = p.run("onboard", "--username", "admin", "--password", BAD, check=False)
        assert done.returncode == 1 and "Password: it is forbidden" in done.stderr
        p.start()
        browser = Browser(p)
        page = browser.get("/onboard").text
        form = {"csrf_token": hidden(page, "csrf_token"), "username": "admin"}
        again = browser.post("/onboard", data={**form, "password": BAD, "confirm_password": BAD})
        assert error_of(again.text) == "Password: it is forbidden" and 'id="password"' in again.text
        assert browser.post("/onboard", data={**form, "password": GOOD, "confirm_password": GOOD}).status_code == 302
    finally:
        p.stop()


def test_not_at_login(provider, client, name):
    """Who has one already gets in with it; the length comes first."""
    command(provider, 'touch "$0.ran"; echo no; exit 1\n')
    account = Account(provider, name)
    assert "at least" in change(account, "x").json()["error_description"]
    assert not (provider.folder / "check.ran").exists()
    assert change(account, GOOD).status_code == 400


@pytest.mark.parametrize("body, says", [
    ("exit 1", "Password is not good enough"),
    ("echo; exit 1", "Password is not good enough"),
    ('read -r p; echo "$p is bad"; exit 1', "Password is not good enough"),
    ("echo '<script>alert(1)</script>'; exit 1", "Password: <script>alert(1)</script>"),
    ("while :; do echo chatter; i=$((i+1)); [ $i != 3000 ] || exit 1; done", "Password: chatter"),
    ("head -c 3000 /dev/urandom; exit 1", None),
    ("kill -SEGV $$", "Password could not be checked"),
    ("exit 127", "Password could not be checked"),
    ("exec /no/such/program", "Password could not be checked"),
    ("sleep 60", "Password could not be checked")])
def test_what_commands_do(provider, name, body, says):
    """Whatever it does, the answer is a refusal that can be shown; what failed is in the log, without the password."""
    account = Account(provider, name)
    command(provider, body + "\n")
    before = len(provider.events("password_command_failed"))
    began = time.monotonic()
    answer = change(account, GOOD)
    assert answer.status_code == 400 and answer.json()["error"] == "validation_error"
    if says:
        assert answer.json()["error_description"].startswith(says)
    assert time.monotonic() - began < 15
    logged = provider.events("password_command_failed")[before:]
    assert len(logged) == ("could not" in (says or ""))
    assert all(row["command"] == str(provider.folder / "check") for row in logged)
    assert GOOD not in provider.read_log() and "chatter" not in provider.read_log()
    command(provider, "exit 0\n")
    assert change(account, GOOD).status_code == 200


def test_what_it_is_given(provider, name):
    """An empty environment, the arguments of the configuration, one line, nobody's privileges."""
    account = Account(provider, name)
    command(provider, r'''
IFS= read -r p; read -r rest
env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD= && { echo environment; exit 1; }
[ "$*" = "one two" ] || { echo "arguments $*"; exit 1; }
[ "$p" = 'it'\''s $(id) "quoted" * ' ] && [ -z "$rest" ] || { echo "candidate"; exit 1; }
[ "$(pwd)" = / ] || { echo directory; exit 1; }
grep -q 'CapEff:.0000000000000000' /proc/self/status || { echo capabilities; exit 1; }
grep -q 'NoNewPrivs:.1' /proc/self/status || { echo privileges; exit 1; }
for fd in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || readlink /proc/$$/fd/$fd | grep -q "^$0$\|body$" || { echo "descriptor $fd"; exit 1; }; done
exit 0
''')
    answer = change(account, "it's $(id) \"quoted\" * ")
    assert answer.status_code == 200, answer.text


def landlock():
    """Its version: signals are held back since 6."""
    return ctypes.CDLL(None).syscall(444, None, 0, 1)


REACHES = r"""
tried() { "$@" < /dev/null > /dev/null 2>&1 && { echo "$what"; exit 1; }; }
what="reads the configuration" tried cat DIR/.env
what="reads the database" tried cat DIR/autentico.db
what="reads what is elsewhere" tried cat ELSE/note
what="writes beside itself" tried touch FOLDER/new
what="writes elsewhere" tried touch ELSE/new
what="signals a process" tried /bin/kill -0 SIGNALLED
exit 0
"""


def test_what_it_can_reach(provider, name, tmp_path):
    """Programs and what is in its own folder; nothing of ours, nothing to write, nobody to signal."""
    tmp_path.chmod(0o777)
    (tmp_path / "note").write_text("note\n")
    with subprocess.Popen(["sleep", "60"]) as other:
        body = REACHES.replace("DIR", provider.dir).replace("FOLDER", str(provider.folder)).replace("ELSE", str(tmp_path))
        body = body.replace("SIGNALLED", str(other.pid if landlock() >= 6 else 1 << 22))
        for line in body.strip().splitlines()[1:-1 if landlock() >= 6 else -2]:  # a control: without the sandbox each of them works
            done = subprocess.run(["sh", "-c", body.splitlines()[1] + "\n" + line], capture_output=True, text=True)
            assert done.returncode == 1 and done.stdout, line
        (provider.folder / "new").unlink()
        (tmp_path / "new").unlink()
        command(provider, body)
        answer = change(Account(provider, name), GOOD)
        other.kill()
    assert answer.status_code == 200, answer.text


def test_control_characters(provider, name):
    """The command sees one line: what would be two is refused."""
    account = Account(provider, name)
    for new in ("good start\nforbidden phrase", "a\tlong password", "a long password\r"):
        answer = change(account, new)
        assert answer.status_code == 400 and "line breaks" in answer.json()["error_description"]


def test_while_it_hangs(provider, client, name):
    """Who hangs in it holds up nobody's sign-in; and everybody who waits is told."""
    account, others = Account(provider, name), []
    for i in range(3):
        command(provider, "exit 0\n")
        provider.add_user(f"{name}x{i}")
        others.append(Account(provider, f"{name}x{i}"))
    command(provider, "sleep 60\n")
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        hanging = [pool.submit(change, a, GOOD) for a in [account, *others]]
        # five passwords at once may be too many for a slow machine, and that is said; but not while the command hangs
        browser = Browser(provider)
        while True:
            answer = provider.post_login(browser, browser.get(provider.authorize_url(client)).text, name)
            if answer.status_code == 302:
                break
            assert answer.status_code == 503, answer.text
        assert answer.headers["Location"].startswith(client.redirect_uri)
        assert not all(h.done() for h in hanging)
        answers = [h.result() for h in hanging]
    assert {a.status_code for a in answers} <= {400, 503}
    assert any(a.status_code == 400 for a in answers)
    command(provider, "exit 0\n")
    assert change(account, GOOD).status_code == 200


def test_the_pool_goes_on(provider, name):
    """One question, one process: the next is there at once, nothing is left over, and no line says that one died."""
    account = Account(provider, name)
    before = len(provider.events("process_died"))
    for i in range(10):
        assert change(account, BAD).status_code == 400
    end = time.monotonic() + 10
    while "checker" not in provider.pool().values():
        assert time.monotonic() < end
        time.sleep(0.02)
    assert len(provider.events("process_died")) == before


# --- the examples of contrib, with the real programs -----------------------------------------

@pytest.mark.parametrize("script, bad, says", [
    ("pwscore", "administrator", "it fails the dictionary check"), ("pwscore", "qwerty12", None),
    ("cracklib-check", "administrator", "it is based on a dictionary word"),
    ("cracklib-check", "aaaaaaaa", "it does not contain enough DIFFERENT characters")])
def test_contrib(provider, client, name, script, bad, says):
    path = shutil.copy(os.path.join(CONTRIB, script), provider.folder)  # what is elsewhere it may not read
    command(provider, f"exec /bin/sh {path}\n")
    account = Account(provider, name)
    answer = change(account, bad)
    assert answer.status_code == 400, answer.text
    text = answer.json()["error_description"]
    assert text.startswith("Password: " + (says or "")) and bad not in text
    assert change(account, GOOD).status_code == 200


@pytest.mark.parametrize("script", ["pwscore", "cracklib-check"])
def test_contrib_is_installed(provider, script):
    path = os.path.join(os.path.dirname(provider.binary), "..", "share", "autentico", "contrib", "password", script)
    assert os.stat(path).st_mode & stat.S_IXOTH


# --- what the configuration may say ----------------------------------------------------------

@pytest.mark.parametrize("value, says", [
    ("pwscore", "not an absolute path"), ("/no/such/program", "No such file"), ("/tmp", "not a program"),
    ("/etc/passwd", "not a program"), ("@writable@", "may be written by others")])
def test_configuration(provider, tmp_path, value, says):
    """Start refused, with the reason."""
    writable = tmp_path / "check"
    writable.write_text("#!/bin/sh\n")
    writable.chmod(0o777)
    p = Provider(AUTENTICO_PASSWORD_COMMAND="true")
    p.env["AUTENTICO_PASSWORD_COMMAND"] = value.replace("@writable@", str(writable))
    done = p.run("start", check=False)
    assert done.returncode == 1 and "AUTENTICO_PASSWORD_COMMAND" in done.stderr and says in done.stderr
    shutil.rmtree(p.dir)


def test_no_setting(provider):
    """D24: an admin token must not become a shell."""
    for key in ("password_command", "AUTENTICO_PASSWORD_COMMAND"):
        provider.api("PUT", "/settings", json={key: "/bin/false"})
        assert provider.api("POST", "/users", json={"username": f"x{len(key)}y", "password": GOOD}).status_code == 201


def test_by_reload(tmp_path):
    """HUP begins to ask it, and asks another, and nobody again."""
    def demand(word):
        script = tmp_path / word
        script.write_text(f"#!/bin/sh\necho 'not {word}'; exit 1\n")
        script.chmod(0o755)
        return str(script)

    tmp_path.chmod(0o755)
    p = Provider()
    try:
        p.onboard_cli()
        p.start()
        for n, (value, says) in enumerate(((None, None), (demand("first"), "not first"), (demand("second"), "not second"), (None, None))):
            if n:
                change_file(p, "AUTENTICO_PASSWORD_COMMAND", value)
                hang_up(p)
            made = p.api("POST", "/users", json={"username": f"person{n}", "password": GOOD})
            assert made.status_code == (400 if says else 201), made.text
            assert not says or made.json()["error_description"] == "Password: " + says
            assert says or "checker" not in p.pool().values()
        change_file(p, "AUTENTICO_PASSWORD_COMMAND", "/no/such/program")
        hang_up(p, "reload_refused")
    finally:
        p.stop()
