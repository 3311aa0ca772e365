/* Public keys as JWK (crypto/jwk.c): what is loaded has a thumbprint and verifies nothing that
 * is no signature. */
#include "config.h"

#include "fuzz.h"

#include "crypto/jwk.h"

#define UNSIGNED "eyJhbGciOiJFUzI1NiJ9.e30." \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

static void load(const char *text, enum jws_alg alg)
{
    struct jwk k = { .json = text, .alg = alg };
    struct json *payload;
    char *print;

    if (jwk_load(A, &k) != RC_OK)
        return;
    MUST(k.alg != ALG_NONE_OF_OURS && k.key != NULL && k.json != NULL);
    MUST(strstr(k.json, "\"d\":") == NULL);
    MUST(jwk_thumbprint(A, k.json, &print) == RC_OK && strlen(print) == 43);
    MUST(jws_verify(A, UNSIGNED, &k, 1, NULL, &payload) != RC_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text;
    char *print;

    begin();
    text = text_from((struct bytes){ data, size });
    (void)!jwk_thumbprint(A, text, &print);
    for (enum jws_alg alg = ALG_NONE_OF_OURS; alg <= ALG_EDDSA; alg++)
        load(text, alg);
    return end();
}
