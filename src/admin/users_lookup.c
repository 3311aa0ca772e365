/* Many people at once (http-api 7.1, `lookup`). */
#include "config.h"

#include "admin/handlers.h"
#include "admin/users.h"
#include "http/fields.h"
#include "http/response.h"

#define ENTRIES_MAX 100

struct lookup {
    struct exchange *x;
    struct json *items, *not_found;
    struct text_list found; /* ids: nobody is listed twice */
};

typedef enum rc find_fn(struct db *db, struct arena *a, const char *key, struct user *out);

static enum rc find_email(struct db *db, struct arena *a, const char *key, struct user *out)
{
    return users_by_email(db, a, text_lower(a, key), out);
}

static const struct { const char *name; find_fn *find; } kinds[] = {
    { "ids", users_by_id }, { "emails", find_email }, { "usernames", users_by_username },
};

static void add(struct lookup *l, const struct user *u)
{
    for (size_t i = 0; i < l->found.n; i++)
        if (text_same(l->found.v[i], u->id))
            return;
    l->found.v[l->found.n++] = u->id;
    json_add(l->items, admin_user_json(l->x->arena, u));
}

static enum rc look_up(struct lookup *l, const struct json *list, find_fn *find, struct json *missing)
{
    for (size_t i = 0; list != NULL && i < json_len(list); i++) {
        const char *key = json_str(json_at(list, i));
        struct user u;

        if (key == NULL)
            return refuse(&l->x->no, REFUSE_INVALID_REQUEST, "ids, emails and usernames are arrays of strings");
        key = text_trim(l->x->arena, key);
        enum rc rc = find(l->x->db, l->x->arena, key, &u);
        if (rc == RC_OK)
            add(l, &u);
        else if (rc == RC_NONE)
            json_add_str(missing, key);
        else
            return rc;
    }
    return RC_OK;
}

static enum rc count(struct exchange *x, const struct json *body)
{
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        const struct json *list = json_get(body, kinds[i].name);

        if (list != NULL && json_type(list) != JSON_ARRAY)
            return refuse(&x->no, REFUSE_INVALID_REQUEST, "%s must be an array", kinds[i].name);
        n += list != NULL ? json_len(list) : 0;
    }
    if (n < 1 || n > ENTRIES_MAX)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "1 to 100 entries in ids, emails and usernames together");
    return RC_OK;
}

enum rc admin_users_lookup(struct exchange *x)
{
    struct lookup l = { .x = x, .items = json_array(x->arena), .not_found = json_object(x->arena) };
    struct json *body, *answer = json_object(x->arena);

    TRY(json_bind(x, NULL, 0, NULL, &body));
    TRY(count(x, body));
    l.found.v = arena_array(x->arena, const char *, ENTRIES_MAX);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct json *missing = json_array(x->arena);

        TRY(look_up(&l, json_get(body, kinds[i].name), kinds[i].find, missing));
        json_set(l.not_found, kinds[i].name, missing);
    }
    json_set(answer, "items", l.items);
    json_set(answer, "not_found", l.not_found);
    return respond_model(x, 200, SHAPE_DATA, answer);
}
