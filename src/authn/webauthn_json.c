/* The credential as a browser's script sends it; declared in webauthn.h. */
#include "config.h"

#include "authn/authenticator_data.h"
#include "authn/webauthn.h"
#include "crypto/hash.h"
#include "util/encode.h"

#define TRANSPORT_CHARS_MAX 32
#define USER_HANDLE_MAX 64 /* WebAuthn 5.4.3 */

static enum rc get_octets(struct arena *a, const struct json *obj, const char *name, struct bytes *out)
{
    const char *text;

    TRY(json_get_str(obj, name, &text));
    TRY(base64url_decode(a, text, out));
    return out->n > 0 ? RC_OK : RC_NONE;
}

/* id, rawId, type and response. */
static enum rc read_envelope(struct arena *a, const struct json *body, struct bytes *id, struct json **response)
{
    const char *type;
    struct bytes raw_id;

    if (json_type(body) != JSON_OBJECT)
        return RC_NONE;
    TRY(json_get_str(body, "type", &type));
    TRY(get_octets(a, body, "id", id));
    TRY(get_octets(a, body, "rawId", &raw_id));
    *response = json_get(body, "response");
    if (!text_same(type, "public-key") || !ct_equal(*id, raw_id) || id->n > CREDENTIAL_ID_MAX)
        return RC_NONE;
    return json_type(*response) == JSON_OBJECT ? RC_OK : RC_NONE;
}

static bool is_transport(const char *text)
{
    size_t n = 0;

    for (; text[n] != '\0'; n++)
        if (!((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= '0' && text[n] <= '9') || text[n] == '-'))
            return false;
    return n > 0 && n <= TRANSPORT_CHARS_MAX;
}

/* A hint for the next time, and no more: what is no transport is left out. */
static const char *read_transports(struct arena *a, const struct json *list)
{
    const char *words[WEBAUTHN_TRANSPORTS_MAX];
    struct text_list out = { words, 0 };

    if (json_type(list) != JSON_ARRAY)
        return "";
    for (size_t i = 0; i < json_len(list) && out.n < ARRAY_LEN(words); i++) {
        const char *word = json_str(json_at(list, i));

        if (word != NULL && is_transport(word))
            words[out.n++] = word;
    }
    return text_join(a, &out, ' ');
}

enum rc webauthn_made_read(struct arena *a, const struct json *body, struct webauthn_made *out)
{
    struct webauthn_made made = { { 0 } };
    struct json *response;

    TRY(read_envelope(a, body, &made.id, &response));
    TRY(get_octets(a, response, "clientDataJSON", &made.client_data));
    TRY(get_octets(a, response, "attestationObject", &made.attestation_object));
    made.transports = read_transports(a, json_get(response, "transports"));
    *out = made;
    return RC_OK;
}

/* Null from an authenticator that keeps none; some scripts make that "". */
static enum rc read_user_handle(struct arena *a, const struct json *response, struct bytes *out)
{
    const char *text;

    if (json_get(response, "userHandle") == NULL)
        return RC_OK;
    TRY(json_get_str(response, "userHandle", &text));
    TRY(base64url_decode(a, text, out));
    return out->n <= USER_HANDLE_MAX ? RC_OK : RC_NONE;
}

enum rc webauthn_shown_read(struct arena *a, const struct json *body, struct webauthn_shown *out)
{
    struct webauthn_shown shown = { { 0 } };
    struct authenticator_data ignored;
    struct json *response;

    TRY(read_envelope(a, body, &shown.id, &response));
    TRY(get_octets(a, response, "clientDataJSON", &shown.client_data));
    TRY(get_octets(a, response, "authenticatorData", &shown.authenticator_data));
    TRY(authenticator_data_read(a, shown.authenticator_data, &ignored)); /* WA-16: no credential at all */
    TRY(get_octets(a, response, "signature", &shown.signature));
    TRY(read_user_handle(a, response, &shown.user_handle));
    *out = shown;
    return RC_OK;
}
