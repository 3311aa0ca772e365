#include "config.h"

#include "conf/keys.h"

#include <ctype.h>
#include <string.h>

#define LINE 78

/* Words of `text` from `column` on, broken before LINE; the column it ends in.  A line
 * of roff that begins with a dot or an apostrophe would be a request: \& keeps it text. */
static size_t fill(FILE *out, size_t column, size_t indent, bool is_roff, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, " ");

        if (column > indent && column + 1 + n > LINE) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        if (is_roff && column == indent && strchr(".'", *text) != NULL)
            fputs("\\&", out);
        fwrite(text, 1, n, out);
        column += n;
        text += n + strspn(text + n, " ");
    }
    return column;
}

static void print_as_text(FILE *out, const struct key *k)
{
    fprintf(out, "  %s%s%s\n      ", k->name, text_empty(k->initial) ? "" : "=", text_or(k->initial, ""));
    fill(out, 6, 6, false, k->help);
    fputc('\n', out);
}

static void print_as_roff(FILE *out, const struct key *k)
{
    char text[512];

    snprintf(text, sizeof(text), "%c%s.", toupper((unsigned char)k->help[0]), k->help + 1);
    fprintf(out, ".TP\n.B %s\n", k->name);
    size_t column = fill(out, 0, 0, true, text);
    if (!text_empty(k->initial)) {
        snprintf(text, sizeof(text), "Default: %s.", k->initial);
        column = fill(out, column, 0, true, text);
    }
    if (k->type == KEY_CHOICE) {
        snprintf(text, sizeof(text), "One of: %s.", k->choices);
        fill(out, column, 0, true, text);
    }
    fputc('\n', out);
}

static void print_all(FILE *out, void (*print)(FILE *out, const struct key *k))
{
    for (size_t i = 0; i < conf_keys_n; i++)
        if (conf_keys[i].type != KEY_LATER)
            print(out, &conf_keys[i]);
}

void conf_print_help(FILE *out)
{
    print_all(out, print_as_text);
    fputs("Of every secret also NAME_FILE, the path of a file that holds it and that nobody else may read.\n", out);
}

void conf_print_man(FILE *out)
{
    print_all(out, print_as_roff);
}
