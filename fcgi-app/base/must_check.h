/*
 * must_check: for functions whose result the caller has to look at. Every function that returns an
 * enum of outcomes has it, but for those that only repeat what they filled in (refuse()) and those
 * whose failure is mended by what comes next (queue_store_saved()).
 */
#ifndef FRONTROW_BASE_MUST_CHECK_H
#define FRONTROW_BASE_MUST_CHECK_H

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
