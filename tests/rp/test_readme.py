"""The application that README prints works as it stands there, for somebody who follows the text beside it."""
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import time

import pytest
import requests

from provider import Browser, free_port

README = pathlib.Path(__file__).resolve().parents[2] / "README"


def application(provider, client, port):
    """The text, with the two put in, and the addresses of this test in place of README's."""
    text = re.search(r"^    from authlib.*?^    app\.run\(port=3000\)$", README.read_text(), re.M | re.S).group(0)
    text = textwrap.dedent(text)
    assert text.count('client_id="..."') == text.count('client_secret="..."') == 1
    text = text.replace('client_id="..."', f'client_id="{client.id}"')
    text = text.replace('client_secret="..."', f'client_secret="{client.secret}"')
    return text.replace("http://localhost:9999", provider.url).replace("3000", str(port))


@pytest.fixture
def app(provider):
    port = free_port()
    client = provider.add_client(name="My app", redirect_uri=f"http://localhost:{port}/callback")
    with tempfile.TemporaryDirectory(prefix="aut-readme-") as folder:
        path = pathlib.Path(folder, "app.py")
        path.write_text(application(provider, client, port))
        process = subprocess.Popen([sys.executable, str(path)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True)
        for line in process.stderr:  # it says when it listens
            if "Running on" in line:
                break
        yield f"http://localhost:{port}/"
        process.terminate()
        process.communicate(timeout=20)


def test_the_application_of_readme(provider, app):
    person = requests.Session()
    person.trust_env = False
    to_provider = person.get(app, allow_redirects=False, timeout=30).headers["Location"]
    assert to_provider.startswith(provider.issuer + "/authorize?") and "code_challenge_method=S256" in to_provider
    browser = Browser(provider)
    back = provider.post_login(browser, browser.get(to_provider).text).headers["Location"]
    learnt = person.get(back, timeout=30)
    assert learnt.status_code == 200, learnt.text
    userinfo = learnt.json()
    assert userinfo["preferred_username"] == "admin" and userinfo["email"] == "admin@example.test"
    assert userinfo["iss"] == provider.issuer and userinfo["exp"] > time.time()
