#!/bin/sh
# embed.sh OUTPUT FILE...: the numbered migrations as a table in C.
# The files are named NNNN_words.sql and come without gaps, from 0001.
set -eu
export LC_ALL=C

output=$1
shift
[ $# -gt 0 ] || { echo "embed.sh: no migrations" >&2; exit 1; }

awk '
    function escape(line) {
        gsub(/\\/, "\\\\", line)
        gsub(/"/, "\\\"", line)
        gsub(/\?/, "\\?", line)         # no trigraphs
        gsub(/\t/, "\\t", line)
        return line
    }
    BEGIN {
        print "/* Made by src/store/embed.sh; do not edit. */"
        print "#include \"config.h\"\n"
        print "#include \"store/migrations.h\"\n"
        print "const struct migration migrations[] = {"
    }
    FNR == 1 {
        if (n++) print "    },"
        name = FILENAME
        sub(/.*\//, "", name)
        if (name !~ /^[0-9][0-9][0-9][0-9]_[a-z0-9_]+\.sql$/ || substr(name, 1, 4) + 0 != n) {
            print "embed.sh: " name " is not migration " n > "/dev/stderr"
            failed = 1
            exit 1
        }
        sub(/\.sql$/, "", name)
        printf "    { %d, \"%s\",\n", n, name
    }
    { printf "        \"%s\\n\"\n", escape($0) }
    END {
        if (failed) exit 1
        print "    },\n};"
        print "const size_t migrations_n = sizeof migrations / sizeof migrations[0];"
    }
' "$@" > "$output.tmp" || { rm -f "$output.tmp"; exit 1; }
mv "$output.tmp" "$output"
