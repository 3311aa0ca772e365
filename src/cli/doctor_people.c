/* Administrators. */
#include "config.h"

#include "cli/doctor.h"
#include "store/users.h"

static bool read_admins(struct doctor *d, struct user_means_rows *out)
{
    if (users_admin_means(d->db, d->arena, out) == RC_OK)
        return true;
    doctor_skip(d, "the database does not tell");
    return false;
}

void doctor_administrators(struct doctor *d)
{
    struct user_means_rows rows;

    if (!read_admins(d, &rows))
        return;
    if (rows.n == 0)
        doctor_warn(d, "", mend_command(d, "onboard --username admin"),
                    "there is none: whoever has the set-up link of the start can become it");
    else
        doctor_ok(d, "%zu", rows.n);
}

static bool has_second_factor(const struct user_means *m)
{
    return m->has_totp || m->has_verifying_passkey || (m->has_passkey && m->has_password);
}

/* That person has to do it: a second factor that somebody else has set up is none. */
void doctor_second_factors(struct doctor *d)
{
    struct user_means_rows rows;

    if (!read_admins(d, &rows))
        return;
    for (size_t i = 0; i < rows.n; i++)
        if (!has_second_factor(&rows.v[i]))
            doctor_warn(d, rows.v[i].username, NULL, "has only a password; to set up an authenticator app or a passkey, "
                        "that person goes to %s/account/security", d->conf.url);
}
