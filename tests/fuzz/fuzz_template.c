/* Templates (http/template.c): parsed, or refused with a line; what is printed is escaped for
 * where it stands. */
#include "config.h"

#include "fuzz.h"

#include "http/template.h"

/* What no template has in its own text, and between the two what must not come out as it is. */
#define FROM "qZx"
#define TO "xZq"
#define SCRIPT "kWv"
#define DANGEROUS FROM "<\"'&>\n" TO

static const struct json *variables(void)
{
    struct json *vars = json_object(A), *list = json_array(A), *inner = json_object(A);

    json_set_str(vars, "a", DANGEROUS);
    json_set_str(vars, "url", "javascript:" SCRIPT);
    json_set_str(vars, "link", "https://example.org/?a=b&c=d");
    json_set_int(vars, "n", -7);
    json_set_bool(vars, "yes", true);
    json_set_bool(vars, "no", false);
    json_set_str(vars, "empty", "");
    json_set_null(vars, "null");
    json_set_str(inner, "b", DANGEROUS);
    json_add(list, inner);
    json_add_str(list, DANGEROUS);
    json_set(vars, "list", list);
    json_set(vars, "o", inner);
    return vars;
}

static bool has(struct bytes text, const char *what)
{
    return text.n > 0 && memmem(text.p, text.n, what, strlen(what)) != NULL;
}

static bool is_entity(const char *p)
{
    return p[1] == '#' || (p[1] >= 'a' && p[1] <= 'z');
}

/* Whatever stands between FROM and TO is ours. */
static void check_escaped(const char *text)
{
    const char *from, *to;

    while ((from = strstr(text, FROM)) != NULL && (to = strstr(from, TO)) != NULL) {
        for (const char *p = from; p < to; p++) {
            MUST(strchr("<>\"'", *p) == NULL);
            MUST(*p != '&' || is_entity(p));
        }
        text = to;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes all = { data, size };
    const struct template *t;
    const char *why = NULL;
    struct sbuf out;

    begin();
    if (template_parse(A, (const char *)data, size, &t, &why) != RC_OK) {
        MUST(why != NULL && strncmp(why, "line ", 5) == 0);
        return end();
    }
    struct scope scope = { .vars = variables() };
    sbuf_init(&out, A, 1024);
    template_run(t, &scope, &out);
    if (!has(all, FROM) && !has(all, TO))
        check_escaped(out.text);
    if (!has(all, SCRIPT))
        MUST(!has(sbuf_bytes(&out), "<a href=\"javascript:" SCRIPT));
    return end();
}
