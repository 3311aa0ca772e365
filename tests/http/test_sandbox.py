"""A worker that serves cannot open the secret files (design D3a).

From outside the one thing that shows is what it serves from a path: the style sheet.
"""
import os

import pytest
import requests

from provider import Provider

OWN = "body { color: #123456 }\n"


@pytest.fixture
def themed():
    p = Provider(AUTENTICO_LOG_FORMAT="text")
    css = os.path.join(p.dir, "theme.css")
    with open(css, "w") as f:
        f.write(OWN)
    owner = os.stat(p.dir)
    if os.geteuid() == 0:
        os.chown(css, owner.st_uid, owner.st_gid)
    p.env["AUTENTICO_THEME_CSS_FILE"] = css
    p.start()
    yield p, css
    p.stop()


def sheet(p):
    got = requests.get(p.issuer + "/static/theme.css", timeout=10)
    assert got.status_code == 200
    return got.text


def put_in_place_of(css, secret):
    """The same file under the name that is served: same owner, same mode, no link to follow."""
    os.unlink(css)
    os.link(secret, css)


def test_served_path_that_became_the_secret_file(themed):
    p, css = themed
    secret = os.path.join(p.dir, ".env")
    assert OWN in sheet(p)
    put_in_place_of(css, secret)
    for _ in range(20):
        assert "AUTENTICO_ENCRYPTION_KEY" not in sheet(p)
    # only the sandbox stood in the way: new workers, which were told of that file, read it
    p.halt()
    p.start()
    assert "AUTENTICO_ENCRYPTION_KEY" in sheet(p)


def test_missing_style_sheet_stops_nobody(themed):
    p, css = themed
    p.halt()
    os.unlink(css)
    p.start()
    assert "color: #123456" not in sheet(p)
    assert not p.read_log().count("process_died")
