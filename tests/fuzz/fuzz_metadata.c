/* Registrations (oidc/client_metadata.c, client_draft.c): a JSON body into a client, or a
 * refusal that says why; what was taken is shown, and taken again. */
#include "config.h"

#include "fuzz.h"

#include "oidc/client_metadata.h"
#include "oidc/redirect_uri.h"

static void check_client(const struct client *c)
{
    const char *why;

    MUST(!text_empty(c->client_id) && !text_empty(c->client_name));
    for (size_t i = 0; i < c->redirect_uris.n; i++)
        MUST(redirect_uri_is_registrable(c->redirect_uris.v[i], &why));
    (void)json_text(A, client_json(A, c));
}

static void update(const struct json *body, const struct client *from)
{
    struct refusal no = { REFUSE_NOTHING };
    struct client c = *from;
    enum rc rc = client_metadata_update(A, body, FUZZ_NOW, &c, &no);

    MUST(rc == RC_OK || (rc == RC_REFUSED && no.code != REFUSE_NOTHING));
    if (rc == RC_OK)
        check_client(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct refusal no = { REFUSE_NOTHING };
    const char *secret = NULL, *usual_text = "{\"client_name\":\"x\",\"redirect_uris\":[\"https://a.example/\"]}";
    struct client c = { 0 }, usual = { 0 };
    struct json *body, *usual_body;

    begin();
    MUST(json_parse(A, usual_text, strlen(usual_text), &usual_body) == RC_OK);
    MUST(client_metadata_new(A, usual_body, FUZZ_NOW, &usual, &secret, &no) == RC_OK);
    if (json_parse(A, (const char *)data, size, &body) != RC_OK)
        return end();
    enum rc rc = client_metadata_new(A, body, FUZZ_NOW, &c, &secret, &no);
    MUST(rc == RC_OK || (rc == RC_REFUSED && no.code != REFUSE_NOTHING));
    if (rc == RC_OK) {
        check_client(&c);
        (void)json_text(A, client_registration_json(A, &c, secret));
        update(body, &c);
    }
    update(body, &usual);
    return end();
}
