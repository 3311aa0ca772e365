/* Numbers, durations, address ranges, lists, character sets, settings, PKCE and scope: the
 * small languages of configuration and protocol.  Input: a line for each of two texts. */
#include "config.h"

#include "fuzz.h"

#include <limits.h>

#include "authn/recovery.h"
#include "conf/conf.h"
#include "crypto/otp.h"
#include "oidc/pkce.h"
#include "oidc/scope.h"
#include "store/settings_table.h"

static void numbers(const char *text)
{
    int64_t n;
    double d;
    bool is;

    if (text_int(text, &n) == RC_OK) {
        char back[24];

        snprintf(back, sizeof(back), "%lld", (long long)n);
        /* leading zeros and -0 aside */
        MUST(strlen(back) <= strlen(text) || n == 0);
    }
    if (text_double(text, &d) == RC_OK)
        MUST(d - d == 0.0); /* finite */
    if (text_duration(text, &n) == RC_OK)
        MUST(n >= 0);
    (void)!text_bool(text, &is);
}

static void sets(const char *text)
{
    bool (*const is[])(const char *) = { is_vschar, is_nqschar, is_scope, is_unreserved, is_base64url, is_digits, is_text,
                                         is_text_lines, is_email, is_id };

    for (size_t i = 0; i < ARRAY_LEN(is); i++)
        (void)is[i](text);
    MUST(!is_base64url(text) || is_unreserved(text));
    MUST(!is_unreserved(text) || is_vschar(text));
    MUST(!is_text(text) || is_text_lines(text));
    MUST(!is_text(text) || text_is_utf8(text, strlen(text)));
}

static void characters(const char *text)
{
    size_t n = strlen(text);
    uint32_t c;

    if (!text_is_utf8(text, n))
        return;
    for (size_t i = 0, step; i < n; i += step) {
        step = text_char(text + i, n - i, &c);
        MUST(step >= 1 && step <= 4 && c <= 0x10FFFF && !(c >= 0xD800 && c < 0xE000));
    }
}

static void lists(const char *text, const char *other)
{
    struct text_list words = text_split(A, text, ' ');

    MUST(text_list_within(text, text));
    for (size_t i = 0; i < words.n; i++)
        MUST(words.v[i][0] != '\0' && text_list_has(text, words.v[i]));
    (void)text_list_within(text, other);
    (void)text_join(A, &words, ' ');
    (void)text_trim(A, text);
    (void)text_directory(A, text);
}

static void networks(const char *text, const char *address)
{
    struct net_list list;

    if (net_list_parse(A, text, &list) != RC_OK)
        return;
    for (size_t i = 0; i < list.n; i++)
        MUST(list.v[i].bits >= 0 && list.v[i].bits <= 128);
    (void)net_has(&list, address);
}

static void settings(const char *text)
{
    for (size_t i = 0; i < setting_rows_n; i++) {
        const char *key = setting_rows[i].key, *why = NULL;

        if (setting_check(A, &key, text, &why) != RC_OK)
            MUST(why != NULL);
    }
}

static void protocol(const char *text, const char *other)
{
    struct refusal no = { REFUSE_NOTHING };
    const char *scope;
    struct bytes hash;

    if (scope_check(A, text, other, &no, &scope) == RC_OK)
        MUST(*other == '\0' || text_list_within(scope, other)); /* no list: any */
    (void)!pkce_check_challenge(text, other, 0, &no);
    (void)!pkce_check_challenge(text, "S256", 1, &no);
    (void)!recovery_hash(A, "u", text, &hash);
    (void)otp_is_code(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    const char *text, *other;

    begin();
    text = take_line_text(&in);
    other = take_text(&in);
    numbers(text);
    sets(text);
    characters(text);
    lists(text, other);
    networks(text, other);
    settings(text);
    protocol(text, other);
    return end();
}
