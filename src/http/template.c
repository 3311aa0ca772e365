#include "config.h"

#include "http/template.h"

#include <string.h>

#include "http/template_place.h"

#define DEPTH_MAX 16

struct parsing {
    struct arena *arena;
    const char *start, *p, *end;
    struct place place;
    bool is_plain; /* text, not HTML */
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
    int line = 1;

    for (const char *p = ps->start; p < ps->p; p++)
        line += *p == '\n';
    *ps->why = arena_printf(ps->arena, "line %d: %s", line, why);
    return RC_NONE;
}

static struct node *new_node(struct parsing *ps, enum node_kind kind, const char *text, size_t n)
{
    struct node *node = arena_new(ps->arena, struct node);
    char *copy = arena_alloc(ps->arena, n + 1);

    memcpy(copy, text, n);
    node->kind = kind;
    node->text = copy;
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
    if (p < close && *p != '\0' && strchr("#^/>", *p) != NULL)
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
    if (!ps->is_plain)
        place_feed(&ps->place, ps->p, (size_t)(stop - ps->p));
    **tail = new_node(ps, NODE_TEXT, ps->p, (size_t)(stop - ps->p));
    *tail = &(**tail)->next;
    ps->p = stop;
}

static enum rc read_nodes(struct parsing *ps, const char *section, int depth, struct node **out);

/* Shown or not, what follows has to stand in the same place. */
/* NOLINTNEXTLINE(misc-no-recursion): ends at DEPTH_MAX */
static enum rc read_section(struct parsing *ps, int depth, struct node *node)
{
    struct place before = ps->place;

    if (depth >= DEPTH_MAX)
        return bad(ps, "sections nest too deep");
    TRY(read_nodes(ps, node->text, depth + 1, &node->children));
    return place_same(&before, &ps->place) ? RC_OK : bad(ps, "a section does not hold balanced text");
}

static enum rc read_name(struct parsing *ps, struct node *node)
{
    node->place = ps->is_plain ? KIND_TEXT : place_kind(&ps->place);
    return node->place != KIND_NONE ? RC_OK : bad(ps, "a name stands where nothing can be escaped");
}

/* Text includes text. */
static enum rc read_include(struct parsing *ps, struct node *node)
{
    if (ps->is_plain)
        node->text = arena_printf(ps->arena, "%s.txt", node->text);
    return ps->place.where == AT_TEXT ? RC_OK : bad(ps, "a template is included inside a tag");
}

static enum node_kind kind_of(char sign)
{
    switch (sign) {
    case '#':
        return NODE_SECTION;
    case '^':
        return NODE_INVERTED;
    case '>':
        return NODE_INCLUDE;
    default:
        return NODE_NAME;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): read_section() counts */
static enum rc read_node(struct parsing *ps, const struct tag *tag, int depth, struct node **out)
{
    struct node *node = new_node(ps, kind_of(tag->sign), tag->name, tag->name_n);

    *out = node;
    switch (node->kind) {
    case NODE_SECTION:
    case NODE_INVERTED:
        return read_section(ps, depth, node);
    case NODE_INCLUDE:
        return read_include(ps, node);
    case NODE_NAME:
    case NODE_TEXT:
        return read_name(ps, node);
    }
    return RC_OK;
}

static bool is_end_of(const struct tag *tag, const char *section)
{
    return section != NULL && strlen(section) == tag->name_n &&
           memcmp(section, tag->name, tag->name_n) == 0;
}

/* Until the end of the text, or {{/section}}. */
/* NOLINTNEXTLINE(misc-no-recursion): read_section() counts */
static enum rc read_nodes(struct parsing *ps, const char *section, int depth, struct node **out)
{
    struct node **tail = out;
    struct tag tag = { 0, ps->p, 0 };

    for (;;) {
        read_text(ps, &tail);
        if (ps->p == ps->end)
            return section == NULL ? RC_OK : bad(ps, "a section is not closed");
        TRY(read_tag(ps, &tag));
        if (tag.sign == '/')
            return is_end_of(&tag, section) ? RC_OK : bad(ps, "a section is closed that is not open");
        TRY(read_node(ps, &tag, depth, tail));
        tail = &(*tail)->next;
    }
}

static enum rc parse(struct parsing *ps, const struct template **out)
{
    struct template *t = arena_new(ps->arena, struct template);
    size_t n = (size_t)(ps->end - ps->start);

    t->name = "";
    if (!text_is_utf8(ps->start, n) || memchr(ps->start, '\0', n) != NULL)
        return bad(ps, "not UTF-8 text");
    TRY(read_nodes(ps, NULL, 0, &t->first));
    if (ps->place.where != AT_TEXT)
        return bad(ps, "the template ends inside a tag");
    *out = t;
    return RC_OK;
}

enum rc template_parse(struct arena *a, const char *text, size_t n, const struct template **out, const char **why)
{
    struct parsing ps = { .arena = a, .start = text, .p = text, .end = text + n, .why = why };

    return parse(&ps, out);
}

enum rc template_parse_text(struct arena *a, const char *text, size_t n, const struct template **out, const char **why)
{
    struct parsing ps = { .arena = a, .start = text, .p = text, .end = text + n, .is_plain = true, .why = why };

    return parse(&ps, out);
}

/* --- running -------------------------------------------------------------- */

static const struct json *look_up(const struct scope *scope, const char *name)
{
    struct json *found;

    for (; scope != NULL; scope = scope->outer) {
        if (scope->late != NULL) {
            const struct json *value = scope->late(scope->late_arg, name);

            if (value != NULL)
                return value;
        } else if (json_find(scope->vars, name, &found)) {
            return found;
        }
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

/* What somebody typed never begins a line of its own. */
static void print_plain(struct sbuf *out, const char *text)
{
    for (; *text != '\0'; text++)
        sbuf_addc(out, (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text);
}

static void print_value(struct sbuf *out, const struct json *value, enum place_kind kind)
{
    const char *text = json_str(value);

    if (text != NULL && kind == KIND_TEXT)
        print_plain(out, text);
    else if (text != NULL)
        sbuf_html(out, kind == KIND_PLAIN || is_safe_url(text, kind) ? text : "#");
    else if (json_type(value) == JSON_INT || json_type(value) == JSON_BOOL)
        sbuf_html(out, json_text(out->arena, value));
}

static void run_nodes(const struct node *node, const struct scope *scope, struct sbuf *out, int depth);

/* NOLINTNEXTLINE(misc-no-recursion): run_nodes() ends it */
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

/* NOLINTNEXTLINE(misc-no-recursion): ends at 4 * DEPTH_MAX */
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
            print_value(out, look_up(scope, node->text), node->place);
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
