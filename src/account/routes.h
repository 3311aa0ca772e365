/* The routes of this room; the only header serve/ needs from it. */
#ifndef AUTENTICO_ACCOUNT_ROUTES_H
#define AUTENTICO_ACCOUNT_ROUTES_H

#include "http/route.h"

extern const struct route_table account_routes;

#endif
