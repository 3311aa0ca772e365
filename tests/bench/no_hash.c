/*
 * For LD_PRELOAD: Argon2 that costs nothing and takes every password.  All that a sign-in does
 * besides hashing, the questions to the hasher included, stays as it is; so "login without hash"
 * is measured and not reckoned.
 */
#include <argon2.h>
#include <string.h>

int argon2_ctx(argon2_context *context, argon2_type type)
{
    (void)type;
    memset(context->out, 1, context->outlen);
    return ARGON2_OK;
}
