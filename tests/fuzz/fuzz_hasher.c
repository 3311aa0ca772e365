/*
 * Questions to a hasher (hasher/) and hashes as they stand in the store, brought over from
 * anywhere (crypto/pwhash.c).  An even first byte: the rest is the frame; an odd one: a line of
 * password, then the hash.  The work itself is left out, its price is looked at: none that no
 * login may have.
 */
#include "config.h"

#include <argon2.h>
#include <crypt.h>

#include "fuzz.h"

#include "hasher/hasher.h"
#include "hasher/hasher_frame.h"
#include "util/frame.h"

int __wrap_argon2_ctx(argon2_context *c, argon2_type type);
char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);

int __wrap_argon2_ctx(argon2_context *c, argon2_type type)
{
    MUST(type == Argon2_id || type == Argon2_i);
    MUST(c->m_cost <= 256 * 1024 && c->m_cost >= 8 * c->lanes && c->t_cost >= 1);
    MUST((uint64_t)c->m_cost * c->t_cost <= 4 * 1024 * 1024); /* some seconds */
    MUST(c->outlen >= 4 && c->outlen <= 1024 && c->saltlen >= 8 && c->saltlen <= 1024 && c->pwdlen <= 4096);
    uint8_t sum = (uint8_t)c->pwdlen;
    for (uint32_t i = 0; i < c->pwdlen; i++)
        sum = (uint8_t)(sum * 31 + c->pwd[i]);
    for (uint32_t i = 0; i < c->saltlen; i++)
        sum = (uint8_t)(sum * 31 + c->salt[i]);
    memset(c->out, sum, c->outlen);
    return ARGON2_OK;
}

/* As crypt(3): the setting as far as it goes, then the rest. */
char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
    MUST(strlen(phrase) <= 4096);
    if (strncmp(setting, "$2", 2) == 0 && strlen(setting) > 6)
        MUST(setting[4] == '0' || (setting[4] == '1' && setting[5] <= '4'));
    snprintf(data->output, sizeof(data->output), "%.29s", setting);
    return data->output;
}

static struct bytes question_of(struct input *in)
{
    struct sbuf q;

    if (take_byte(in) % 2 == 0)
        return take_rest(in);
    sbuf_init(&q, A, 256);
    frame_put_int(&q, HASHER_VERIFY);
    frame_put_bytes(&q, take_line(in));
    frame_put_text(&q, take_text(in));
    return sbuf_bytes(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct frame_reader r;

    begin();
    frame_read(&r, hasher_answer(A, question_of(&in)));
    int64_t status = frame_get_int(&r);
    MUST(!r.is_bad && status >= HASHER_OK && status <= HASHER_FAULT);
    (void)frame_get_text(&r, A);
    MUST(frame_end(&r) == RC_OK);
    return end();
}
