"""`autentico doctor` and the public address: a deployment as README has it is found good behind each of the web servers,
and one whose site was spoilt is found out and mended by typing (design 4 "TLS", "HSTS", "network")."""
import datetime
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from machine import CONFIG, HOST, URL, Machine, to_mend
from test_doctor import FRESH, mend_all, onboard, waive

SITES = {"nginx": "/etc/nginx/sites-available/autentico", "apache": "/etc/apache2/sites-available/autentico.conf",
         "lighttpd": "/etc/lighttpd/conf-available/60-autentico.conf"}

# Debian's comes in a package that starts a server of its own
APACHECTL = """#!/bin/sh
case $1 in configtest) exec apache2 -f /etc/apache2/apache2.conf -t ;; *) exec apache2 -f /etc/apache2/apache2.conf -k "$1" ;; esac
"""
APACHE_MODULES = ("mpm_event authz_core authz_host alias mime headers rewrite env deflate asis filter setenvif reqtimeout ssl http2 proxy "
                  "proxy_fcgi cache cache_socache socache_shmcb").split()


def nginx(m):
    m.type("ln -s ../sites-available/autentico /etc/nginx/sites-enabled/autentico && mkdir -p /var/log/nginx && rm -rf /var/lib/nginx && mkdir /var/lib/nginx && nginx")


def apache(m):
    m.write("/etc/apache2/apache2.conf", "ServerRoot /etc/apache2\nPidFile /run/apache2.pid\nDefaultRuntimeDir /run\n"
            "ErrorLog /var/log/apache2/error.log\nUser www-data\nGroup www-data\nServerName x.invalid\nTypesConfig /etc/mime.types\n"
            + "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in APACHE_MODULES)
            + "Listen 80\nListen 443\nIncludeOptional sites-enabled/*.conf\n"
              "<Directory /var/www/>\nRequire all granted\n</Directory>\n")
    m.type("mkdir -p /var/log/apache2 /etc/apache2/sites-enabled && "
           "ln -s ../sites-available/autentico.conf /etc/apache2/sites-enabled/ && apachectl start")


def lighttpd(m):
    m.type("mkdir -p /var/log/lighttpd /var/cache/lighttpd/uploads && chown www-data /var/log/lighttpd /var/cache/lighttpd/uploads && "
           "ln -s ../conf-available/60-autentico.conf /etc/lighttpd/conf-enabled/ && "
           "lighttpd -tt -f /etc/lighttpd/lighttpd.conf && lighttpd -f /etc/lighttpd/lighttpd.conf")


FRONTS = {"nginx": nginx, "apache": apache, "lighttpd": lighttpd}


def make(kind):
    m = Machine()
    with open(m.dir + "/apachectl", "w") as f:
        f.write(APACHECTL)
    m.type(f"chmod 0755 {m.dir}/apachectl")
    m.env["PATH"] = m.dir + ":" + m.env["PATH"]
    m.install()
    waive(m, "clock", 30, "no NTP in here")
    m.kind = kind
    m.start()
    m.type("mkdir -p " + SITES[kind].rpartition("/")[0])
    m.type(f"autentico site {kind} --config {CONFIG} > {SITES[kind]}")
    FRONTS[kind](m)
    m.until(f"curl -sf --cacert /etc/ssl/autentico/ca.pem {URL}/healthz")
    onboard(m)
    return m


@pytest.fixture(params=list(FRONTS))
def machine(request):
    m = make(request.param)
    yield m
    m.close()


@pytest.fixture
def behind_nginx():
    m = make("nginx")
    yield m
    m.close()


def spoil(m, *edits):
    """The site, as somebody might have."""
    text = m.type(f"cat {SITES[m.kind]}").stdout
    for before, after in edits:
        assert re.search(before, text, re.M), before
        text = re.sub(before, after, text, flags=re.M)
    m.write(SITES[m.kind], text)
    m.type({"nginx": "nginx -t && nginx -s reload", "apache": "apachectl configtest && apachectl graceful",
            "lighttpd": "lighttpd -tt -f /etc/lighttpd/lighttpd.conf && pid=$(cat /run/lighttpd.pid) && kill $pid && "
                        "tail --pid=$pid -f /dev/null && lighttpd -f /etc/lighttpd/lighttpd.conf"}[m.kind])


def seen(m, findings):
    """Once the web server has come round to its new configuration."""
    status, found = m.doctor()
    for _ in range(40):
        if to_mend(found) == findings:
            break
        m.type("sleep 0.25")
        status, found = m.doctor()
    assert to_mend(found) == findings
    return found


def mend_until(m, leave):
    """A web server takes its time to come round, and what it still does is mended twice."""
    for _ in range(4):
        left = to_mend(mend_all(m, leave=("public-address",)))
        if left == leave:
            return
        m.type("sleep 1")
    assert left == leave


LEFT = {("second-factors", "admin")}
SPOILT = {("tls-versions", "TLS 1.0"), ("tls-versions", "TLS 1.1"), ("tls-versions", "TLS 1.3"), ("hsts", ""), ("plain-http", ""),
          ("cors-seen", ""), ("security-headers", "X-Frame-Options")}
EDITS = {
    "nginx": [(r"ssl_protocols .*", "ssl_protocols TLSv1 TLSv1.1 TLSv1.2;"), (r"ssl_ciphers .*", "ssl_ciphers DEFAULT:@SECLEVEL=0;"),
              (r"^ *add_header Strict-Transport-Security.*", ""), (r"return 301 .*", "root /var/www/html;"),
              (r"^( *ssl_session_tickets off;)", r"\1 add_header Access-Control-Allow-Origin '*' always; "
                                                 r"add_header X-Frame-Options DENY always;")],
    "apache": [(r"SSLProtocol .*", "SSLProtocol -all +TLSv1 +TLSv1.1 +TLSv1.2"),
               (r"SSLCipherSuite .*", "SSLCipherSuite DEFAULT:@SECLEVEL=0"),
               (r"^ *RewriteCond %\{THE_REQUEST\} \"\^.S\+ \(/\[\^\?.s\]\*\)\"\n.*\n *RewriteRule \^ - \[F\]", "    DocumentRoot /var/www/html"),
               (r"^ *Header always set Strict-Transport-Security.*",
                "    Header always set Access-Control-Allow-Origin \"*\"\n    Header add X-Frame-Options DENY\n"
                "    Header always add X-Frame-Options DENY")],
    "lighttpd": [(r'"MinProtocol" *=> *"TLSv1.2"', '"MinProtocol" => "TLSv1", "MaxProtocol" => "TLSv1.2"'),
                 (r'"CipherString" *=> *"[^"]*"', '"CipherString" => "DEFAULT:@SECLEVEL=0"'),
                 (r'^.*url.redirect = .*', 'alias.url = ( "/" => "/var/www/html/" )'),
                 (r'"Strict-Transport-Security" => "[^"]*"', '"Access-Control-Allow-Origin" => "*" )\n'
                  '        setenv.add-response-header = ( "X-Frame-Options" => "DENY"')],
}


def test_as_readme_has_it(machine):
    """No failure and no false alarm; then the warnings, which are true, are mended by typing."""
    status, findings = machine.doctor()
    assert (status, to_mend(findings)) == (1, FRESH)
    assert {f["id"] for f in findings if f["status"] == "skip"} == set()
    mend_until(machine, LEFT)


def test_a_spoilt_site(machine):
    mend_until(machine, LEFT)
    machine.type("mkdir -p /var/www/html/oauth2 && echo welcome > /var/www/html/oauth2/authorize")
    spoil(machine, *EDITS[machine.kind])
    seen(machine, SPOILT | LEFT)
    mend_until(machine, LEFT)
    assert machine.type(f"autentico site {machine.kind} --config {CONFIG} | diff - {SITES[machine.kind]}").stdout == ""


def test_a_proxy_that_says_nothing(behind_nginx):
    m = behind_nginx
    mend_until(m, LEFT)
    spoil(m, (r"fastcgi_param REQUEST_SCHEME .*", ""), (r"fastcgi_param HTTPS .*", ""))
    seen(m, LEFT | {("proxy-seen", "")})
    mend_until(m, LEFT)


def test_a_proxy_nobody_trusts(behind_nginx):
    m = behind_nginx
    mend_until(m, LEFT)
    spoil(m, (r"fastcgi_param REQUEST_SCHEME .*", ""), (r"fastcgi_param HTTPS .*", ""),
          (r"fastcgi_param HTTP_X_FORWARDED_PROTO .*", "fastcgi_param HTTP_X_FORWARDED_PROTO https;"))
    seen(m, LEFT | {("proxy-seen", "")})
    mend_until(m, LEFT)
    assert "AUTENTICO_TRUSTED_PROXIES=127.0.0.1,::1\n" in m.type(f"cat {CONFIG}").stdout


def test_files_that_are_given_away(behind_nginx):
    m = behind_nginx
    mend_until(m, LEFT)
    m.type("chmod 0755 /etc/autentico && chmod 0644 " + CONFIG)
    spoil(m, (r"^( *ssl_session_tickets off;)", r"\1 location = /autentico.env { alias %s; }" % CONFIG))
    seen(m, LEFT | {("config-file", ""), ("served-files", URL + "/autentico.env")})
    mend_until(m, LEFT)


def certificate(days_ago, days):
    """By our authority, for a time of our own."""
    def edit(m):
        def read(name):
            return m.type(f"cat /etc/ssl/autentico/{name}").stdout.encode()
        ca, ca_key = x509.load_pem_x509_certificate(read("ca.pem")), serialization.load_pem_private_key(read("ca.key"), None)
        old = x509.load_pem_x509_certificate(read("fullchain.pem"))
        now = datetime.datetime.utcnow()
        made = (x509.CertificateBuilder().subject_name(old.subject).issuer_name(ca.subject).public_key(old.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days_ago))
                .not_valid_after(now + datetime.timedelta(days))
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False).sign(ca_key, hashes.SHA256()))
        m.write("/etc/ssl/autentico/fullchain.pem", made.public_bytes(serialization.Encoding.PEM).decode())
        m.type("nginx -s reload")
    return edit


@pytest.mark.parametrize("days_ago, days, is_good", [(88, 2, False), (88, -1, False), (76, 15, True), (4, 3, True), (6, 1, False)])
def test_how_long_a_certificate_is_good(behind_nginx, days_ago, days, is_good):
    """Some live for a year, some for a week."""
    m = behind_nginx
    certificate(days_ago, days)(m)
    seen(m, FRESH | (set() if is_good else {("certificate", "")}))


def test_an_authority_nobody_knows(behind_nginx):
    """One finding: the rest is looked at all the same."""
    m = behind_nginx
    m.type(f"sed -i '/^AUTENTICO_CA_FILE=/d' {CONFIG}")
    status, findings = m.doctor()
    assert to_mend(findings) == FRESH | {("certificate", "")} and not [f for f in findings if f["status"] == "skip"]


def test_nobody_there(behind_nginx):
    m = behind_nginx
    m.type("nginx -s quit && sleep 0.5")
    status, findings = m.doctor()
    assert (status, to_mend(findings)) == (2, FRESH | {("public-address", "")})
    m.type("nginx")
    parent = m.type("pgrep -o autentico").stdout.strip()
    m.type(f"kill {parent} && tail --pid={parent} -f /dev/null")
    status, findings = m.doctor()
    assert (status, to_mend(findings)) == (2, FRESH | {("public-address", "")})
    mend, = [f["mend"] for f in findings if f["id"] == "public-address"]
    assert mend == f"autentico start --config {CONFIG}"
    m.leave(mend)
    m.ready()
    assert to_mend(m.doctor()[1]) == FRESH
