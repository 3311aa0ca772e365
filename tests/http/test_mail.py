"""Mails by a real server on loopback: TLS, passwords, and what a server does on a bad day (flows 13, settings 3)."""
import email.utils
import os
import re
import shutil
import signal
import threading
import time

import pytest
import requests

from post_office import CA, PASSWORD, PostOffice, Silent, USER
from provider import Browser, Provider, until
from second import Account, Second, code_of, error_back, links

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # what must not be used is tried here


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return CA(str(tmp_path_factory.mktemp("ca")))


@pytest.fixture(scope="module")
def context(ca):
    return ca.context("localhost", "smtp.localhost", "127.0.0.1")


@pytest.fixture(scope="module")
def provider(ca):
    p = Provider(AUTENTICO_CA_FILE=ca.file)
    p.start()
    p.onboard_cli()
    p.admin_bearer = p.console_token()
    p.mail_client = p.add_client()
    p.add_user("anna", email="anna@example.test")
    yield p
    p.stop()


@pytest.fixture
def office(context):
    with PostOffice(context) as o:
        yield o


def put(provider, **settings):
    answer = provider.api("PUT", "/settings", json=settings)
    assert answer.status_code == 204, answer.text


def use(provider, office, **more):
    put(provider, require_mfa="true", mfa_method="email", **office.settings(**more))


@pytest.fixture(autouse=True)
def off(provider):
    """Each test sets its own server, and begins with nothing queued."""
    yield
    put(provider, require_mfa="false", mfa_method="totp", smtp_host="")
    provider.later(4 * 86400)  # what is left expires
    until(lambda: not queued(provider), "an empty outbox")
    provider.admin_bearer = provider.console_token()


def queued(provider):
    return provider.rows("SELECT id, tries_n, last_error FROM outbox")


def send_test(provider):
    return provider.api("POST", "/settings/test-smtp", token=provider.admin_bearer)




def move(provider, office):
    """The server is somewhere else, and is shown the password anew."""
    put(provider, **{name: office.settings()[name] for name in ("smtp_port", "smtp_password")})


def to_mfa(provider, name="anna"):
    """The password is right, and a code is on its way."""
    browser = Browser(provider)
    page = Second(provider, name).to_mfa(provider.mail_client, browser).text
    assert "sent a code" in page
    return browser, page


def enter(provider, browser, page, code):
    return Second(provider, "anna").post(browser, page, code)


def courier(provider):
    return next(pid for pid, kind in provider.pool().items() if kind == "courier")


# --- a good day -------------------------------------------------------------------
def test_a_code_signs_in(provider, office):
    use(provider, office, email_footer_text="Example Ltd", theme_title="Exämple ID")
    try:
        browser, page = to_mfa(provider)
        mail = office.wait()
        assert code_of(provider.mail_client, enter(provider, browser, page, mail.code()))
    finally:
        put(provider, theme_title="Autentico", email_footer_text="")
    assert mail.is_tls and mail.user == USER and mail.greeting == "localhost"
    assert office.logins == [("PLAIN", USER, PASSWORD)]
    assert (mail.sender, mail.to) == ("id@example.test", ["anna@example.test"])
    m = mail.message
    assert m["From"].addresses[0].display_name == "Sign-in" and m["From"].addresses[0].addr_spec == "id@example.test"
    assert m["To"] == "anna@example.test" and m["Subject"] == "Your code to sign in"
    assert abs(email.utils.parsedate_to_datetime(m["Date"]).timestamp() - provider.now()) < 120
    assert re.fullmatch(r"<[a-p]{32}@example\.test>", m["Message-ID"])
    assert m["Auto-Submitted"] == "auto-generated" and m["MIME-Version"] == "1.0"
    assert m.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in m.iter_parts()] == ["text/plain", "text/html"]
    for kind in ("plain", "html"):
        text = mail.part(kind)
        assert "Exämple ID" in text and "Example Ltd" in text and "Exämple ID at localhost" in text
        assert re.search(r"\d{6}", text).group() == mail.code()
    assert all(len(line) <= 998 for line in mail.raw.split(b"\r\n")) and b"\n" not in mail.raw.replace(b"\r\n", b"")
    assert not queued(provider)
    assert provider.events("mail_sent")
    assert mail.code() not in provider.read_log() and "anna@example.test" not in provider.read_log()


def test_the_code_comes_first(provider, office):
    """flows 13: whoever takes the first run of six digits has it, whatever the person is called"""
    use(provider, office)
    provider.add_user("anna19790514", email="anna19790514@example.test")
    browser, page = to_mfa(provider, "anna19790514")
    mail = office.wait()
    for kind in ("plain", "html"):
        assert "anna19790514" in mail.part(kind)
        assert re.search(r"\d{6}", mail.part(kind)).group() == mail.code()
    assert code_of(provider.mail_client, Second(provider, "anna19790514").post(browser, page, mail.code()))


@pytest.mark.parametrize("host", ["localhost", "smtp.localhost", "127.0.0.1"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_tls(provider, context, tls, host):
    with PostOffice(context, tls=tls) as office:
        put(provider, **office.settings(host=host))
        answer = send_test(provider)
        assert answer.status_code == 200 and "admin@example.test" in answer.json()["data"]["message"], answer.text
        mail = office.wait()
    assert mail.is_tls and mail.user == USER and mail.to == ["admin@example.test"]
    assert "admin" in mail.part("plain") and not queued(provider)


def test_plain_on_this_machine(provider):
    """The contract's way: a relay on localhost that knows nothing of TLS or passwords."""
    with PostOffice(tls=None, auth=False) as office:
        put(provider, **office.settings(smtp_from=""))
        assert send_test(provider).status_code == 200
        mail = office.wait()
    assert not mail.is_tls and mail.sender == "autentico@localhost"


def test_several_by_one_connection(provider, office):
    use(provider, office)
    visits = [to_mfa(provider) for _ in range(3)]
    office.wait(3)
    codes = {mail.code() for mail in office.mails}
    assert sum(enter(provider, *visit, code).status_code == 302 for visit in visits for code in codes) >= 3


# --- who may not be trusted -----------------------------------------------------------
def assert_not_sent(provider, office, *words):
    answer = send_test(provider)
    assert answer.status_code == 500, answer.text
    body = answer.json()
    assert body["error"] == "smtp_error"
    assert any(word in body["error_description"].lower() for word in words), body
    assert not office.mails and not office.logins and not queued(provider)


@pytest.mark.parametrize("host", ["localhost", "smtp.localhost"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_certificate_of_a_stranger(provider, tmp_path, tls, host):
    stranger = CA(str(tmp_path)).context("localhost", "smtp.localhost")
    with PostOffice(stranger, tls=tls) as office:
        put(provider, **office.settings(host=host))
        assert_not_sent(provider, office, "certificate")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_certificate_for_another_name(provider, ca, tls):
    with PostOffice(ca.context("mail.example.test"), tls=tls) as office:
        put(provider, **office.settings(host="smtp.localhost"))
        assert_not_sent(provider, office, "name", "certificate")


def test_no_tls_elsewhere(provider):
    """Neither a password nor a code goes over a network in the clear, whatever the server says."""
    with PostOffice(tls=None) as office:
        put(provider, **office.settings(host="smtp.localhost", smtp_username=USER, smtp_password=PASSWORD))
        assert_not_sent(provider, office, "starttls", "ssl", "tls")


def test_system_trust_without_a_ca_file(context):
    """A CA that only the file knows is nobody without it."""
    p = Provider()
    p.start()
    p.onboard_cli()
    p.admin_bearer = p.console_token()
    with PostOffice(context) as office:
        put(p, **office.settings())
        assert_not_sent(p, office, "certificate")
    p.stop()


def test_a_new_ca(tmp_path, ca, context):
    """The file of the trusted CA is replaced while everything runs: the next mail is sent by who sees the new one."""
    trusted = str(tmp_path / "trusted.pem")
    shutil.copy(CA(str(tmp_path), "old").file, trusted)
    p = Provider(AUTENTICO_CA_FILE=trusted)
    p.start()
    p.onboard_cli()
    p.admin_bearer = p.console_token()
    with PostOffice(context) as office:
        put(p, **office.settings())
        assert_not_sent(p, office, "certificate")
        shutil.copy(ca.file, trusted + ".new")
        os.replace(trusted + ".new", trusted)  # as tools do it
        before = courier(p)
        assert send_test(p).status_code == 200 and office.wait()
    assert courier(p) != before and p.events("courier_renewed")
    assert not p.events("process_died") and not p.events("process_hung")
    p.stop()


# --- bad days -----------------------------------------------------------------------
def test_down_for_a_while(provider, context):
    """Nobody waits, nothing is lost, and it goes out when the server is there again."""
    office = PostOffice(context)
    use(provider, office)
    began = time.monotonic()
    browser, page = to_mfa(provider)
    assert time.monotonic() - began < 5
    until(lambda: queued(provider)[0][1] >= 2, "a second try")
    assert "connect" in queued(provider)[0][2].lower()
    with office:
        mail = office.wait()
        assert code_of(provider.mail_client, enter(provider, browser, page, mail.code()))
        until(lambda: not queued(provider), "nothing queued")
    assert provider.events("mail_server_fails") and provider.events("mail_server_works")


def test_a_restart_keeps_them(provider, context):
    office = PostOffice(context)
    use(provider, office)
    browser, page = to_mfa(provider)
    until(lambda: queued(provider)[0][1] >= 1, "a try")
    provider.restart()
    with office:
        assert code_of(provider.mail_client, enter(provider, browser, page, office.wait().code()))


def test_a_server_that_hangs(provider, office):
    """People go on, the processes go on, and another server gets the mail."""
    with Silent() as silent:
        use(provider, office, smtp_port=str(silent.port))
        browser, page = to_mfa(provider)
        until(lambda: queued(provider)[0][1] == 1, "in hand")
        for _ in range(20):
            assert requests.get(provider.url + "/healthz", timeout=2).status_code == 200
        to_mfa(provider)
        move(provider, office)
        office.wait(2, seconds=90)
    assert any(enter(provider, browser, page, mail.code()).status_code == 302 for mail in office.mails)


def test_stops_at_once_whatever_the_server_does(provider, office):
    with Silent() as silent:
        use(provider, office, smtp_port=str(silent.port))
        to_mfa(provider)
        until(lambda: queued(provider)[0][1] == 1, "in hand")
        began = time.monotonic()
        assert provider.halt() == 0
        assert time.monotonic() - began < 5
    provider.start()
    move(provider, office)
    provider.later(151)  # the lease of the one that was in hand
    office.wait()


def test_not_now(provider, office):
    """4yz to this mail: it is put off, others are not."""
    use(provider, office)
    office.recipient_replies.append("450 4.2.1 greylisted, come again")
    browser, page = to_mfa(provider)
    office.wait(of=office.refusals)
    until(lambda: queued(provider) and "greylisted" in queued(provider)[0][2], "the reason is kept")
    other, other_page = to_mfa(provider)
    assert code_of(provider.mail_client, enter(provider, other, other_page, office.wait().code()))
    provider.later(6)
    assert code_of(provider.mail_client, enter(provider, browser, page, office.wait(2).code()))
    assert any("greylisted" in event["why"] for event in provider.events("mail_put_off"))


def test_not_now_after_the_data(provider, office):
    use(provider, office)
    office.data_replies.append("451 4.3.0 disk full")
    browser, page = to_mfa(provider)
    office.wait(of=office.refusals)
    until(lambda: queued(provider) and "disk full" in queued(provider)[0][2], "the reason is kept")
    provider.later(6)
    assert code_of(provider.mail_client, enter(provider, browser, page, office.wait().code()))


@pytest.mark.parametrize("when", ["recipient", "data"])
def test_never(provider, office, when):
    """5yz: it goes, with its content; the log says why."""
    use(provider, office)
    getattr(office, when + "_replies").append("550 5.1.1 no such person here")
    to_mfa(provider)
    office.wait(of=office.refusals)
    until(lambda: provider.rows("SELECT last_error FROM outbox WHERE length(content_sealed) = 0")
          == [("550 5.1.1 no such person here",)], "refused")
    assert any("no such person" in event["why"] for event in provider.events("mail_refused"))
    provider.later(61)
    until(lambda: not queued(provider), "gone")
    assert not office.mails


def test_late_is_never(provider, context):
    """What nobody can use any more is not sent."""
    office = PostOffice(context)
    use(provider, office)
    to_mfa(provider)
    until(lambda: queued(provider)[0][1] >= 1, "a try")
    provider.later(601)
    until(lambda: not queued(provider), "gone")
    assert provider.events("mail_expired")
    with office:
        move(provider, office)
        assert send_test(provider).status_code == 200
    assert len(office.mails) == 1 and office.mails[0].to == ["admin@example.test"]


def test_wrong_password_is_mended(provider, office):
    """The mails wait for whoever mends it."""
    use(provider, office, smtp_password="wrong")
    browser, page = to_mfa(provider)
    until(lambda: "535" in queued(provider)[0][2], "the server's word")
    answer = send_test(provider)
    assert answer.status_code == 500 and "535" in answer.json()["error_description"], answer.text
    put(provider, smtp_password=PASSWORD)
    assert code_of(provider.mail_client, enter(provider, browser, page, office.wait().code()))


def test_killed_in_the_middle(provider, office):
    """kill -9 between the data and the server's yes: sent again, by somebody else, with the same Message-ID."""
    use(provider, office)
    office.data_gate = threading.Event()
    browser, page = to_mfa(provider)
    assert office.in_data.wait(20)
    victim = courier(provider)
    os.kill(victim, signal.SIGKILL)
    until(lambda: victim not in provider.children() and "courier" in provider.pool().values(), "another courier")
    assert len(queued(provider)) == 1
    office.data_gate.set()
    provider.later(151)  # its lease is over
    until(lambda: not queued(provider), "nothing queued")
    assert code_of(provider.mail_client, enter(provider, browser, page, office.wait().code()))
    assert len({mail.message["Message-ID"] for mail in office.mails}) == 1


def test_killed_again_and_again(provider, office):
    """Whenever it is killed, every mail arrives."""
    use(provider, office)
    office.data_gate = threading.Event()
    wanted = 6
    for _ in range(wanted):
        office.in_data.clear()
        to_mfa(provider)
        assert office.in_data.wait(20)
        os.kill(courier(provider), signal.SIGKILL)
        until(lambda: "courier" in provider.pool().values(), "another courier")
    office.data_gate.set()
    provider.later(151)
    until(lambda: not queued(provider), "nothing queued", 60)
    assert len({mail.message["Message-ID"] for mail in office.mails}) == wanted


def test_a_reload_in_the_middle(provider, office):
    use(provider, office)
    office.data_gate = threading.Event()
    browser, page = to_mfa(provider)
    assert office.in_data.wait(20)
    before = courier(provider)
    provider.process.send_signal(signal.SIGHUP)
    until(lambda: provider.events("reloaded"), "reloaded")
    office.data_gate.set()
    until(lambda: before not in provider.children(), "the old courier is gone")
    assert code_of(provider.mail_client, enter(provider, browser, page, office.wait().code()))
    until(lambda: not queued(provider), "nothing queued")
    assert len(office.mails) == 1  # it was allowed to finish


# --- secrets -------------------------------------------------------------------------
def stored_bytes(provider):
    out = b""
    for name in os.listdir(provider.dir):
        if name.startswith("autentico.db"):
            with open(os.path.join(provider.dir, name), "rb") as f:
                out += f.read()
    return out


def test_nothing_in_the_clear(provider, context):
    """design D8: neither the password of the mail server nor what is in a mail."""
    office = PostOffice(context)
    use(provider, office)
    browser, page = to_mfa(provider)
    until(lambda: queued(provider)[0][1] >= 1, "a try")
    raw = stored_bytes(provider)
    assert PASSWORD.encode() not in raw and b"Your code to sign in" not in raw
    assert provider.rows("SELECT value FROM settings WHERE key = 'smtp_password'")[0][0].startswith("sealed:")
    assert PASSWORD not in provider.api("GET", "/settings").text and "sealed:" not in provider.api("GET", "/settings").text
    with office:
        mail = office.wait()
        assert mail.code().encode() not in raw
        assert code_of(provider.mail_client, enter(provider, browser, page, mail.code()))


def test_settings_brought_along(provider, office):
    """An export of elsewhere has the password in the clear; here it is sealed, and works."""
    answer = provider.api("POST", "/settings/import/apply", json={"version": 1, "settings": office.settings()})
    assert answer.status_code == 204, answer.text
    assert provider.rows("SELECT value FROM settings WHERE key = 'smtp_password'")[0][0].startswith("sealed:")
    assert PASSWORD not in provider.api("GET", "/settings/export").text
    assert send_test(provider).status_code == 200 and office.logins[-1][2] == PASSWORD


# --- the test mail ----------------------------------------------------------------------
def test_test_mail_says_why_not(provider, office):
    answer = send_test(provider)  # no server
    assert answer.status_code == 500 and answer.json()["error"] == "smtp_error"
    assert "smtp_host" in answer.json()["error_description"]
    use(provider, office)
    answer = provider.api("POST", "/settings/test-smtp")  # the admin token is nobody with an address
    assert answer.status_code == 400 and answer.json()["error"] == "no_email"
    office.recipient_replies.append("550 5.7.1 relaying denied")
    answer = send_test(provider)
    assert answer.status_code == 500 and "relaying denied" in answer.json()["error_description"]
    office.close()
    answer = send_test(provider)
    assert answer.status_code == 500 and answer.json()["error"] == "smtp_error"
    assert not queued(provider)  # nobody is surprised later


def test_test_mail_is_for_administrators(provider):
    assert requests.post(provider.url + "/admin/api/settings/test-smtp", timeout=10).status_code == 401


# --- codes ------------------------------------------------------------------------------
def test_resend(provider, office):
    use(provider, office)
    browser, page = to_mfa(provider)
    first = office.wait().code()
    again = browser.get(page_url(provider, page))
    assert "in a minute" in again.text and len(office.mails) == 1
    provider.later(60)
    assert "sent a code" in browser.get(page_url(provider, page)).text
    second = office.wait(2).code()
    if first != second:  # one in a million
        assert "not right" in enter(provider, browser, page, first).text
    assert code_of(provider.mail_client, enter(provider, browser, page, second))


def page_url(provider, page):
    return "/oauth2/mfa?challenge_id=" + re.search(r'name="challenge_id" value="([^"]+)"', page).group(1)


def test_switching_begins_nothing_anew(provider, office):
    """OT-05, flows 5: from the app to mails and back, the wrong ones stay counted, and no second mail goes out."""
    provider.add_user("carola", email="carola@example.test")
    person = Second(provider, "carola")
    person.secret = Account(provider, "carola").enrol()
    use(provider, office)
    put(provider, mfa_method="both")
    browser = Browser(provider)
    page = person.to_mfa(provider.mail_client, browser).text
    assert not office.mails and "not right" in person.post(browser, page, "000000").text
    for n in range(2):
        page = browser.follow(browser.get(links(page)["Verify using email"])).text
        assert ("in a minute" if n else "sent a code") in page
        assert "not right" in person.post(browser, page, "abcdef").text
        page = browser.follow(browser.get(links(page)["Verify using authenticator app"])).text
    assert "not right" in person.post(browser, page, "00000x").text
    page = browser.follow(browser.get(links(page)["Verify using email"])).text
    code = office.wait().code()
    assert error_back(person.post(browser, page, f"{(int(code) + 1) % 1000000:06d}")) == "mfa_failed"
    assert error_back(person.post(browser, page, code)) == "mfa_failed"
    assert len(office.mails) == 1


def test_64_wrong_codes_at_once(provider, office):
    """OT-05, issue 4: never more are looked at than the limit allows, and the right one is too late then."""
    provider.add_user("beate", email="beate@example.test")
    use(provider, office)
    person, browser = Second(provider, "beate"), Browser(provider)
    page = person.to_mfa(provider.mail_client, browser).text
    code = office.wait().code()
    wrong = [f"{(int(code) + 1 + i) % 1000000:06d}" for i in range(64)]
    cookies, answers = browser.cookies.get_dict(), []

    def guess(value):
        mine = Browser(provider)
        mine.cookies.update(cookies)
        answers.append(person.post(mine, page, value))

    guessers = [threading.Thread(target=guess, args=(value,)) for value in wrong]
    for guesser in guessers:
        guesser.start()
    for guesser in guessers:
        guesser.join()
    assert len(answers) == 64
    looked_at = [row for row in provider.rows("SELECT detail FROM audit_logs WHERE event = 'mfa_failed' AND detail NOT LIKE '%reason%'"
                                              " AND target_id = (SELECT id FROM users WHERE username = 'beate')")]
    assert len(looked_at) == 5, looked_at
    assert error_back(person.post(browser, page, code)) in ("mfa_failed", "expired")
    page = person.to_mfa(provider.mail_client, browser).text  # a new sign-in is no way round
    assert "Too many" in person.post(browser, page, office.wait(2).code()).text
