/* base64url, base64, base32, hexadecimal, ids of tokens (util/encode.c): what decodes is the
 * one way to write it. */
#include "config.h"

#include "fuzz.h"

#include <strings.h>

#include "util/encode.h"

static void decode(const char *text)
{
    struct bytes out;
    int64_t selector;
    char id[21];

    if (base64url_decode(A, text, &out) == RC_OK)
        MUST(strcmp(base64url_encode(A, out), text) == 0);
    if (base64_decode(A, text, &out) == RC_OK)
        MUST(strncmp(base64_encode(A, out), text, strlen(text)) == 0); /* padded or not */
    if (base32_decode(A, text, &out) == RC_OK)
        (void)base32_encode(A, out);
    if (hex_decode(A, text, &out) == RC_OK)
        MUST(strcasecmp(hex_encode(A, out), text) == 0);
    if (id_to_selector(text, &selector) == RC_OK) {
        selector_to_id(selector, id);
        MUST(strcmp(id, text) == 0);
    }
}

static void encode(struct bytes in)
{
    struct bytes out;

    MUST(base64url_decode(A, base64url_encode(A, in), &out) == RC_OK && same_bytes(in, out));
    MUST(base64_decode(A, base64_encode(A, in), &out) == RC_OK && same_bytes(in, out));
    MUST(base32_decode(A, base32_encode(A, in), &out) == RC_OK && same_bytes(in, out));
    MUST(hex_decode(A, hex_encode(A, in), &out) == RC_OK && same_bytes(in, out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes all = { data, size }, out;

    begin();
    decode(text_from(all));
    encode(all);
    (void)!base64url_decode_n(A, (const char *)data, size, &out);
    return end();
}
