"""At least 300 cases, each with its exact answer (HT, JO, CS, RV, IN, MD of the conformance list)."""
import pathlib
import re

import pytest

import cases_bodies
import cases_messages
import cases_parameters
import cases_routes
from wire import http

CASES = [case for module in (cases_parameters, cases_bodies, cases_messages, cases_routes) for case in module.cases]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(provider, world, case):
    case.expect(http(provider.port, case.request.render(world)), world)


def test_it_is_a_table_of_hundreds():
    names = [case.name for case in CASES]
    assert len(CASES) >= 300 and not {name for name in names if names.count(name) > 1}


# --- over every route ------------------------------------------------------------

SRC = pathlib.Path(__file__).resolve().parents[2] / "src"
ROW = re.compile(r'^    \{ ([^"]*?),\s*"(/[^"]*)",(.*?)\},?$', re.M | re.S)


def routes():
    """method set, path as a pattern, of every row of the route tables."""
    for room in ("oidc", "pages", "admin", "account"):
        text = (SRC / room / "routes.c").read_text()
        at_root = "|".join(["BASE_ROOT", *re.findall(r"^#define (\w+) .*BASE_ROOT", text, re.M)])
        for methods, path, rest in ROW.findall(text):
            prefix = "" if re.search(rf"\b({at_root})\b", rest) else "/oauth2"
            pattern = re.sub(r":[a-z_]+", "[^/?]+", prefix + path).replace("*", ".*")
            yield methods, prefix + path, re.compile(pattern + r"(\?.*)?", re.S)


def asked():
    """method and target of every case that says so in its first line."""
    for case in CASES:
        head = case.request.head if isinstance(case.request.head, str) else case.request.head.decode("latin-1")
        found = re.match(r"([A-Z]+) (/\S*) HTTP/1\.1\r\n", head)
        if found:
            yield found.groups()


def is_of(methods, method):
    return "M_ANY" in methods or "NOT_" in methods or f"M_{method}" in methods


def test_every_route_has_cases():
    """With a method of its own, and not only by being passed on the way."""
    requests = set(asked())
    rows = list(routes())
    assert len(rows) > 60
    without = [f"{methods} {path}" for methods, path, pattern in rows
               if not any(is_of(methods, method) and pattern.fullmatch(target) for method, target in requests)]
    assert not without, without
