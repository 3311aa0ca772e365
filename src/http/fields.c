#include "config.h"

#include "http/fields.h"

#include <string.h>

#include "http/response.h"

struct binding {
    struct exchange *x;
    void *out;
};

bool field_any(const char *text)
{
    (void)text;
    return true;
}

static const char **slot(const struct binding *b, const struct field *f)
{
    return (const char **)((char *)b->out + f->offset);
}

static enum rc refuse_field(struct exchange *x, const struct field *f, const char *why)
{
    return refuse(&x->no, REFUSE_INVALID_REQUEST, "%s %s", f->name, why);
}

static enum rc check_value(const struct binding *b, const struct field *f, const char *value)
{
    if (strlen(value) > f->max)
        return refuse_field(b->x, f, "is too long");
    if (!(f->is != NULL ? f->is(value) : is_text_lines(value)))
        return refuse_field(b->x, f, "is malformed");
    *slot(b, f) = value;
    return RC_OK;
}

/* RFC 6749 3.1: empty is absent, repeated is refused (HT-03, HT-04); so are two places
 * that contradict each other. */
static enum rc bind_param(const struct binding *b, const struct field *f, const struct params *first,
                          const struct params *second)
{
    bool is_repeated = false, is_again = false;
    const char *value = param_get(first, f->name, &is_repeated);
    const char *other = second != NULL ? param_get(second, f->name, &is_again) : NULL;

    if (is_repeated || is_again || (value != NULL && other != NULL && strcmp(value, other) != 0))
        return refuse_field(b->x, f, "was sent more than once");
    if (value == NULL)
        value = other;
    if (value == NULL)
        return f->need == F_REQUIRED ? refuse_field(b->x, f, "is missing") : RC_OK;
    return check_value(b, f, value);
}

static enum rc bind_params(struct exchange *x, const struct field *fields, size_t n, const struct params *first,
                           const struct params *second, void *out)
{
    struct binding b = { x, out };

    for (size_t i = 0; i < n; i++)
        TRY(bind_param(&b, &fields[i], first, second));
    return RC_OK;
}

static enum rc check_form(struct exchange *x)
{
    if (x->rq->is_bad_form)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "The request body does not decode");
    return RC_OK;
}

static enum rc check_query(struct exchange *x)
{
    if (x->rq->is_bad_query)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "The query does not decode");
    return RC_OK;
}

enum rc form_bind(struct exchange *x, const struct field *fields, size_t n, void *out)
{
    TRY(check_form(x));
    if (!x->rq->is_form)
        return refuse(&x->no, REFUSE_INVALID_REQUEST,
                      "The request body must be application/x-www-form-urlencoded");
    return bind_params(x, fields, n, &x->rq->form, NULL, out);
}

enum rc query_bind(struct exchange *x, const struct field *fields, size_t n, void *out)
{
    TRY(check_query(x));
    return bind_params(x, fields, n, &x->rq->query, NULL, out);
}

enum rc either_bind(struct exchange *x, const struct field *fields, size_t n, void *out)
{
    if (x->rq->method != M_POST)
        return query_bind(x, fields, n, out);
    TRY(check_form(x));
    TRY(check_query(x));
    return bind_params(x, fields, n, &x->rq->form, &x->rq->query, out);
}

/* --- JSON ----------------------------------------------------------------- */

static enum rc bind_member(const struct binding *b, const struct field *f, const struct json *obj)
{
    const struct json *member = json_get(obj, f->name);
    const char *value = json_str(member);

    if (member == NULL)
        return f->need == F_REQUIRED ? refuse_field(b->x, f, "is missing") : RC_OK;
    if (value == NULL)
        return refuse_field(b->x, f, "must be a string");
    if (*value == '\0' && f->need == F_REQUIRED)
        return refuse_field(b->x, f, "is missing");
    return check_value(b, f, value);
}

enum rc json_bind(struct exchange *x, const struct field *fields, size_t n, void *out, struct json **body)
{
    struct binding b = { x, out };
    struct bytes raw = x->rq->body;
    struct json *obj;

    if (raw.n == 0 || json_parse_prefix(x->arena, (const char *)raw.p, raw.n, &obj) != RC_OK ||
        json_type(obj) != JSON_OBJECT)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "The request body must be a JSON object");
    for (size_t i = 0; i < n; i++)
        TRY(bind_member(&b, &fields[i], obj));
    if (body != NULL)
        *body = obj;
    return RC_OK;
}

/* A form that sends a field empty clears it, so "" stays "". */
static enum rc bind_form_field(const struct binding *b, const struct field *f)
{
    const struct params *form = &b->x->rq->form;
    const char *found = NULL;

    for (size_t i = 0; i < form->n; i++) {
        if (strcmp(form->v[i].name, f->name) != 0)
            continue;
        if (found != NULL)
            return refuse_field(b->x, f, "was sent more than once");
        found = form->v[i].value;
    }
    if (found == NULL || *found == '\0') {
        if (f->need == F_REQUIRED)
            return refuse_field(b->x, f, "is missing");
        *slot(b, f) = found;
        return RC_OK;
    }
    return check_value(b, f, found);
}

enum rc model_bind(struct exchange *x, const struct field *fields, size_t n, void *out, struct json **body)
{
    struct binding b = { x, out };

    if (!is_page(x))
        return json_bind(x, fields, n, out, body);
    TRY(check_form(x));
    for (size_t i = 0; i < n; i++)
        TRY(bind_form_field(&b, &fields[i]));
    if (body != NULL)
        *body = NULL;
    return RC_OK;
}
