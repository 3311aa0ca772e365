/* A parsed template: private to page.c and template.c. */
#ifndef AUTENTICO_HTTP_TEMPLATE_H
#define AUTENTICO_HTTP_TEMPLATE_H

#include "http/page.h"
#include "http/template_place.h"

enum node_kind { NODE_TEXT, NODE_NAME, NODE_SECTION, NODE_INVERTED, NODE_INCLUDE };

struct node {
    enum node_kind kind;
    const char *text;         /* literal text, or the name */
    size_t text_n;
    enum place_kind place;    /* of a name: what it is escaped for */
    struct node *children;    /* of sections */
    struct node *next;
    const struct template *included;
};

struct template {
    const char *name;
    struct node *first;
};

/* Where names are looked up: innermost first. */
struct scope {
    const struct json *vars;
    const struct scope *outer;
    /* asked last; NULL when it knows no such name either */
    const struct json *(*late)(void *arg, const char *name);
    void *late_arg;
};
void template_run(const struct template *t, const struct scope *scope, struct sbuf *out);

#endif
