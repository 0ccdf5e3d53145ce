/* report: a rehearsal as text, as JSON, and as one HTML file with its plots. */
#ifndef FRONTROW_CTL_REHEARSAL_REPORT_H
#define FRONTROW_CTL_REHEARSAL_REPORT_H

#include "base/buffer.h"
#include "ctl/rehearsal/verdict.h"

/* All of them append. The HTML needs no other file. */
void report_write_text(const struct record *record, const struct rehearsed *rehearsed,
                       const struct verdict *verdict, struct buffer *out);
void report_write_json(const struct record *record, const struct rehearsed *rehearsed,
                       const struct verdict *verdict, struct buffer *out);
void report_write_html(const struct record *record, const struct rehearsed *rehearsed,
                       const struct verdict *verdict, struct buffer *out);

#endif
