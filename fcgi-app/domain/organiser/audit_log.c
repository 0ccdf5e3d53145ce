#include "domain/organiser/audit_log.h"

enum error
audit_log_visit(struct services *services, int32_t concert_id, int64_t before, int32_t limit,
                void (*visit)(void *state, const struct log_row *row), void *state,
                struct problem *problem)
{
    static struct log_row row; /* too large for the stack */
    enum db_result result = audit_log_table_list(services->db, concert_id, before, limit, &row);
    while (result == DB_OK && (result = db_next(services->db)) == DB_OK)
        visit(state, &row);
    return refuse_db(problem, result == DB_NONE ? DB_OK : result);
}
