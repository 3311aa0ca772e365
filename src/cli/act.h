/*
 * The third face of an admin action (design D13): a subcommand calls the very
 * function that serves the API, with the request a program would have sent.
 */
#ifndef AUTENTICO_CLI_ACT_H
#define AUTENTICO_CLI_ACT_H

#include "cli/desk.h"
#include "util/json.h"

/* pattern "/admin/api/clients/:client_id", path with the id in place; body may be
 * NULL.  What was refused is said on standard error. */
MUST_CHECK enum rc act(struct desk *d, enum rc (*handle)(struct exchange *x), const char *pattern, const char *path,
                       struct json *body);
void act_print_json(struct desk *d, struct json *obj); /* one line on standard output */

#endif
