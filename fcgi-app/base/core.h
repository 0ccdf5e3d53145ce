/* core: no core dumps: they would contain keys, passwords and data of users. */
#ifndef FRONTROW_BASE_CORE_H
#define FRONTROW_BASE_CORE_H

/* For this process and all that it starts, for good. To be called first of all. */
void core_forbid(void);

#endif
