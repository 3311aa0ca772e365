/*
 * What an asker and a hasher say to each other, in util/frame.h fields.
 *
 *   question: int op (the version is its high byte), bytes password,
 *             text encoded (NULL: unknown user, or MAKE)
 *   answer:   int status, text hash (of MAKE; of VERIFY when due for a rehash;
 *             else NULL)
 */
#ifndef AUTENTICO_HASHER_HASHER_FRAME_H
#define AUTENTICO_HASHER_HASHER_FRAME_H

#define PASSWORD_BYTES_MAX 4096

enum hasher_op { HASHER_VERIFY = 0x101, HASHER_MAKE };
enum hasher_status { HASHER_OK, HASHER_WRONG, HASHER_FAULT };

#endif
