#include "config.h"

#include "cli/act.h"

#include "cli/cli.h"
#include "http/response.h"
#include "http/route.h"

enum rc act(struct desk *d, enum rc (*handle)(struct exchange *x), const char *pattern, const char *path,
            struct json *body)
{
    struct request *rq = arena_memdup(d->arena, d->x.rq, sizeof(*rq));
    struct route route = { .path = pattern, .base = BASE_ROOT, .speaks = SPEAK_JSON, .who = WHO_ADMIN };

    rq->path = path;
    rq->body = body != NULL ? bytes_of(json_text(d->arena, body)) : (struct bytes){ NULL, 0 };
    d->x.rq = rq;
    d->x.route = arena_memdup(d->arena, &route, sizeof(route));
    enum rc rc = handle(&d->x);
    if (rc == RC_REFUSED)
        desk_say_refusal(d);
    else if (rc == RC_NONE)
        (void)cli_fail("there is nothing of that name");
    return rc == RC_NONE ? RC_REFUSED : rc;
}

void act_print_json(struct desk *d, struct json *obj)
{
    printf("%s\n", json_text(d->arena, obj));
}
