/* The unit tests: no server is needed. Exit status 0 when all pass. */
#include <CUnit/Basic.h>

#include "suites.h"

int
main(void)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    suite_base();
    suite_census();
    suite_counts();
    suite_draw();
    suite_effect();
    suite_front();
    suite_hall();
    suite_host();
    suite_http();
    suite_input();
    suite_jwt();
    suite_presale();
    suite_proof();
    suite_queue();
    suite_rehearsal();
    suite_router();
    suite_seating();
    suite_sold_out();
    suite_standing();
    suite_ticket();
    suite_waitlist();
    suite_webhook();
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed == 0 ? 0 : 1;
}
