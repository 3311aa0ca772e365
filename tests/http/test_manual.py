"""What --help says, autentico(1) says as well, and README's list of commands is the program's own."""
import pathlib
import re
import subprocess

import pytest

from provider import BINARY

TOP = pathlib.Path(__file__).resolve().parents[2]


def said(*words):
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=60, check=True).stdout


COMMANDS = re.findall(r"^  (\w+) {2,}\S", said("help"), re.M)
MANUAL = (TOP / "man" / "autentico.1").read_text().replace("\\-", "-")


def test_the_list_of_commands():
    readme = (TOP / "README").read_text()
    listed = readme[readme.index("The command line\n"):readme.index("Every command works beside")]
    assert re.findall(r"^    (\w+) {2,}\S", listed, re.M) == COMMANDS
    assert len(COMMANDS) >= 9


@pytest.mark.parametrize("command", COMMANDS)
def test_help_and_manual(command):
    text = said(command, "--help")
    assert text == said("help", command) or command == "help"
    assert text.startswith(f"Usage: autentico {command}") or command == "help"
    assert f".SS autentico {command}" in MANUAL
    missing = [flag for flag in set(re.findall(r"--[a-z][a-z-]+", text)) if flag not in MANUAL]
    assert missing == [], f"autentico(1) knows no {missing}"
    assert [line for line in text.splitlines() if len(line) > 100] == []
    for verb in set(re.findall(rf"^(?:Usage:|      ) autentico {command} ([a-z][a-z-]*)", text, re.M)):
        assert f".SS autentico {command} {verb}" in MANUAL
        assert said(command, verb, "--help") == text
