/* The report of a rehearsal as HTML: plots are SVG, written by hand. */
#include <stddef.h>
#include <string.h>

#include "ctl/rehearsal/report.h"

/* A plot: curves over the same steps of x. */
enum { WIDTH = 720, HEIGHT = 220, LEFT = 56, TOP = 12, BOTTOM = 28, POINTS_MAX = 240, CURVES = 4 };

struct plot {
    const char *title;
    const char *unit; /* of x */
    double x_max;
    const char *names[CURVES]; /* NULL: fewer curves */
    double points[CURVES][POINTS_MAX];
    size_t count; /* of points */
};

static const char *const colours[CURVES] = {"#2563eb", "#dc2626", "#16a34a", "#9333ea"};

static double
find_highest(const struct plot *plot)
{
    double max = 0;
    for (int c = 0; c < CURVES && plot->names[c] != NULL; c++)
        for (size_t i = 0; i < plot->count; i++)
            max = plot->points[c][i] > max ? plot->points[c][i] : max;
    return max > 0 ? max : 1;
}

static void
write_axes(const struct plot *plot, double y_max, struct buffer *out)
{
    for (int i = 0; i <= 4; i++) {
        int y = TOP + (HEIGHT - TOP - BOTTOM) * i / 4;
        int x = LEFT + (WIDTH - LEFT) * i / 4;
        buffer_format(out,
                      "<line x1='%d' y1='%d' x2='%d' y2='%d' stroke='#8884'/>"
                      "<text x='%d' y='%d' text-anchor='end'>%.4g</text>"
                      "<text x='%d' y='%d' text-anchor='%s'>%.4g%s</text>\n",
                      LEFT, y, WIDTH, y, LEFT - 6, y + 4, y_max * (4 - i) / 4, x, HEIGHT - 8,
                      i == 0   ? "start"
                      : i == 4 ? "end"
                               : "middle",
                      plot->x_max * i / 4, i == 4 ? plot->unit : "");
    }
}

static void
write_plot(const struct plot *plot, struct buffer *out)
{
    double y_max = find_highest(plot);
    buffer_format(out, "<h2>%s</h2>\n<p>", plot->title);
    for (int c = 0; c < CURVES && plot->names[c] != NULL; c++)
        buffer_format(out, "<b style='color:%s'>%s</b> ", colours[c], plot->names[c]);
    buffer_format(out, "</p>\n<svg viewBox='0 0 %d %d' role='img' aria-label='%s'>\n", WIDTH,
                  HEIGHT, plot->title);
    write_axes(plot, y_max, out);
    for (int c = 0; c < CURVES && plot->names[c] != NULL; c++) {
        buffer_format(out, "<polyline fill='none' stroke-width='1.5' stroke='%s' points='",
                      colours[c]);
        for (size_t i = 0; i < plot->count; i++)
            buffer_format(out, "%.1f,%.1f ",
                          LEFT + (WIDTH - LEFT) * ((double)i + 0.5) / (double)plot->count,
                          HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * plot->points[c][i] / y_max);
        buffer_text(out, "'/>\n");
    }
    buffer_text(out, "</svg>\n");
}

/* A curve over time: a member of struct second. */
struct curve {
    const char *name;
    size_t offset;
};

#define CURVE(name, member)                                                                        \
    {                                                                                              \
        name, offsetof(struct second, member)                                                      \
    }

/* The mean of some seconds; where none of them is known, what was before. */
static double
mean_of(const struct record *record, size_t from, size_t count, size_t offset, bool of_samples,
        double before)
{
    double sum = 0;
    int known = 0;
    for (size_t i = from; i < from + count && i < record->second_count; i++) {
        const struct second *second = &record->seconds[i];
        if (of_samples && !second->is_sampled)
            continue;
        double value;
        memcpy(&value, (const char *)second + offset, sizeof value);
        sum += value;
        known++;
    }
    return known > 0 ? sum / known : before;
}

/* Draws curves over time: each point is the mean of its seconds. */
static void
write_curves(const struct record *record, const char *title, const struct curve curves[CURVES],
             bool of_samples, struct buffer *out)
{
    size_t step = record->second_count / POINTS_MAX + 1;
    static struct plot plot;
    plot = (struct plot){.title = title, .unit = " s", .x_max = (double)record->second_count};
    for (int c = 0; c < CURVES && curves[c].name != NULL; c++) {
        double last = 0;
        plot.names[c] = curves[c].name;
        plot.count = 0;
        for (size_t at = 0; at < record->second_count; at += step) {
            last = mean_of(record, at, step, curves[c].offset, of_samples, last);
            plot.points[c][plot.count++] = last;
        }
    }
    write_plot(&plot, out);
}

/* The mean wait of those who came in each second, and how the waits are spread. */
static void
write_waits(const struct record *record, struct buffer *out)
{
    static struct plot plot;
    size_t step = record->second_count / POINTS_MAX + 1;
    plot = (struct plot){.title = "How long they waited, by when they came",
                         .unit = " s",
                         .x_max = (double)record->second_count,
                         .names = {"mean wait, s"}};
    for (size_t at = 0; at < record->second_count; at += step) {
        double waited_s = mean_of(record, at, step, offsetof(struct second, waited_s), false, 0);
        double let_in = mean_of(record, at, step, offsetof(struct second, let_in), false, 0);
        plot.points[0][plot.count++] = let_in > 0 ? waited_s / let_in : 0;
    }
    write_plot(&plot, out);

    plot = (struct plot){.title = "How the waits are spread",
                         .unit = " s",
                         .x_max = record_wait_quantile(record, 1) + 1,
                         .names = {"fans"},
                         .count = 60};
    for (size_t i = 0; i < record->wait_count; i++)
        plot.points[0][(size_t)(record->waits[i] / plot.x_max * (double)plot.count)]++;
    write_plot(&plot, out);
}

static void
write_escaped(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (strchr("<>&'\"", *text) != NULL)
            buffer_format(out, "&#%d;", *text);
        else
            buffer_append(out, text, 1);
}

void
report_write_html(const struct record *record, const struct rehearsed *rehearsed,
                  const struct verdict *verdict, struct buffer *out)
{
    struct buffer text = {0};
    report_write_text(record, rehearsed, verdict, &text);
    buffer_text(out, "<!doctype html>\n<html lang='en'><meta charset='utf-8'><title>Rehearsal of ");
    write_escaped(out, rehearsed->title);
    buffer_text(out, "</title>\n<meta name='viewport' content='width=device-width'>\n<style>"
                     ":root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:46rem;"
                     "margin:2rem auto;padding:0 1rem}h2{font-size:1rem;margin:2rem 0 0}p{margin:0}"
                     "pre{overflow:auto}svg{width:100%}text{font-size:11px;fill:currentColor}"
                     "</style>\n<h1>Rehearsal of ");
    write_escaped(out, rehearsed->title);
    buffer_text(out, "</h1>\n<pre>");
    write_escaped(out, text.data);
    buffer_text(out, "</pre>\n");
    write_curves(record, "The queue",
                 (struct curve[CURVES]){CURVE("waiting", waiting), CURVE("active", active)}, true,
                 out);
    write_waits(record, out);
    write_curves(record, "Seats",
                 (struct curve[CURVES]){CURVE("available", available), CURVE("held", held),
                                        CURVE("sold", sold)},
                 true, out);
    write_curves(record, "Answers a second",
                 (struct curve[CURVES]){CURVE("done", outcomes[OUTCOME_DONE]),
                                        CURVE("failed", outcomes[OUTCOME_FAILED]),
                                        CURVE("refused", outcomes[OUTCOME_REFUSED]),
                                        CURVE("come again later", outcomes[OUTCOME_SHED])},
                 false, out);
    write_curves(record, "Processor time, in cores",
                 (struct curve[CURVES]){CURVE("workers", workers_cpu),
                                        CURVE("machine", machine_cpu),
                                        CURVE("these fans", fans_cpu)},
                 false, out);
    buffer_text(out, "</html>\n");
    buffer_free(&text);
}
