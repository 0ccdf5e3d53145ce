/* suites: each test file registers its CUnit suite here. */
#ifndef FRONTROW_TEST_SUITES_H
#define FRONTROW_TEST_SUITES_H

void suite_base(void);
void suite_census(void);
void suite_counts(void);
void suite_draw(void);
void suite_effect(void);
void suite_front(void);
void suite_hall(void);
void suite_host(void);
void suite_http(void);
void suite_input(void);
void suite_jwt(void);
void suite_presale(void);
void suite_proof(void);
void suite_queue(void);
void suite_rehearsal(void);
void suite_router(void);
void suite_seating(void);
void suite_sold_out(void);
void suite_standing(void);
void suite_ticket(void);
void suite_waitlist(void);
void suite_webhook(void);

#endif
