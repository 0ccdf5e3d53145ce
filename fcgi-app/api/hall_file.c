#include "api/hall_file.h"

#include <string.h>

#include "domain/hall/hall_text.h"

static bool
read_json(struct hall_file *file, struct hall_fault *fault)
{
    bool is_pretix = false;
    bool sound = hall_json_read(file->text.data, file->text.length, &file->plan, file->name,
                                &is_pretix, fault);
    file->form = is_pretix ? HALL_FORM_PRETIX : HALL_FORM_JSON;
    return sound;
}

bool
hall_file_read(const char *bytes, size_t length, struct hall_file *file, struct hall_fault *fault)
{
    *file = (struct hall_file){.form = HALL_FORM_CSV};
    if (!hall_text_decode(bytes, length, &file->text, &file->encoding, fault))
        return false;
    const char *begin = file->text.data + strspn(file->text.data, " \t\r\n");
    if (*begin == '{' || *begin == '[')
        return read_json(file, fault);
    return hall_csv_read(file->text.data, file->text.length, &file->plan, &file->csv, fault);
}

void
hall_file_free(struct hall_file *file)
{
    hall_plan_free(&file->plan);
    buffer_free(&file->text);
}
