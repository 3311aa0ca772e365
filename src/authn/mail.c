#include "config.h"

#include "authn/mail.h"

#include <stdlib.h>
#include <string.h>

#include "authn/letter.h"
#include "crypto/random.h"
#include "http/page.h"
#include "store/outbox.h"
#include "store/settings_table.h"
#include "util/clock.h"

bool mail_is_configured(const struct exchange *x)
{
    return x->templates != NULL && !text_empty(x->settings->smtp_host);
}

char *mail_time(struct arena *a, int64_t at)
{
    char text[21];

    clock_format(at, text);
    return arena_printf(a, "%.10s %.5s UTC", text, text + 11);
}

/* ---- whom it is from ---- */

/* "Name <address>", or the address alone. */
static struct mail_sender split(struct arena *a, const char *text)
{
    const char *open = strrchr(text, '<'), *close = open != NULL ? strchr(open, '>') : NULL;
    struct mail_sender s = { "", text_trim(a, text) };

    if (close == NULL)
        return s;
    s.address = text_trim(a, arena_strndup(a, open + 1, (size_t)(close - open) - 1));
    s.name = text_trim(a, arena_strndup(a, text, (size_t)(open - text)));
    return s;
}

static bool is_address(const char *text)
{
    return !text_empty(text) && is_email(text);
}

/* A host may be the number of one. */
static const char *own_address(struct arena *a, const struct conf *conf)
{
    const char *address = arena_printf(a, "autentico@%s", conf->host);

    return is_address(address) ? address : "autentico@localhost";
}

struct mail_sender mail_sender(struct arena *a, const struct settings *s, const struct conf *conf)
{
    struct mail_sender sender = split(a, s->smtp_from);

    if (!is_address(sender.address))
        sender.address = is_address(s->smtp_username) ? s->smtp_username : own_address(a, conf);
    sender.name = text_or(sender.name, s->theme_title);
    return sender;
}

/* ---- what is in every mail ---- */

static bool is_hex_colour(const char *text)
{
    return text[0] == '#' && strlen(text) == 7 && strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

/* Black or white, whichever can be read on it: by the luminance of WCAG, roughly. */
static const char *on_colour(const char *colour)
{
    long rgb = strtol(colour + 1, NULL, 16);
    long light = 299 * (rgb >> 16) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255);

    return light > 128 * 1000 ? "black" : "white";
}

static struct json *footer_lines(struct arena *a, const char *text)
{
    struct text_list lines = text_split(a, text, '\n');
    struct json *out = json_array(a);

    for (size_t i = 0; i < lines.n; i++) {
        struct json *line = json_object(a);

        json_set_str(line, "line", text_trim(a, lines.v[i]));
        json_add(out, line);
    }
    return out;
}

/* Those of the pages, without what leads to a path of ours or to a mail program (settings 3). */
static struct json *footer_links(struct exchange *x)
{
    const struct json *all = x->theme != NULL ? json_get(x->theme, "footer_links") : NULL;
    struct json *out = json_array(x->arena);

    for (size_t i = 0; i < json_len(all); i++) {
        const char *url = json_str(json_get(json_at(all, i), "url"));

        if (text_starts(url, "https://") || text_starts(url, "http://"))
            json_add_pair(x->arena, out, "label", json_str(json_get(json_at(all, i), "label")), "url", url);
    }
    return out;
}

static struct json *brand(struct exchange *x, const struct mail *m)
{
    const char *set = x->settings->theme_brand_color;
    const char *colour = is_hex_colour(set) ? set : setting_row_of("theme_brand_color")->initial;
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "subject", m->subject);
    json_set_str(vars, "title", x->settings->theme_title);
    json_set_str(vars, "site", x->conf->host_port);
    json_set_str(vars, "brand_color", colour);
    json_set_str(vars, "on_brand", on_colour(colour));
    json_set(vars, "footer_lines", footer_lines(x->arena, x->settings->email_footer_text));
    json_set(vars, "footer_links", footer_links(x));
    return vars;
}

/* ---- queueing ---- */

/* Sections that showed nothing leave no holes behind. */
static const char *without_holes(struct arena *a, const char *text)
{
    struct sbuf b;
    size_t blank_n = 2; /* none at the beginning */

    sbuf_init(&b, a, strlen(text) + 2);
    for (; *text != '\0'; text++) {
        blank_n = *text == '\n' ? blank_n + 1 : 0;
        if (blank_n <= 2)
            sbuf_addc(&b, *text);
    }
    return b.text;
}

static enum rc render(struct exchange *x, const struct mail *m, struct letter *l)
{
    const struct json *around = brand(x, m);
    struct sbuf html, text;

    sbuf_init(&html, x->arena, 4096);
    sbuf_init(&text, x->arena, 2048);
    TRY(page_render_within(x, arena_printf(x->arena, "mail/%s", m->template_name), m->vars, around, &html));
    TRY(page_render_within(x, arena_printf(x->arena, "mail/%s.txt", m->template_name), m->vars, around, &text));
    l->html = html.text;
    l->text = without_holes(x->arena, text.text);
    return RC_OK;
}

enum rc mail_queue_id(struct exchange *x, struct db *db, const struct mail *m, const char **id)
{
    struct letter l = { .to = m->to, .from_name = x->settings->theme_title, .subject = m->subject, .date = x->now };
    struct outbox_item item = { .id = random_id(x->arena, x->now), .kind = "mail", .next_try_at = x->now,
                                .created_at = x->now, .expires_at = m->expires_at };

    if (!mail_is_configured(x) || !is_address(m->to))
        return RC_NONE;
    TRY(render(x, m, &l));
    l.from_name = mail_sender(x->arena, x->settings, x->conf).name;
    l.message_id = letter_word(x->arena);
    item.content_sealed = letter_seal(x->keys, x->arena, item.id, &l);
    TRY(outbox_add(db, &item));
    *id = item.id;
    return RC_OK;
}

enum rc mail_queue(struct exchange *x, struct db *db, const struct mail *m)
{
    const char *ignored;

    return mail_queue_id(x, db, m, &ignored);
}
