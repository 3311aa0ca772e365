/*
 * Templates (style 4.7): {{name}} always escaped, {{#list}}…{{/list}},
 * {{^list}}…{{/list}}, {{> file}}.  Parsed before the fork from the installed
 * html/ folder; a broken template stops the start, not a user.  No unescaped form
 * exists.  Names resolve innermost first, then outwards; a dotted name does not
 * exist.
 *
 * Plain text (html/mail/NAME.txt) has no markup to escape for: a name prints what it
 * stands for on one line.
 */
#ifndef AUTENTICO_HTTP_PAGE_H
#define AUTENTICO_HTTP_PAGE_H

#include "http/exchange.h"
#include "util/sbuf.h"

struct templates;
/* Loads every .html below dir/html (names without suffix: "pages/login"), and the texts of
 * mails ("mail/code.txt").
 * RC_FAULT: logged with file and line. */
MUST_CHECK enum rc templates_load(struct arena *a, const char *dir, const struct templates **out);
/* Render with `vars` (may be NULL) over the globals of html/VARIABLES.  An unknown
 * template is a fault. */
MUST_CHECK enum rc page_render(struct exchange *x, const char *name, struct json *vars, struct sbuf *out);
/* The same with `around` between `vars` and the globals.  Either may be NULL. */
MUST_CHECK enum rc page_render_within(struct exchange *x, const char *name, const struct json *vars,
                                      const struct json *around, struct sbuf *out);
/* The engine alone, for tests and fuzzing. */
struct template;
MUST_CHECK enum rc template_parse(struct arena *a, const char *text, size_t n, const struct template **out, const char **why);
MUST_CHECK enum rc template_parse_text(struct arena *a, const char *text, size_t n, const struct template **out, const char **why);
void template_render(const struct template *t, const struct json *vars, const struct json *globals, struct sbuf *out);
char *asset_version(struct arena *a, const char *dir); /* 8 hex digits over html/assets */

#endif
