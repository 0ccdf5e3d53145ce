#include "base/error.h"

#include <assert.h>

static const struct {
    int status;
    const char *code;
    const char *title;
} errors[ERROR_COUNT] = {
    /* clang-format off */
    [ERROR_NONE] = {200, "ok", "OK"},
#define ERROR(name, status, code, title) [ERROR_##name] = {status, code, title},
    ERROR_TABLE(ERROR)
#undef ERROR
    /* clang-format on */
};

int
error_status(enum error error)
{
    assert(error < ERROR_COUNT);
    return errors[error].status;
}

const char *
error_code(enum error error)
{
    assert(error < ERROR_COUNT);
    return errors[error].code;
}

const char *
error_title(enum error error)
{
    assert(error < ERROR_COUNT);
    return errors[error].title;
}
