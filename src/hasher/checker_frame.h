/*
 * What an asker and a checker say to each other, in util/frame.h fields.
 *
 *   question: bytes password
 *   answer:   int status (an enum checker_status), text line (NULL unless REFUSED)
 */
#ifndef AUTENTICO_HASHER_CHECKER_FRAME_H
#define AUTENTICO_HASHER_CHECKER_FRAME_H

enum checker_status { CHECKER_GOOD = 0x201, CHECKER_BAD, CHECKER_FAILED };

#endif
