"""openid-client (npm) signs a person in, reads userinfo, refreshes and logs out."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from provider import Browser

HERE = pathlib.Path(__file__).resolve().parent / "node"


@pytest.fixture(scope="module")
def package():
    """Installed outside the tree."""
    folder = tempfile.mkdtemp(prefix="aut-rp-")
    for name in ("package.json", "rp.js"):
        shutil.copy(HERE / name, folder)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, timeout=300)
    yield folder
    shutil.rmtree(folder)


def test_openid_client_signs_in(provider, package):
    client = provider.add_client(refresh=True)
    rp = subprocess.Popen(["node", "rp.js", provider.issuer, client.id, client.secret, client.redirect_uri], cwd=package,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]})
    browser = Browser(provider)
    page = browser.get(json.loads(rp.stdout.readline())["url"])
    answer = provider.post_login(browser, page.text)
    rp.stdin.write(answer.headers["Location"] + "\n")
    rp.stdin.flush()
    learnt = json.loads(rp.stdout.readline())
    assert rp.wait(20) == 0
    assert learnt["sub"] == learnt["refreshed"] == learnt["info"]["sub"]
    assert learnt["info"]["preferred_username"] == "admin"
    assert browser.get(learnt["logout"]).text.find("You have been signed out.") > 0
