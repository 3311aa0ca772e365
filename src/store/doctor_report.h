/* What `autentico doctor` found the last time it looked at everything, as JSON. */
#ifndef AUTENTICO_STORE_DOCTOR_REPORT_H
#define AUTENTICO_STORE_DOCTOR_REPORT_H

#include "store/db.h"

struct doctor_report { const char *text; int64_t made_at; };
MUST_CHECK enum rc doctor_report_keep(struct db *db, const char *text, int64_t now); /* instead of the one before */
MUST_CHECK enum rc doctor_report_last(struct db *db, struct arena *a, struct doctor_report *out); /* RC_NONE: never */

#endif
