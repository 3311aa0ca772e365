/* What `start` prints once everything is up (spec/settings.md 7). */
#ifndef AUTENTICO_SERVE_BANNER_H
#define AUTENTICO_SERVE_BANNER_H

#include <stdio.h>

#include "serve/front.h"
#include "serve/prepare.h"
#include "serve/sockets.h"

void banner_print(FILE *out, const struct conf *conf, const struct prepared *prepared, const struct front_server *front,
                  const struct sockets *sockets);

#endif
