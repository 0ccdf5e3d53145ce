#include "base/gzip.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/log.h"

/* A hall of 50,000 seats: 4.2 MB become 330 KB in 10 ms; level 6 takes 190 ms for 310 KB. */
enum { LEVEL = Z_BEST_SPEED, GZIP_FORMAT = 16, MEMORY_LEVEL = 8 };

void
gzip_buffer(struct buffer *buffer)
{
    z_stream stream = {.next_in = (Bytef *)buffer->data, .avail_in = (uInt)buffer->length};
    if (deflateInit2(&stream, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP_FORMAT, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        log_abort("no memory");
    struct buffer packed = {0};
    uLong max = deflateBound(&stream, (uLong)buffer->length);
    stream.next_out = (Bytef *)buffer_reserve(&packed, max);
    stream.avail_out = (uInt)max;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        log_abort("zlib did not end where it has to");
    packed.length = stream.total_out;
    deflateEnd(&stream);
    buffer_free(buffer);
    *buffer = packed;
}
