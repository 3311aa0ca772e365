/* application/x-www-form-urlencoded: bodies and query strings (http/params.c, util/uri.c). */
#include "config.h"

#include "fuzz.h"

#include "http/request.h"
#include "util/uri.h"

static char *written(const struct params *params)
{
    struct sbuf b;

    sbuf_init(&b, A, 256);
    for (size_t i = 0; i < params->n; i++)
        uri_add_param(&b, params->v[i].name, params->v[i].value);
    return b.text;
}

static void check_one(const struct param *p)
{
    MUST(p->name != NULL && p->value != NULL);
    MUST(text_is_utf8(p->name, strlen(p->name)) && text_is_utf8(p->value, strlen(p->value)));
}

/* What was taken is written as a query and reads the same. */
static void check_all(const struct params *params)
{
    struct params again;
    const char *text = written(params);
    bool is_repeated;

    for (size_t i = 0; i < params->n; i++) {
        check_one(&params->v[i]);
        (void)param_get(params, params->v[i].name, &is_repeated);
    }
    if (*text == '?')
        text++;
    MUST(params_parse(A, text, strlen(text), &again) == RC_OK);
    MUST(again.n == params->n);
    for (size_t i = 0; i < again.n; i++)
        MUST(strcmp(again.v[i].name, params->v[i].name) == 0 && strcmp(again.v[i].value, params->v[i].value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct params params;
    char *out;

    begin();
    if (params_parse(A, (const char *)data, size, &params) == RC_OK)
        check_all(&params);
    if (form_decode(A, (const char *)data, size, &out) == RC_OK)
        MUST(text_is_utf8(out, strlen(out)) && strlen(out) <= size);
    return end();
}
