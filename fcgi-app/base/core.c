#include "base/core.h"

#include <sys/resource.h>

void
core_forbid(void)
{
    static const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); /* to lower a limit is never refused */
}
