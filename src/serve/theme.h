/* The theme_* settings as template globals, made once per settings version. */
#ifndef AUTENTICO_SERVE_THEME_H
#define AUTENTICO_SERVE_THEME_H

#include "conf/conf.h"
#include "store/settings_table.h"
#include "util/json.h"

/* title, tagline, logo_url, theme_css (flag), theme_v, footer_links (label, url). */
const struct json *theme_model(struct arena *a, const struct conf *conf, const struct settings *s);

#endif
