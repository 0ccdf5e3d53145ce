#include "ctl/rehearsal/cpu.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 8192 };

/* The begin of a small file; "" where it cannot be read, as when a process has just ended. */
static void
read_text(const char *path, char text[TEXT_SIZE])
{
    FILE *file = fopen(path, "re");
    size_t length = file != NULL ? fread(text, 1, TEXT_SIZE - 1, file) : 0;
    text[length] = '\0';
    if (file != NULL)
        fclose(file);
}

/* utime + stime of proc_pid_stat(5); with `of_dead`, cutime + cstime. */
static double
cpu_of_process(long pid, bool of_dead)
{
    char path[64], text[TEXT_SIZE];
    unsigned long own = 0, own_system = 0;
    long dead = 0, dead_system = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    read_text(path, text);
    const char *rest = strrchr(text, ')'); /* a name may have blanks */
    if (rest == NULL ||
        sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &own,
               &own_system, &dead, &dead_system) != 4)
        return 0;
    double ticks = of_dead ? (double)(dead + dead_system) : (double)(own + own_system);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

double
cpu_of_workers(pid_t master)
{
    char path[64], text[TEXT_SIZE], *end;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)master, (int)master);
    read_text(path, text);
    double seconds = cpu_of_process(master, true);
    for (const char *at = text; *at != '\0'; at = end) {
        long pid = strtol(at, &end, 10);
        if (end == at)
            break;
        seconds += cpu_of_process(pid, false);
    }
    return seconds;
}

double
cpu_of_machine(void)
{
    char text[TEXT_SIZE];
    unsigned long user = 0, nice = 0, system = 0, irq = 0, soft_irq = 0;
    read_text("/proc/stat", text);
    if (sscanf(text, "cpu %lu %lu %lu %*u %*u %lu %lu", &user, &nice, &system, &irq, &soft_irq) !=
        5)
        return 0;
    return (double)(user + nice + system + irq + soft_irq) / (double)sysconf(_SC_CLK_TCK);
}

int
cpu_cores(void)
{
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}
