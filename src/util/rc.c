#include "config.h"

#include "util/rc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct row {
    int status;
    const char *wire;
    const char *text;
};

static const struct row rows[REFUSAL_CODES_N] = {
    [REFUSE_NOTHING] = { 500, "server_error", "" },
#define REFUSAL(id, status, wire, text, spec) [REFUSE_##id] = { status, wire, text },
#include "util/refusals.def"
#undef REFUSAL
};

struct bytes bytes_of(const char *text)
{
    if (text == NULL)
        return (struct bytes){ 0 };
    return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

static const struct row *row_of(enum refusal_code code)
{
    size_t i = (size_t)code;

    return &rows[i < ARRAY_LEN(rows) ? i : REFUSE_NOTHING];
}

/* RFC 6749 5.2: error_description is %x20-21 / %x23-5B / %x5D-7E */
static void keep_describable(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7E || *text == '"' || *text == '\\')
            *text = '?';
}

void refuse_with(struct refusal *no, enum refusal_code code, const char *fmt, ...)
{
    va_list ap;

    no->code = code;
    no->detail[0] = '\0';
    if (fmt == NULL)
        return;
    va_start(ap, fmt);
    vsnprintf(no->detail, sizeof(no->detail), fmt, ap);
    va_end(ap);
    keep_describable(no->detail);
}

int refusal_status(enum refusal_code code)
{
    return row_of(code)->status;
}

const char *refusal_wire(enum refusal_code code)
{
    return row_of(code)->wire;
}

const char *refusal_text(const struct refusal *no)
{
    return no->detail[0] != '\0' ? no->detail : row_of(no->code)->text;
}
