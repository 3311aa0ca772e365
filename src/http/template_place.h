/*
 * Where in an HTML document a template stands, so that a name is escaped for that
 * place, and refused where no escaping helps: inside script and style, comments,
 * unquoted attributes, event handlers.  Private to template.c.
 */
#ifndef AUTENTICO_HTTP_TEMPLATE_PLACE_H
#define AUTENTICO_HTTP_TEMPLATE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

enum place_where { AT_TEXT, AT_TAG, AT_VALUE, AT_RAW, AT_COMMENT };

struct place {
    enum place_where where;
    char tag[16], attribute[24]; /* lower case, cut off */
    char quote;                  /* of the value */
    bool is_naming;              /* the tag's name is not over */
    bool is_assigned;            /* "=" came after the attribute's name */
    bool is_unquoted, is_spaced; /* a value without quotes; space after name or "=" */
    bool has_delimiter;          /* the value has one of / ? # : already */
};

void place_feed(struct place *p, const char *text, size_t n);
bool place_same(const struct place *a, const struct place *b);

/* LINK, IMAGE: the start of a URL; TEXT: no HTML at all */
enum place_kind { KIND_NONE, KIND_PLAIN, KIND_LINK, KIND_IMAGE, KIND_TEXT };
enum place_kind place_kind(const struct place *p);

/* Nothing that runs when it is followed or loaded. */
bool is_safe_url(const char *text, enum place_kind kind);

#endif
