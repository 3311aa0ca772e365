#include "config.h"

#include "oidc/console_frame.h"

#include <string.h>

#include "http/fields.h"
#include "oidc/console.h"
#include "util/clock.h"

/* ---- notices ---- */

struct notice_query { const char *notice; };
static const struct field notice_fields[] = {
    FIELD(notice_query, notice, F_OPTIONAL, 32, is_unreserved),
};

/* design D27: a code in the query, the words here */
static const char *notice_text(const char *code)
{
    static const char *const known[][2] = {
        { "saved", "Saved." },
        { "created", "Added." },
        { "removed", "Removed." },
        { "password_changed", "Password changed. Everywhere else you have to sign in again." },
        { "session_ended", "Session ended." },
        { "others_ended", "Your other sessions have ended." },
        { "factor_reset", "Authenticator app removed. Sessions and tokens have ended." },
        { "passkeys_removed", "Passkeys removed. Sessions and tokens have ended." },
        { "disabled", "Disabled. Its tokens have stopped working." },
        { "enabled", "Enabled." },
        { "unlocked", "Unlocked." },
        { "deactivated", "Deactivated. Sessions and tokens have ended." },
        { "sessions_ended", "Ended. Every browser and application has to sign in again." },
        { "session_ended", "Ended. The browser has to sign in again." },
        { "reactivated", "Reactivated." },
    };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (text_same(known[i][0], code))
            return known[i][1];
    return NULL;
}

static const char *notice_of(struct exchange *x)
{
    struct notice_query in = { 0 };
    struct refusal before = x->no;
    enum rc rc = query_bind(x, notice_fields, ARRAY_LEN(notice_fields), &in);

    x->no = before; /* a garbled one is no notice */
    return rc == RC_OK ? notice_text(in.notice) : NULL;
}

enum rc console_go(struct exchange *x, const char *href, const char *notice)
{
    return respond_see_other(x, arena_printf(x->arena, "%s?notice=%s", href, notice));
}

/* ---- the frame ---- */

/* Below the start of the console a link is current for what lies below it too. */
static bool is_current(const struct exchange *x, const struct console_frame *f, size_t i)
{
    const char *path = x->rq->path, *href = f->nav[i].href;

    return i == 0 ? text_same(path, href) : text_starts(path, href);
}

static struct json *nav_json(struct exchange *x, const struct console_frame *f)
{
    struct json *list = json_array(x->arena);

    for (size_t i = 0; i < f->nav_n; i++) {
        struct json *link = json_object(x->arena);

        json_set_str(link, "label", f->nav[i].label);
        json_set_str(link, "href", f->nav[i].href);
        json_set_str(link, "testid", f->nav[i].testid);
        json_set_bool(link, "current", is_current(x, f, i));
        json_add(list, link);
    }
    return list;
}

enum rc console_page(struct exchange *x, const struct console_frame *f, int status, const char *page,
                     struct json *vars)
{
    struct json *all = vars != NULL ? vars : json_object(x->arena);

    json_set_str(all, "console_name", f->name);
    json_set(all, "nav", nav_json(x, f));
    json_set_str(all, "me", x->user->username);
    json_set_str(all, "logout_url", console_logout_url(x, f->console));
    json_set_bool(all, "is_account", text_same(f->console, "account"));
    json_set_str(all, "notice", notice_of(x));
    return respond_page(x, status, page, all);
}

enum rc console_refusal(struct exchange *x, const struct console_frame *f, const char *back_href,
                        const char *back_label)
{
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "heading", "That did not work");
    json_set_str(vars, "message", refusal_text(&x->no));
    json_set_bool(vars, "is_error", true);
    json_set_str(vars, "back_href", back_href);
    json_set_str(vars, "back_label", back_label);
    json_set_str(vars, "request_id", x->rq->id);
    return console_page(x, f, refusal_status(x->no.code), "admin/message", vars);
}

/* ---- small texts ---- */

const char *console_time(struct arena *a, int64_t at)
{
    char text[21]; /* 2026-03-01T12:00:00Z */

    if (at == 0)
        return "";
    clock_format(at, text);
    return arena_printf(a, "%.10s %.5sZ", text, text + 11);
}

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~/", c) != NULL);
}

const char *console_encode(struct arena *a, const char *path)
{
    struct sbuf out;

    sbuf_init(&out, a, 128);
    for (const char *p = path; *p != '\0'; p++) {
        if (is_plain((unsigned char)*p))
            sbuf_addc(&out, *p);
        else
            sbuf_printf(&out, "%%%02X", (unsigned)(unsigned char)*p);
    }
    return out.text;
}

const char *console_href(struct arena *a, const char *base, const char *segment)
{
    return arena_printf(a, "%s%s", base, console_encode(a, segment));
}

static void add_claim(struct arena *a, struct json *list, const char *label, const char *value)
{
    if (!text_empty(value))
        json_add_pair(a, list, "label", label, "value", value);
}

struct json *console_claims(struct arena *a, const struct user *u)
{
    struct json *list = json_array(a);

    add_claim(a, list, "First name", u->given_name);
    add_claim(a, list, "Middle name", u->middle_name);
    add_claim(a, list, "Last name", u->family_name);
    add_claim(a, list, "Nickname", u->nickname);
    add_claim(a, list, "Phone", u->phone_number);
    add_claim(a, list, "Picture", u->picture);
    add_claim(a, list, "Website", u->website);
    add_claim(a, list, "Profile page", u->profile);
    add_claim(a, list, "Gender", u->gender);
    add_claim(a, list, "Birthdate", u->birthdate);
    add_claim(a, list, "Locale", u->locale);
    add_claim(a, list, "Time zone", u->zoneinfo);
    add_claim(a, list, "Street address", u->address_street);
    add_claim(a, list, "City", u->address_locality);
    add_claim(a, list, "State / region", u->address_region);
    add_claim(a, list, "Postal code", u->address_postal_code);
    add_claim(a, list, "Country", u->address_country);
    return list;
}
