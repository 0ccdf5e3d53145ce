/* diagnosis: what MySQL and Redis say of themselves, as text for people. */
#ifndef FRONTROW_DOMAIN_DIAGNOSIS_H
#define FRONTROW_DOMAIN_DIAGNOSIS_H

#include "base/buffer.h"
#include "domain/services.h"

/* Appends it; where one is out of reach, that. MySQL's has statements with their values in it. */
void diagnosis_write_mysql(struct services *services, struct buffer *out);
void diagnosis_write_redis(struct services *services, struct buffer *out);

#endif
