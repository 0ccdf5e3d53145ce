#include "base/process.h"

#include <sys/resource.h>

void
process_forbid_core(void)
{
    static const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none); /* to lower a limit is never refused */
}
