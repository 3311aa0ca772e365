#include "config.h"

#include "serve/theme.h"

#include <string.h>

#include "util/uri.h"

/* A link goes to the web or to a mail program, never to a script. */
static bool is_link(struct arena *a, const char *url)
{
    struct uri u;

    if (text_starts(url, "/") && !text_starts(url, "//"))
        return true;
    if (uri_parse(a, url, &u) != RC_OK)
        return false;
    return text_same(u.scheme, "https") || text_same(u.scheme, "http") ||
           text_same(u.scheme, "mailto");
}

static struct json *footer_links(struct arena *a, const char *text)
{
    struct json *out = json_array(a), *in;

    if (json_parse(a, text, strlen(text), &in) != RC_OK || json_type(in) != JSON_ARRAY)
        return out;
    for (size_t i = 0; i < json_len(in); i++) {
        const char *label, *url;

        if (json_get_str(json_at(in, i), "label", &label) != RC_OK ||
            json_get_str(json_at(in, i), "url", &url) != RC_OK || !is_link(a, url))
            continue;
        json_add_pair(a, out, "label", label, "url", url);
    }
    return out;
}

/* The default colour already stands in the style sheet. */
static bool is_own_colour(const char *colour)
{
    return !text_empty(colour) &&
           !text_same_nocase(colour, setting_row_of("theme_brand_color")->initial);
}

const struct json *theme_model(struct arena *a, const struct conf *conf, const struct settings *s)
{
    struct json *theme = json_object(a);
    bool has_css = !text_empty(s->theme_css_inline) || !text_empty(conf->theme_css_file) ||
                   is_own_colour(s->theme_brand_color);

    json_set_str(theme, "title", s->theme_title);
    json_set_str(theme, "tagline", s->theme_tagline);
    json_set_str(theme, "logo_url",
                 is_link(a, s->theme_logo_url)
                     ? s->theme_logo_url
                     : arena_printf(a, "%s/static/logo.svg", conf->oauth_path));
    json_set_bool(theme, "theme_css", has_css);
    json_set_int(theme, "theme_v", s->version); /* browsers keep what the old settings looked like */
    json_set(theme, "footer_links", footer_links(a, s->footer_links));
    return theme;
}
