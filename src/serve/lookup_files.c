#include "config.h"

#include "serve/lookup_files.h"

#include <sys/stat.h>

#include "util/log.h"
#include "util/text.h"

static const char *const system_files[] = {
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf", "/etc/services",
};

static void note(struct lookup_files *f, const char *path)
{
    struct stat st;
    bool is_there = stat(path, &st) == 0;

    f->v[f->n].path = path;
    f->v[f->n].dev = is_there ? st.st_dev : 0;
    f->v[f->n].ino = is_there ? st.st_ino : 0;
    f->n++;
}

void lookup_files_note(const struct conf *conf, struct lookup_files *out)
{
    out->n = 0;
    for (size_t i = 0; i < ARRAY_LEN(system_files); i++)
        note(out, system_files[i]);
    if (!text_empty(conf->ca_file))
        note(out, conf->ca_file);
}

bool lookup_files_changed(const struct lookup_files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        struct lookup_files now = { .n = 0 };

        note(&now, f->v[i].path);
        if (now.v[0].dev == f->v[i].dev && now.v[0].ino == f->v[i].ino)
            continue;
        log_event(LOG_LEVEL_INFO, "courier_renewed", "file", f->v[i].path, NULL);
        return true;
    }
    return false;
}
