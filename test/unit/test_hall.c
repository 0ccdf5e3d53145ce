/* The files of halls: base/csv, domain/hall, api/hall_file, api/hall_json. */
#include <CUnit/CUnit.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/hall_file.h"
#include "base/mix.h"
#include "suites.h"

static struct hall_file file;
static struct hall_fault fault;

/* Reads a file in place of the one before. */
static bool
read_bytes(const char *bytes, size_t length)
{
    hall_file_free(&file);
    return hall_file_read(bytes, length, &file, &fault);
}

static bool
read_file(const char *text)
{
    return read_bytes(text, strlen(text));
}

/* The seats as a text: number, section/row/label, and what is not plain. */
static const char *
seats(void)
{
    static char text[2000];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < file.plan.count && used + 200 < sizeof text; i++) {
        const struct hall_seat *seat = &file.plan.seats[i];
        used += (size_t)sprintf(text + used, "%s%d:%s/%s/%s", i > 0 ? " " : "", (int)seat->number,
                                seat->section, seat->row, seat->label);
        if (seat->kind != SEAT_PLAIN)
            used += (size_t)sprintf(text + used, "=%s", seat_kind_name(seat->kind));
        if (seat->partner >= 0)
            used += (size_t)sprintf(text + used, "+%s", file.plan.seats[seat->partner].label);
        if (seat->price >= 0)
            used += (size_t)sprintf(text + used, "@%lld", (long long)seat->price);
        if (seat->position.has_x)
            used += (size_t)sprintf(text + used, "(%d,%d)", seat->position.x, seat->position.y);
    }
    return text;
}

static void
require_seats(const char *text, const char *expected)
{
    bool sound = read_file(text);
    CU_ASSERT_TRUE(sound);
    CU_ASSERT_STRING_EQUAL(sound ? seats() : hall_fault_name(fault.code), expected);
    if (!sound || strcmp(seats(), expected) != 0)
        printf("\n  %s\n  is not %s\n", sound ? seats() : hall_fault_name(fault.code), expected);
}

static void
require_fault(const char *text, const char *code, int line, int column)
{
    bool sound = read_file(text);
    CU_ASSERT_FALSE(sound);
    if (sound)
        return;
    CU_ASSERT_STRING_EQUAL(hall_fault_name(fault.code), code);
    CU_ASSERT_EQUAL(fault.line, line);
    CU_ASSERT_EQUAL(fault.column, column);
    if (strcmp(hall_fault_name(fault.code), code) != 0 || fault.line != line ||
        fault.column != column)
        printf("\n  %s %d %d: %s: %s %d %d\n", code, line, column, text,
               hall_fault_name(fault.code), (int)fault.line, (int)fault.column);
}

static const char *
word(const char *name)
{
    for (size_t i = 0; i < fault.word_count; i++)
        if (strcmp(fault.words[i].name, name) == 0)
            return fault.words[i].value;
    return "";
}

static void
seat_by_seat(void)
{
    require_seats("section,row,label,price\nA,1,1,120000\nA,1,3A,\"120,000\"\r\n",
                  "1:A/1/1@120000 2:A/1/3A@120000");
    /* without a section or a row all is one */
    require_seats("seat\n1\n2\n", "1:A/1/1 2:A/1/2");
    /* blanks, empty lines before and after, short and long lines, columns that are none of ours */
    require_seats("\n ; ;\n Zone ;Row; Seat No. ;who\n A ; 1 ; 7 ;x;;\n A;1;6\n\n",
                  "1:A/1/7 2:A/1/6");
    require_seats("section\trow\tseat\n\"A\"\t\"say \"\"hi\"\"\" \t7", "1:A/say \"hi\"/7");
    require_seats("row,label\rA,1\rA,2\r", "1:A/A/1 2:A/A/2");
}

static void
korean_files(void)
{
    require_seats("구역;열;좌석;가격(원);종류;비고\n"
                  "1층;가열;휠체어 1;150,000 원;휠체어석;\n"
                  "1층;가열;동반 1;150000;동반석;\n"
                  "1층;가열;3;\"￦150,000\";시야 제한;기둥 뒤\n"
                  "1층;나열;1;0원;유보석;\n",
                  "1:1층/가열/휠체어 1=wheelchair+동반 1@150000 "
                  "2:1층/가열/동반 1=companion+휠체어 1@150000 "
                  "3:1층/가열/3=restricted@150000 4:1층/나열/1=withheld@0");
    CU_ASSERT_STRING_EQUAL(file.plan.seats[2].note, "기둥 뒤");
    CU_ASSERT_EQUAL(file.csv.delimiter, ';');
    CU_ASSERT_EQUAL(file.csv.columns[3], HALL_COLUMN_PRICE);
    CU_ASSERT_STRING_EQUAL(file.csv.headers[3], "가격(원)");
}

static void
ranges_run_both_ways(void)
{
    require_seats("section,row,from,to,price,x,y\nA,1,3,1,10,5,7\nA,1,4,5,20,,\n",
                  "1:A/1/3@10(5,7) 2:A/1/2@10(6,7) 3:A/1/1@10(7,7) 4:A/1/4@20 5:A/1/5@20");
    require_seats("부터,까지,좌석\n1,2,\n,,휠체어 1\n", "1:A/1/1 2:A/1/2 3:A/1/휠체어 1");
}

static void
gaps_end_adjacency(void)
{
    /* by an empty line, an empty label, and the kind; not where another row begins anyway */
    require_seats("row,label,kind\n1,1,\n\n1,2,\n1,,\n1,3,\n1,,통로\n1,4,gap\n1,5,\n,,\n2,1,\n",
                  "1:A/1/1 3:A/1/2 5:A/1/3 7:A/1/5 8:A/2/1");
}

static void
companions_have_a_wheelchair_place(void)
{
    require_seats("label,kind,companionOf\n1,companion,\n2,wheelchair,\n3,wheelchair,\n4,,3\n",
                  "1:A/1/1=companion+2 2:A/1/2=wheelchair+1 3:A/1/3=wheelchair+4 "
                  "4:A/1/4=companion+3");
    require_seats("label,kind\n1,wheelchair\n", "1:A/1/1=wheelchair");
    require_fault("label,kind\n1,wheelchair\n,\n2,companion\n", "lone_companion", 4, 1);
    require_fault("row,label,kind\n1,1,wheelchair\n2,2,companion\n", "lone_companion", 3, 2);
    require_fault("label,kind\n1,wheelchair\n2,companion\n3,companion\n", "lone_companion", 4, 1);
    require_fault("label,kind,companion of\n1,wheelchair,\n2,,1\n3,,1\n", "second_companion", 4, 3);
    CU_ASSERT_STRING_EQUAL(word("line"), "3");
    require_fault("label,kind,companion of\n1,,\n2,,1\n", "lone_companion", 3, 3);
    require_fault("label,kind,companion of\n1,,\n2,plain,1\n", "not_a_companion", 3, 3);
}

static void
refusals_name_line_and_cell(void)
{
    char text[HALL_FAULT_TEXT_SIZE];
    require_fault("section,row,label\nA,1,1\nB,1,1\nA,1,1\n", "same_seat", 4, 3);
    CU_ASSERT_STRING_EQUAL(word("line"), "2");
    hall_fault_text(&fault, text);
    CU_ASSERT_STRING_EQUAL(text, "Section A, row 1, seat 1 stands in line 2 already");
    require_fault("", "no_seats", 0, 0);
    require_fault("\n,,\n", "no_seats", 0, 0);
    require_fault("label\n\n", "no_seats", 0, 0);
    require_fault("Grand hall\nA,1\n", "no_column", 1, 1);
    CU_ASSERT_STRING_EQUAL(word("column"), "label");
    require_fault("\nsection,from\nA,1\n", "no_column", 2, 1);
    CU_ASSERT_STRING_EQUAL(word("column"), "to");
    require_fault("to,section\n1,A\n", "no_column", 1, 1);
    require_fault("label,열,Row\n", "same_column", 1, 3);
    CU_ASSERT_STRING_EQUAL(word("header"), "Row");
    CU_ASSERT_STRING_EQUAL(word("other"), "열");
    require_fault("label,row\n1,A,x\n", "extra_cell", 2, 3);
    require_fault("label,row\n1,A\n2,\"A\n3,A\n", "open_quote", 3, 2);
    require_fault("label,row\n\"1\"x,A\n", "text_after_quote", 2, 1);
    require_fault("\"label", "open_quote", 1, 1);
    require_fault("label,note\n1,\"two\nlines\"\n", "control_character", 2, 2);
    require_fault("label,row\n1,\n", "empty_cell", 2, 2);
    require_fault("label,section\n1\n", "empty_cell", 2, 2);
    require_fault("label\n12345678901234567\n", "too_long", 2, 1);
    CU_ASSERT_STRING_EQUAL(word("max"), "16");
    require_fault("label,price\n1,-5\n", "bad_number", 2, 2);
    require_fault("label,price\n1,\"1,00\"\n", "bad_number", 2, 2);
    require_fault("label,price\n1,1000000001\n", "bad_number", 2, 2);
    require_fault("label,price\n1,12.50\n", "bad_number", 2, 2);
    require_fault("label,x\n1,left\n", "bad_number", 2, 2);
    require_fault("label,x\n1,1000001\n", "bad_number", 2, 2);
    require_fault("from,to,x\n1,3,999999\n", "bad_number", 2, 3);
    require_fault("from,to\n1,\n", "bad_number", 2, 2);
    require_fault("from,to\n1,2a\n", "bad_number", 2, 2);
    require_fault("from,to\n1,200000\n", "too_many_seats", 2, 0);
    require_fault("label,kind\n1,sofa\n", "bad_kind", 2, 2);
    CU_ASSERT_STRING_EQUAL(word("text"), "sofa");
    require_fault("PK\x03\x04\x14", "spreadsheet", 0, 0);
    require_fault("\xd0\xcf\x11\xe0\xa1", "spreadsheet", 0, 0);
    CU_ASSERT_FALSE(read_bytes("label\n1\0002\n3\n4\n5\n6\n", 18));
    CU_ASSERT_EQUAL(fault.code, HALL_NOT_TEXT);
    require_fault("label\n1\n\xff\xff\xff\n", "not_text", 3, 1);
    /* above U+10FFFF, which is the last character */
    require_fault("label\n1\n2\xf4\x90\x80\x80\n", "not_text", 3, 2);
    require_fault("\xef\xbb\xbflabel\n1\n2\xf7\xbf\xbf\xbf\n", "not_text", 3, 2);
    require_seats("label\n\xf4\x8f\xbf\xbf\n", "1:A/1/\xf4\x8f\xbf\xbf");
}

static void
too_many_cells(void)
{
    char text[300] = "label";
    for (int i = 0; i < CSV_CELLS_MAX; i++)
        strcat(text, ",");
    require_fault(text, "too_many_columns", 1, 65);
}

/* The text in another encoding, behind `mark`. */
static bool
read_encoded(const char *text, const char *encoding, const char *mark)
{
    static char bytes[4000];
    size_t marked = strlen(mark), length = strlen(text), room = sizeof bytes - marked;
    char *from = (char *)text, *to = bytes + marked;
    iconv_t converter = iconv_open(encoding, "UTF-8");
    snprintf(bytes, sizeof bytes, "%s", mark);
    CU_ASSERT_NOT_EQUAL(iconv(converter, &from, &length, &to, &room), (size_t)-1);
    iconv_close(converter);
    return read_bytes(bytes, (size_t)(to - bytes));
}

static void
encodings_are_found_out(void)
{
    static const struct {
        const char *encoding, *mark;
    } cases[] = {
        {"UTF-8", ""},    {"UTF-8", "\xef\xbb\xbf"}, {"UTF-16LE", "\xff\xfe"},
        {"UTF-16LE", ""}, {"UTF-16BE", "\xfe\xff"},  {"UTF-16BE", ""},
        {"CP949", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_TRUE_FATAL(
            read_encoded("구역,열,번호\n똠방,가열,휠체어 2\n", cases[i].encoding, cases[i].mark));
        CU_ASSERT_STRING_EQUAL(file.encoding, cases[i].encoding);
        CU_ASSERT_STRING_EQUAL(seats(), "1:똠방/가열/휠체어 2");
    }
    /* a mark more, by a program that took the first one for text */
    require_seats("\xef\xbb\xbf\xef\xbb\xbfsection,label\nB,1\n", "1:B/1/1");
    require_seats("\xef\xbb\xbf\xef\xbb\xbf{\"seats\":[{\"label\":1}]}", "1:A/1/1");
    require_fault("\xef\xbb\xbf\xef\xbb\xbf\xff", "not_text", 1, 1);
    CU_ASSERT_TRUE(read_encoded("\xef\xbb\xbfsection,label\nB,1\n", "UTF-16LE", "\xff\xfe"));
    CU_ASSERT_STRING_EQUAL(seats(), "1:B/1/1");
}

static void
json_of_ours(void)
{
    require_seats("{\"name\":\" 큰 홀 \",\"seats\":[{\"label\":7,\"x\":1.6,\"y\":-2,\"price\":0},"
                  "{\"gap\":true},{\"label\":\"8\",\"row\":null,\"kind\":\"withheld\"},"
                  "{\"row\":\"B\",\"from\":3,\"to\":2}]}",
                  "1:A/1/7@0(2,-2) 3:A/1/8=withheld 4:A/B/3 5:A/B/2");
    CU_ASSERT_STRING_EQUAL(file.name, "큰 홀");
    CU_ASSERT_EQUAL(file.form, HALL_FORM_JSON);
    require_fault("{\"seats\":[\n{\"label\":\"1\"},\n{\"label\":\n \"1\"}]}", "same_seat", 3, 1);
    CU_ASSERT_STRING_EQUAL(word("line"), "2");
    require_fault("{\"a\":\"[\\\"{\", \"seats\":[{\"label\":1},\n  {\"x\":[],\"label\":true}]}",
                  "bad_member", 2, 19);
    CU_ASSERT_STRING_EQUAL(word("member"), "label");
    require_fault("{\"seats\":[\n7]}", "bad_member", 2, 1);
    require_fault("{\"seats\":[{\"label\":1,\n\"kind\":\"sofa\"}]}", "bad_kind", 2, 8);
    require_fault("{\"seats\":[]}", "no_seats", 0, 0);
    require_fault("{\"hall\":[]}", "no_plan", 1, 1);
    require_fault("[1]", "not_json", 1, 1);
    require_seats("{\"seats\":[{\"label\":1,\"x\":0.5,\"y\":\"-0.5\"}]}", "1:A/1/1(1,-1)");
    require_fault("{\"seats\":[{\"label\":1,\n\"row\":1.5}]}", "bad_member", 2, 7);
    require_fault("{\"seats\":[{\"label\":1,\n\"price\":1e3}]}", "bad_member", 2, 9);
    require_fault("{\"seats\":[],\n\"name\":\"1234567890123456789012345678901234567890"
                  "123456789012345678901\"}",
                  "too_long", 2, 8);
    require_fault("{\"seats\":[{\"label\":1,}]}", "not_json", 1, 22);
}

#define PRETIX(zones)                                                                              \
    "{\"name\":\"Plan\",\"size\":{\"width\":9,\"height\":9},\n"                                    \
    "\"categories\":[{\"name\":\"Stalls\",\"color\":\"red\"},{\"name\":\"Box\"}],\n"               \
    "\"zones\":[" zones "]}"
#define PRETIX_SEAT(number, category, x, y)                                                        \
    "{\"seat_guid\":\"g\",\"seat_number\":\"" number "\",\"category\":\"" category                 \
    "\",\"position\":{\"x\":" #x ",\"y\":" #y "}}"

static void
json_of_pretix(void)
{
    require_seats(
        PRETIX(
            "{\"name\":\"Ground\",\"position\":{\"x\":100,\"y\":200},\"rows\":["
            "{\"row_number\":\"A\",\"seats\":[" PRETIX_SEAT("1", "Stalls", 1, 2) "," PRETIX_SEAT(
                "2", "Box", 2,
                2) "]},"
                   "{\"row_number\":\"A\",\"position\":{\"x\":10,\"y\":0},\"seats\":[" PRETIX_SEAT(
                       "3", "Stalls", 3,
                       2) "]}]},"
                          "{\"position\":{\"x\":0,\"y\":0},\"rows\":[{\"row_number\":\"\","
                          "\"seats\":[" PRETIX_SEAT("1", "Box", 0, 0) "]}]}"),
        "1:Ground/A/1(101,202) 2:Ground/A/2(102,202) 4:Ground/A/3(113,202) 5:2/1/1(0,0)");
    CU_ASSERT_EQUAL(file.form, HALL_FORM_PRETIX);
    CU_ASSERT_STRING_EQUAL(file.plan.seats[1].category, "Box");
    require_fault(
        PRETIX("{\"position\":{\"x\":0,\"y\":0},\"rows\":[{\"row_number\":\"1\",\"seats\":"
               "[\n" PRETIX_SEAT("1", "Gallery", 0, 0) "]}]}"),
        "unknown_category", 4, 47);
    require_fault(
        PRETIX("{\"position\":{\"x\":0,\"y\":0},\"rows\":[{\"row_number\":\"1\",\"seats\":"
               "[\n" PRETIX_SEAT("1", "Box", 0, 0) ",\n" PRETIX_SEAT("1", "Box", 1, 0) "]}]}"),
        "same_seat", 5, 1);
    CU_ASSERT_STRING_EQUAL(word("line"), "4");
    require_fault(
        PRETIX("{\"position\":{\"x\":0,\"y\":0},\"rows\":[{\"row_number\":\"1\",\"seats\":"
               "[\n" PRETIX_SEAT("", "Box", 0, 0) "]}]}"),
        "bad_member", 4, 32);
    require_fault(PRETIX("{\"position\":{\"x\":0},\"rows\":[]}"), "bad_member", 3, 22);
    require_fault(PRETIX("{\"position\":{\"x\":0,\"y\":0}}"), "bad_member", 3, 10);
    require_fault(PRETIX("{\"position\":{\"x\":0,\"y\":0},\"rows\":[\n{\"row_number\":[]}]}"),
                  "bad_member", 4, 1);
    require_fault("{\"zones\":[]}", "bad_member", 1, 1);
    require_fault("{\"categories\":[{\"name\":{}}],\"zones\":[]}", "bad_member", 1, 24);
    require_fault(
        PRETIX("{\"position\":{\"x\":0,\"y\":0},\"rows\":[{\"row_number\":\"1\",\"seats\":"
               "[" PRETIX_SEAT("12345678901234567", "Box", 0, 0) "]}]}"),
        "too_long", 3, 102);
}

static void
seats_without_a_spot_are_named(void)
{
    CU_ASSERT_TRUE(read_file("label,x,y\n1,0,0\n2,,\n3,0,0\n4,5,5\n"));
    CU_ASSERT_EQUAL(file.plan.notice_count, 2);
    CU_ASSERT_EQUAL(file.plan.notices[0].code, HALL_NO_POSITION);
    CU_ASSERT_EQUAL(file.plan.notices[0].line, 3);
    CU_ASSERT_EQUAL(file.plan.notices[1].code, HALL_SAME_POSITION);
    CU_ASSERT_EQUAL(file.plan.notices[1].line, 4);
    CU_ASSERT_STRING_EQUAL(file.plan.notices[1].words[3].value, "2");
    CU_ASSERT_TRUE(read_file("label\n1\n2\n"));
    CU_ASSERT_EQUAL(file.plan.notice_count, 0);
    CU_ASSERT_TRUE(read_file("from,to,x,y\n1,9,0,0\n11,99,0,0\n"));
    CU_ASSERT_EQUAL(file.plan.notice_count, 9);
    CU_ASSERT_TRUE(
        read_file("label,x,y\n0,0,0\n1,,\n2,,\n3,,\n4,,\n5,,\n6,,\n7,,\n8,,\n9,,\n10,,\n11,,"
                  "\n12,,\n13,,\n14,,\n15,,\n16,,\n17,,\n18,,\n19,,\n20,,\n21,,\n22,,\n"));
    CU_ASSERT_EQUAL(file.plan.notice_count, 22);
}

static bool
is_same_seat(const struct hall_seat *a, const struct hall_seat *b)
{
    return strcmp(a->section, b->section) == 0 && strcmp(a->row, b->row) == 0 &&
           strcmp(a->label, b->label) == 0 && strcmp(a->category, b->category) == 0 &&
           strcmp(a->note, b->note) == 0 && a->kind == b->kind && a->price == b->price &&
           a->partner == b->partner && a->number == b->number && a->follows_gap == b->follows_gap &&
           a->position.has_x == b->position.has_x && a->position.has_y == b->position.has_y &&
           (!a->position.has_x || a->position.x == b->position.x) &&
           (!a->position.has_y || a->position.y == b->position.y);
}

/* Writes what was read, reads that, and compares. */
static void
require_round_trip(void)
{
    struct buffer text = {0}, again = {0};
    struct hall_file other;
    bool same = false;
    hall_csv_write(&file.plan, &text);
    if (hall_file_read(text.data, text.length, &other, &fault)) {
        hall_csv_write(&other.plan, &again);
        same = other.plan.count == file.plan.count && strcmp(text.data, again.data) == 0;
        for (size_t i = 0; i < file.plan.count && same; i++)
            same = is_same_seat(&file.plan.seats[i], &other.plan.seats[i]);
    }
    CU_ASSERT_TRUE(same);
    if (!same)
        printf("\n%s\n%s: line %d\n", text.data, hall_fault_name(fault.code), (int)fault.line);
    hall_file_free(&other);
    buffer_free(&text);
    buffer_free(&again);
}

/* A number from 0 on, by chance, and the same ones each time. */
static int
pick(int below)
{
    static uint64_t step;
    return (int)(mix(++step) % (uint64_t)below);
}

/* A text of which a CSV could make something else. */
static void
write_odd_text(struct buffer *out, int number)
{
    static const char *const odd[] = {
        "=1+1", "'=2", "''-3",     "+4", "@5", "\\\"", "a,b", "; x", "가 열",     "휠",
        "-",    "'",   "\\\"\\\"", "{",  "[",  "gap",  "0,1", "\\t", "\xc2\xa0z", "7 "};
    buffer_format(out, "\"%s%d\"", odd[pick(sizeof odd / sizeof odd[0])], number);
}

/* A hall of random seats, as JSON, which has none of the marks of a CSV. */
static void
write_random_hall(struct buffer *out)
{
    static const char *const kinds[] = {"plain", "restricted", "wheelchair", "withheld"};
    const char *kind = "plain";
    buffer_text(out, "{\"seats\":[");
    for (int i = 0, count = 1 + pick(40); i < count; i++) {
        bool is_companion = strcmp(kind, "wheelchair") == 0 && pick(2) == 0;
        kind = is_companion ? "companion" : kinds[pick(4)];
        if (!is_companion && pick(5) == 0)
            buffer_text(out, "{\"gap\":true},");
        buffer_format(out, "{\"kind\":\"%s\",\"label\":", kind);
        write_odd_text(out, i);
        buffer_text(out, ",\"note\":");
        write_odd_text(out, i);
        buffer_text(out, ",\"category\":");
        write_odd_text(out, i % 3);
        if (pick(2) == 0)
            buffer_format(out, ",\"x\":%d,\"y\":%d", pick(100) - 50, pick(100));
        if (pick(2) == 0)
            buffer_format(out, ",\"price\":%d", pick(1000));
        buffer_text(out, i + 1 < count ? "}," : "}]}");
    }
}

static void
what_is_written_is_read_as_the_same(void)
{
    CU_ASSERT_TRUE(read_file("구역,열,번호,종류,가격,x,y\nA,1,1,,5,1,2\nA,1,,,,,\nA,1,2,휠체어,,,\n"
                             "A,1,3,동반,,,\n가,\"=1\",'=2,시야제한,7,-3,\n"));
    require_round_trip();
    for (int i = 0; i < 300; i++) {
        struct buffer text = {0};
        write_random_hall(&text);
        bool sound = read_bytes(text.data, text.length);
        CU_ASSERT_TRUE(sound);
        if (sound)
            require_round_trip();
        else
            printf("\n%s %d: %s\n", hall_fault_name(fault.code), (int)fault.column, text.data);
        buffer_free(&text);
    }
}

/* All that a call may have, each seat with texts of its own: nothing in it is read twice as often
 * for twice as many. */
static void
a_hundred_thousand_seats(void)
{
    struct buffer text = {0};
    buffer_text(&text, "section,row,label,price,note,x,y\n");
    for (int i = 0; i < HALL_SEATS_MAX; i++)
        buffer_format(&text, "S%d,R%d,L%d,\"120,000\",note %d,%d,%d\n", i % 50, i / 7, i, i,
                      i % 1000, i / 1000);
    CU_ASSERT_TRUE(read_bytes(text.data, text.length));
    CU_ASSERT_EQUAL(file.plan.count, HALL_SEATS_MAX);
    require_round_trip();
    buffer_text(&text, "S1,R1,more,,,,\n");
    CU_ASSERT_FALSE(read_bytes(text.data, text.length));
    CU_ASSERT_EQUAL(fault.code, HALL_TOO_MANY_SEATS);
    buffer_free(&text);
}

static void
a_plan_is_summed_up(void)
{
    struct hall_summary summary;
    CU_ASSERT_TRUE(read_file("section,row,label,kind,price\nA,1,1,,5\nA,2,1,,\nB,1,1,휠체어,9\n"));
    hall_plan_summarise(&file.plan, &summary);
    CU_ASSERT_EQUAL(summary.sections, 2);
    CU_ASSERT_EQUAL(summary.rows, 3);
    CU_ASSERT_EQUAL(summary.kinds[SEAT_PLAIN], 2);
    CU_ASSERT_EQUAL(summary.kinds[SEAT_WHEELCHAIR], 1);
    CU_ASSERT_EQUAL(summary.min_price, 5);
    CU_ASSERT_EQUAL(summary.max_price, 9);
    CU_ASSERT_EQUAL(summary.unpriced, 1);
    hall_file_free(&file);
    hall_plan_summarise(&file.plan, &summary);
    CU_ASSERT_EQUAL(summary.min_price, -1);
}

static int
free_file(void)
{
    hall_file_free(&file);
    return 0;
}

void
suite_hall(void)
{
    CU_pSuite suite = CU_add_suite("hall", NULL, free_file);
    CU_add_test(suite, "seat by seat", seat_by_seat);
    CU_add_test(suite, "files of Korean box offices", korean_files);
    CU_add_test(suite, "ranges run both ways", ranges_run_both_ways);
    CU_add_test(suite, "gaps end adjacency", gaps_end_adjacency);
    CU_add_test(suite, "companions have a wheelchair place", companions_have_a_wheelchair_place);
    CU_add_test(suite, "refusals name line and cell", refusals_name_line_and_cell);
    CU_add_test(suite, "too many cells", too_many_cells);
    CU_add_test(suite, "encodings are found out", encodings_are_found_out);
    CU_add_test(suite, "JSON of ours", json_of_ours);
    CU_add_test(suite, "JSON of pretix", json_of_pretix);
    CU_add_test(suite, "seats without a spot are named", seats_without_a_spot_are_named);
    CU_add_test(suite, "what is written is read as the same", what_is_written_is_read_as_the_same);
    CU_add_test(suite, "a hundred thousand seats", a_hundred_thousand_seats);
    CU_add_test(suite, "a plan is summed up", a_plan_is_summed_up);
}
