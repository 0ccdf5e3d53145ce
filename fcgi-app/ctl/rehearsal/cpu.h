/* cpu: processor time, as Linux counts it, in seconds since some moment that stays the same. */
#ifndef FRONTROW_CTL_REHEARSAL_CPU_H
#define FRONTROW_CTL_REHEARSAL_CPU_H

#include <sys/types.h>

/* Of all workers that this master has or had. */
double cpu_of_workers(pid_t master);

/* Of everything that runs on this machine. */
double cpu_of_machine(void);

/* How many cores it has. */
int cpu_cores(void);

#endif
