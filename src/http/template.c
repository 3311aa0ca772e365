#include "config.h"

#include "http/template.h"

#include <string.h>

#define DEPTH_MAX 16

struct parsing {
    struct arena *arena;
    const char *p, *end;
    const char **why;
};

static bool is_name(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= '0' && p[i] <= '9') || p[i] == '_' ||
              p[i] == '/' || (p[i] >= 'A' && p[i] <= 'Z')))
            return false;
    return n > 0;
}

static enum rc bad(struct parsing *ps, const char *why)
{
    *ps->why = why;
    return RC_NONE;
}

static struct node *new_node(struct parsing *ps, enum node_kind kind, const char *text, size_t n)
{
    struct node *node = arena_new(ps->arena, struct node);

    node->kind = kind;
    node->text = arena_strndup(ps->arena, text, n);
    node->text_n = n;
    return node;
}

/* One tag at ps->p, past its braces afterwards. */
struct tag { char sign; const char *name; size_t name_n; };

static enum rc read_tag(struct parsing *ps, struct tag *out)
{
    const char *p = ps->p + 2, *close = memmem(p, (size_t)(ps->end - p), "}}", 2);
    struct tag tag = { 0, p, 0 };

    if (close == NULL)
        return bad(ps, "{{ without }}");
    if (p < close && strchr("#^/>", *p) != NULL)
        tag.sign = *p++;
    while (p < close && *p == ' ')
        p++;
    tag.name = p;
    tag.name_n = (size_t)(close - p);
    while (tag.name_n > 0 && tag.name[tag.name_n - 1] == ' ')
        tag.name_n--;
    if (!is_name(tag.name, tag.name_n))
        return bad(ps, "a tag holds no name");
    ps->p = close + 2;
    *out = tag;
    return RC_OK;
}

static void read_text(struct parsing *ps, struct node ***tail)
{
    const char *open = memmem(ps->p, (size_t)(ps->end - ps->p), "{{", 2);
    const char *stop = open != NULL ? open : ps->end;

    if (stop == ps->p)
        return;
    **tail = new_node(ps, NODE_TEXT, ps->p, (size_t)(stop - ps->p));
    *tail = &(**tail)->next;
    ps->p = stop;
}

static enum rc read_nodes(struct parsing *ps, const char *section, int depth, struct node **out);

static enum rc read_section(struct parsing *ps, const struct tag *tag, int depth, struct node *node)
{
    if (depth >= DEPTH_MAX)
        return bad(ps, "sections nest too deep");
    node->kind = tag->sign == '#' ? NODE_SECTION : NODE_INVERTED;
    return read_nodes(ps, node->text, depth + 1, &node->children);
}

/* Until the end of the text, or {{/section}}. */
static enum rc read_nodes(struct parsing *ps, const char *section, int depth, struct node **out)
{
    struct node **tail = out;
    struct tag tag;

    for (;;) {
        read_text(ps, &tail);
        if (ps->p == ps->end)
            return section == NULL ? RC_OK : bad(ps, "a section is not closed");
        TRY(read_tag(ps, &tag));
        struct node *node = new_node(ps, NODE_NAME, tag.name, tag.name_n);
        if (tag.sign == '/') {
            if (section == NULL || strcmp(section, node->text) != 0)
                return bad(ps, "a section is closed that is not open");
            return RC_OK;
        }
        if (tag.sign == '>')
            node->kind = NODE_INCLUDE;
        if (tag.sign == '#' || tag.sign == '^')
            TRY(read_section(ps, &tag, depth, node));
        *tail = node;
        tail = &node->next;
    }
}

enum rc template_parse(struct arena *a, const char *text, size_t n, const struct template **out, const char **why)
{
    struct parsing ps = { a, text, text + n, why };
    struct template *t = arena_new(a, struct template);

    t->name = "";
    TRY(read_nodes(&ps, NULL, 0, &t->first));
    *out = t;
    return RC_OK;
}

/* --- running -------------------------------------------------------------- */

static const struct json *look_up(const struct scope *scope, const char *name)
{
    for (; scope != NULL; scope = scope->outer) {
        if (scope->late != NULL) {
            const struct json *value = scope->late(scope->late_arg, name);

            if (value != NULL)
                return value;
            continue;
        }
        if (json_type(scope->vars) == JSON_OBJECT && json_has(scope->vars, name))
            return json_get(scope->vars, name);
    }
    return NULL;
}

/* Empty text, an empty list, false, null and absence are "no". */
static bool is_shown(struct arena *a, const struct json *value)
{
    switch (json_type(value)) {
    case JSON_NULL:
        return false;
    case JSON_ARRAY:
        return json_len(value) > 0;
    case JSON_STRING:
        return *json_str(value) != '\0';
    case JSON_BOOL:
        return text_same(json_text(a, value), "true");
    default:
        return true;
    }
}

static void print_value(struct sbuf *out, const struct json *value)
{
    if (json_type(value) == JSON_STRING)
        sbuf_html(out, json_str(value));
    else if (json_type(value) == JSON_INT || json_type(value) == JSON_BOOL)
        sbuf_html(out, json_text(out->arena, value));
}

static void run_nodes(const struct node *node, const struct scope *scope, struct sbuf *out, int depth);

static void run_section(const struct node *node, const struct scope *scope, struct sbuf *out, int depth)
{
    const struct json *value = look_up(scope, node->text);

    if (json_type(value) == JSON_ARRAY) {
        for (size_t i = 0; i < json_len(value); i++) {
            struct scope inner = { .vars = json_at(value, i), .outer = scope };

            run_nodes(node->children, &inner, out, depth + 1);
        }
        return;
    }
    if (is_shown(out->arena, value)) {
        struct scope inner = { .vars = value, .outer = scope };

        run_nodes(node->children, &inner, out, depth + 1);
    }
}

static void run_nodes(const struct node *node, const struct scope *scope, struct sbuf *out, int depth)
{
    if (depth > 4 * DEPTH_MAX)
        return;
    for (; node != NULL; node = node->next) {
        switch (node->kind) {
        case NODE_TEXT:
            sbuf_addn(out, node->text, node->text_n);
            break;
        case NODE_NAME:
            print_value(out, look_up(scope, node->text));
            break;
        case NODE_SECTION:
            run_section(node, scope, out, depth);
            break;
        case NODE_INVERTED:
            if (!is_shown(out->arena, look_up(scope, node->text)))
                run_nodes(node->children, scope, out, depth + 1);
            break;
        case NODE_INCLUDE:
            if (node->included != NULL)
                run_nodes(node->included->first, scope, out, depth + 1);
            break;
        }
    }
}

void template_run(const struct template *t, const struct scope *scope, struct sbuf *out)
{
    run_nodes(t->first, scope, out, 0);
}

void template_render(const struct template *t, const struct json *vars, const struct json *globals, struct sbuf *out)
{
    struct scope outer = { .vars = globals }, inner = { .vars = vars, .outer = &outer };

    template_run(t, &inner, out);
}
