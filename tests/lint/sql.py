#!/usr/bin/python3
"""The SQL that a second engine will accept (style 5).

Every statement of src/store, put together from its literals and macros: the words,
functions and spellings that PostgreSQL does not take, parameters that are not $1 to $n
without a gap, a parameter whose type nothing tells.  The engine's own files, db_*.c, are
exempt.  Of the DDL, which is per engine, it asks that every table is STRICT.  Prints every
offence as file:line: text and exits with their number.
"""
import pathlib
import re
import sys

FORBIDDEN = [
    (r"\bINSERT\s+OR\b|\bREPLACE\s+INTO\b|\bUPDATE\s+OR\b", "write ON CONFLICT"),
    (r"\b(rowid|oid|_rowid_)\b|\blast_insert_rowid\b", "ids are ours"),
    (r"\bAUTOINCREMENT\b", "ids are ours"),
    (r"\bIFNULL\b", "write COALESCE"),
    (r"\b(LIKE|GLOB|REGEXP|MATCH)\b", "the engines do not agree on it"),
    (r"\b(strftime|date|time|datetime|julianday|unixepoch)\s*\(|\bCURRENT_(DATE|TIME|TIMESTAMP)\b",
     "times are bound"),
    (r"\bjson\w*\s*\(|->", "no JSON operators"),
    (r"\b(group_concat|instr|iif|printf|format|hex|quote|typeof|total|changes|random|randomblob|unicode|zeroblob)\s*\(",
     "PostgreSQL has no such function, or another one of that name"),
    (r"\b(MAX|MIN)\s*\([^()]*,", "with two arguments it is GREATEST or LEAST there"),
    (r"\bPRAGMA\b|\bATTACH\b|\bINDEXED\s+BY\b|\bWITHOUT\s+ROWID\b", "belongs in db_sqlite.c"),
    (r"\bCOLLATE\b", "fold in C and store it"),
    (r"==", "one = compares"),
    (r"`|\"", "names are not quoted"),
    (r"\?|[@:][A-Za-z]", "parameters are $1, $2"),
    (r"\bLIMIT\s+[^\s]+\s*,", "write OFFSET"),
    (r"\bIS\s+(NOT\s+)?(\$\d|[a-z_]+\.)", "IS compares with NULL only"),
]
UNTYPED = re.compile(r"\$\d+\s+IS\s+(NOT\s+)?NULL", re.I)
LITERAL = r'"(?:\\.|[^"\\])*"'


def strip(text):
    """Without comments, every line end kept; strings are left alone."""
    def blank(found):
        s = found.group()
        return s if s[0] == '"' else re.sub(r"[^\n]", " ", s)
    return re.sub(LITERAL + r"|/\*.*?\*/|//[^\n]*", blank, text, flags=re.S)


def unquote(literal):
    return literal[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def macros_of(texts):
    """name -> body of the macros without arguments that hold text."""
    found = {}
    for text in texts:
        joined = text.replace("\\\n", " ")
        for name, body in re.findall(r"^\s*#\s*define\s+([A-Z][A-Z0-9_]*)[ \t]+(.*)$", joined, re.M):
            if '"' in body:
                found[name] = body
    return found


def expand(source, macros, depth=0):
    out = ""
    for token in re.findall(LITERAL + r"|[A-Za-z_]\w*", source):
        if token[0] == '"':
            out += unquote(token)
        elif token in macros and depth < 8:
            out += expand(macros[token], macros, depth + 1)
    return out


def argument(code, start):
    """The text between the parenthesis at `start` and its other one."""
    depth = 0
    for found in re.finditer(LITERAL + r"|[()]", code[start:]):
        depth += {"(": 1, ")": -1}.get(found.group(), 0)
        if depth == 0:
            return code[start + 1:start + found.start()]
    return code[start + 1:]


def statements(code, macros):
    """line, text of each: those given to db_sql(), and literals that are one elsewhere (tables of them)."""
    inside = [found.span() for found in re.finditer(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", code, re.M)]
    for found in re.finditer(r"\bdb_sql\s*\(", code):
        arg = argument(code, found.end() - 1)
        inside.append((found.start(), found.end() + len(arg)))
        text = expand(arg.split(",", 1)[1] if "," in arg else "", macros)
        if text:
            yield code.count("\n", 0, found.start()) + 1, text
    for found in re.finditer(r"(?:%s\s*)+" % LITERAL, code):
        if any(a <= found.start() < b for a, b in inside):
            continue
        text = expand(found.group(), {})
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|PRAGMA|BEGIN|ATTACH)\b", text):
            yield code.count("\n", 0, found.start()) + 1, text


def numbering(text):
    """Those used, if they are not 1 to n."""
    used = sorted({int(n) for n in re.findall(r"\$(\d+)", text)})
    return used if used != list(range(1, len(used) + 1)) else None


def offences_of(text):
    bare = re.sub(r"'[^']*'", "''", text)
    for pattern, instead in FORBIDDEN:
        found = re.search(pattern, bare, re.I)
        if found:
            yield f"{found.group().strip()}: {instead}"
    if UNTYPED.search(bare):
        yield f"{UNTYPED.search(bare).group()}: nothing tells its type, CAST it"
    if bare.lstrip()[:6].upper() in ("SELECT", "INSERT", "UPDATE", "DELETE") and numbering(bare):
        yield f"its parameters are {numbering(bare)}"


def store_offences(root):
    folder = root / "src" / "store"
    texts = {p: strip(p.read_text()) for p in sorted(folder.glob("*.[ch]")) if p.name != "migrations.c"}
    headers = macros_of(t for p, t in texts.items() if p.suffix == ".h")
    seen = 0
    for path, code in texts.items():
        macros = {**headers, **macros_of([code])}
        for number, text in statements(code, macros):
            seen += 1
            if path.name.startswith("db_"):
                continue
            for offence in offences_of(text):
                yield f"{path}:{number}: {offence}"
    if seen < 50:
        yield f"{folder}: only {seen} statements found: this check is blind"


def ddl_offences(root):
    for path in sorted((root / "sql" / "sqlite").glob("*.sql")):
        text = re.sub(r"--[^\n]*", "", path.read_text())
        for found in re.finditer(r"CREATE\s+TABLE\s+(\w+)[^;]*;", text, re.I):
            if not re.search(r"\)\s*(STRICT|WITHOUT\s+ROWID\s*,\s*STRICT|STRICT\s*,\s*WITHOUT\s+ROWID)\s*;$",
                             found.group(), re.I):
                yield f"{path}:{text.count(chr(10), 0, found.start()) + 1}: {found.group(1)} is not STRICT"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = [o.replace(str(root) + "/", "") for o in (*store_offences(root), *ddl_offences(root))]
    print("\n".join(found) if found else "sql: clean")
    return min(len(found), 100)


if __name__ == "__main__":
    sys.exit(main())
