#include "config.h"

#include "oidc/authz_request.h"

#include "util/frame.h"

#define PACK_VERSION 1

#define MEMBER(name) offsetof(struct authz_request, name)
static const size_t members[] = {
    MEMBER(client_id),     MEMBER(redirect_uri),   MEMBER(response_type),
    MEMBER(scope),         MEMBER(state),          MEMBER(nonce),
    MEMBER(code_challenge), MEMBER(code_challenge_method), MEMBER(prompt),
    MEMBER(response_mode), MEMBER(login_hint),     MEMBER(id_token_hint),
    MEMBER(ui_locales),    MEMBER(acr_values),     MEMBER(display),
};

static const char **member(struct authz_request *r, size_t offset)
{
    return (const char **)((char *)r + offset);
}

struct bytes authz_request_pack(struct arena *a, const struct authz_request *r)
{
    struct authz_request copy = *r;
    struct sbuf b;

    sbuf_init(&b, a, 1024);
    frame_put_int(&b, PACK_VERSION);
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        frame_put_text(&b, *member(&copy, members[i]));
    frame_put_int(&b, r->max_age);
    frame_put_int(&b, r->requested_at);
    return sbuf_bytes(&b);
}

enum rc authz_request_unpack(struct arena *a, struct bytes packed, struct authz_request *out)
{
    struct authz_request r = { 0 };
    struct frame_reader f;

    frame_read(&f, packed);
    if (frame_get_int(&f) != PACK_VERSION)
        return RC_NONE;
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        *member(&r, members[i]) = frame_get_text(&f, a);
    r.max_age = frame_get_int(&f);
    r.requested_at = frame_get_int(&f);
    TRY(frame_end(&f));
    *out = r;
    return RC_OK;
}
