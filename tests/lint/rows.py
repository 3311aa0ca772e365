#!/usr/bin/python3
"""Which rows of the conformance list no test names.

Each row that the program is expected to keep by now stands here; a test that shows
it names it (OA-07) in its docstring or a comment.  Prints every row that is in no test
and exits with their number.  A feature enters its rows here in the commit that brings
it.
"""
import pathlib
import re
import sys

# room: rows; a-b is a range.  Left out: what belongs to features that are not there yet
# (OA-22, CO-07, CO-11, CO-26: consent; MD-16: back-channel logout; CS-18: what a
# person allowed), and whatever is not of the first tier.
EXPECTED = {
    "HT": "1-12 14-22 24",      # HTTP ground rules
    "JO": "1-13",               # JOSE and JWT
    "OA": "1-5 7-21 23-25",     # RFC 6749, authorization endpoint
    "TK": "1-37",               # RFC 6749, token endpoint
    "BT": "1-10",               # RFC 6750
    "PK": "1-12",               # RFC 7636
    "RV": "1-8 10-11",          # RFC 7009
    "IN": "1-8",                # RFC 7662
    "MD": "1 3-15 21 24-27",    # metadata
    "IS": "1-3 5",              # RFC 9207
    "RO": "1-3",                # request objects, refused
    "MR": "3",                  # response modes
    "FP": "1-6",                # form post
    "CO": "1-2 4-6 8-10 14-23 27",  # OpenID Connect Core, request
    "IT": "1-10",               # … ID token
    "UI": "1-7 9 13 15",        # … userinfo, claims
    "RL": "1-12",               # RP-initiated logout
    "CS": "1-17",               # cookies, sessions, CSRF, passwords
    "OT": "1-5 7-10",           # TOTP
    "WR": "1-20 23-26",         # WebAuthn, registration
    "WA": "1-17",               # … authentication
    "AT": "6",                  # our own resources look at access tokens
    "O1": "1-5",                # OAuth 2.1
    "BC": "1-2 4-10 12 14-16 18",   # RFC 9700
}


def expand(text):
    for part in text.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def named(root):
    """OA-07, or oa07_ in the name of a C function.  Each row by itself: "IN-01 to IN-08"
    promises more than it shows."""
    words = re.compile(r"\b(%s)(?:-(\d\d)\b|(\d\d)_)" % "|".join(EXPECTED), re.I)
    found = set()
    for path in sorted((root / "tests").rglob("*")):
        if path.suffix not in (".py", ".c", ".h", ".js") or "lint" in path.parts or "node_modules" in path.parts:
            continue
        for room, number, also in words.findall(path.read_text()):
            found.add(f"{room.upper()}-{number or also}")
    return found


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = named(root)
    wanted = [f"{room}-{n:02}" for room, text in EXPECTED.items() for n in expand(text)]
    missing = [row for row in wanted if row not in found]
    for row in missing:
        print(f"{row}: no test names it")
    print(f"rows: {len(wanted) - len(missing)} of {len(wanted)} named")
    return min(len(missing), 100)


if __name__ == "__main__":
    sys.exit(main())
