#include "config.h"

#include "authn/client_data.h"

#include <string.h>

#include "util/encode.h"
#include "util/json.h"

/* WebAuthn 7.1: "UTF-8 decode", which takes a byte order mark off. */
static struct bytes without_bom(struct bytes in)
{
    static const char bom[] = "\xef\xbb\xbf";
    size_t n = sizeof(bom) - 1;

    if (in.n < n || memcmp(in.p, bom, n) != 0)
        return in;
    return (struct bytes){ in.p + n, in.n - n };
}

/* Absent (or null) says no; what is there has to be a boolean. */
static enum rc get_flag(const struct json *obj, const char *name, bool *out)
{
    *out = false;
    return json_get(obj, name) == NULL ? RC_OK : json_get_bool(obj, name, out);
}

static enum rc get_text_if_any(const struct json *obj, const char *name, const char **out)
{
    *out = NULL;
    return json_get(obj, name) == NULL ? RC_OK : json_get_str(obj, name, out);
}

enum rc client_data_read(struct arena *a, struct bytes json, struct client_data *out)
{
    struct bytes text = without_bom(json);
    struct client_data d = { NULL };
    const char *challenge;
    struct json *obj;

    if (text.n == 0)
        return RC_NONE;
    TRY(json_parse(a, (const char *)text.p, text.n, &obj));
    if (json_type(obj) != JSON_OBJECT)
        return RC_NONE;
    TRY(json_get_str(obj, "type", &d.type));
    TRY(json_get_str(obj, "challenge", &challenge));
    TRY(json_get_str(obj, "origin", &d.origin));
    TRY(get_flag(obj, "crossOrigin", &d.is_cross_origin));
    TRY(get_text_if_any(obj, "topOrigin", &d.top_origin));
    TRY(base64url_decode(a, challenge, &d.challenge));
    *out = d;
    return RC_OK;
}
