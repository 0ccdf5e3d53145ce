#include "base/random.h"

#include <sys/random.h>

#include "base/log.h"

void
random_fill(void *bytes, size_t size)
{
    if (getrandom(bytes, size, 0) != (ssize_t)size)
        log_abort("getrandom() failed");
}
