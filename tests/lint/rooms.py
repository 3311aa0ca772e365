#!/usr/bin/python3
"""The direction rule of the source tree, and the words it does without.

A room of src/ may include its own headers and those of any lower floor; never a
neighbour's on the same floor, never a higher one.  Each foreign library has one
home.  Prints every offence as file:line: text and exits with their number.
"""
import pathlib
import re
import sys

FLOORS = [
    ["util"],
    ["conf"],
    ["crypto", "net"],
    ["store", "signer", "hasher", "helper", "http"],
    ["authn"],
    ["oidc"],
    ["pages", "account", "admin"],
    ["serve"],
    ["cli"],
]
FLOOR = {room: n for n, rooms in enumerate(FLOORS) for room in rooms}

# header -> where it may be included
HOMES = {
    r"fcgi\w*\.h": ("http/fcgi",),
    r"sqlite3\.h": ("store/db_",),
    r"json-c/.*|json\.h": ("util/json",),
    r"gnutls/.*": ("crypto/", "signer/"),
    r"openssl/.*": ("signer/signer_rsa.c",),
    r"argon2\.h|crypt\.h": ("crypto/",),
    r"curl/.*": ("net/",),
    r"cbor\.h": ("crypto/",),
    r"qrencode\.h|png\.h": ("authn/qr",),
}

FORBIDDEN = re.compile(
    r"\b(strcpy|strcat|sprintf|vsprintf|strtok|strtok_r|gets|alloca|atoi|atol|setjmp|longjmp|"
    r"pthread_create|memcmp_secret|system|popen)\s*\(")


def strip(text):
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
    return re.sub(r"//[^\n]*", "", text)


def offences(root):
    for path in sorted((root / "src").rglob("*.[ch]")):
        parts = path.relative_to(root / "src").parts
        if len(parts) < 2 or path.name == "migrations.c":
            continue
        room, where = parts[0], "/".join(parts)
        floor = FLOOR.get(room)
        if floor is None:
            yield f"{path}:1: {room}/ is not a room"
            continue
        code = strip(path.read_text())
        for number, line in enumerate(code.split("\n"), 1):
            yield from include_offences(path, number, line, room, floor, where)
            word = FORBIDDEN.search(re.sub(r'"(\\.|[^"\\])*"', '""', line))
            if word:
                yield f"{path}:{number}: {word.group(1)}() is not used here"
            if room != "store" and re.search(r'"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^"]*\b(FROM|SET|VALUES|WHERE)\b', line):
                yield f"{path}:{number}: SQL outside src/store"


def include_offences(path, number, line, room, floor, where):
    found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
    if not found:
        return
    header = found.group(2)
    target = header.split("/")[0]
    if found.group(1) == '"' and target in FLOOR and target != room and FLOOR[target] >= floor:
        way = "up" if FLOOR[target] > floor else "sideways"
        yield f"{path}:{number}: {room}/ includes {way}: {header}"
    for pattern, homes in HOMES.items():
        if re.fullmatch(pattern, header) and not any(where.startswith(home) for home in homes):
            yield f"{path}:{number}: {header} has its home in {' or '.join(homes)}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = [o.replace(str(root) + "/", "") for o in offences(root)]
    print("\n".join(found) if found else "rooms: clean")
    return min(len(found), 100)


if __name__ == "__main__":
    sys.exit(main())
