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

/* Of a line of words, of which the first is 0: the numbers from `first` to `last`, added up. */
static double
sum_of_words(const char *line, int first, int last)
{
    double sum = 0;
    for (int i = 0; i <= last; i++) {
        line += strspn(line, " ");
        if (i >= first)
            sum += (double)strtoul(line, NULL, 10);
        line += strcspn(line, " \n");
    }
    return sum;
}

/* utime + stime of proc_pid_stat(5); with `of_dead`, cutime + cstime. */
static double
cpu_of_process(long pid, bool of_dead)
{
    char path[64], text[TEXT_SIZE];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    read_text(path, text);
    const char *rest = strrchr(text, ')'); /* a name may have blanks */
    if (rest == NULL)
        return 0;
    double ticks = of_dead ? sum_of_words(rest, 14, 15) : sum_of_words(rest, 12, 13);
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
    read_text("/proc/stat", text);
    /* user, nice, system; not idle, iowait; irq, softirq */
    double ticks = sum_of_words(text, 1, 3) + sum_of_words(text, 6, 7);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

int
cpu_cores(void)
{
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}
