/* limit_sql: what the database alone can do: the statements of a route, one connection a worker. */
#include "limit_statements.h"

int
main(int argc, char **argv)
{
    return limit_loop_main(argc, argv, limit_statements, LIMIT_STATEMENTS);
}
