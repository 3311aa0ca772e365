/*
 * What the pages of both consoles have in common: the frame around them and the
 * small texts in them (html/VARIABLES "Every console page").
 */
#ifndef AUTENTICO_OIDC_CONSOLE_FRAME_H
#define AUTENTICO_OIDC_CONSOLE_FRAME_H

#include "http/response.h"
#include "store/users.h"

struct console_link { const char *label, *href, *testid; };
struct console_frame {
    const char *console;          /* "admin", "account" */
    const char *name;             /* "Administration", "Account" */
    const struct console_link *nav;
    size_t nav_n;
};

/* A page in its frame.  `vars` may be NULL. */
enum rc console_page(struct exchange *x, const struct console_frame *f, int status, const char *page,
                     struct json *vars);
/* x->no as a page in the frame, with its status and a way back. */
enum rc console_refusal(struct exchange *x, const struct console_frame *f, const char *back_href,
                        const char *back_label);
/* 303 to `href`, where the notice of this code is shown once: "saved", "created"… */
enum rc console_go(struct exchange *x, const char *href, const char *notice);

const char *console_time(struct arena *a, int64_t at);                     /* "2026-03-01 12:00Z"; "" for 0 */
const char *console_href(struct arena *a, const char *base, const char *segment); /* percent-encoded */
const char *console_encode(struct arena *a, const char *path);             /* all but unreserved and '/' */
struct json *console_claims(struct arena *a, const struct user *u);        /* list {label, value}: those set */

#endif
