// What is wrong with the file of a hall: a text for each code of fcgi-app/domain/hall/hall_fault.h, with its words.
import { reader } from "./language.js";

const english = {
    at_line: (line) => `Line ${line}`,
    at_cell: (line, column) => `Line ${line}, column ${column}`,

    spreadsheet: "This is the file of a spreadsheet program. Open it there, choose Save As, and the type CSV (in Excel: CSV UTF-8).",
    not_text: "This is no text in UTF-8, UTF-16 or CP949.",
    not_json: ({ reason }) => `This is not JSON: ${reason}`,
    no_plan: "The JSON has neither seats nor the zones of a seating plan of pretix.",
    bad_member: ({ member, type }) => `${member} must be: ${type}`,
    unknown_category: ({ category }) => `The category ${category} is not in the plan's list of categories.`,
    no_seats: "There are no seats in it.",
    too_many_seats: ({ max }) => `A hall may have ${max} seats.`,
    too_many_columns: ({ max }) => `A line may have ${max} cells.`,
    no_column: ({ column }) => `The first line must name the columns, and none is for: ${column}`,
    same_column: ({ header, other, column }) => `“${header}” and “${other}” both stand for: ${column}`,
    extra_cell: ({ count }) => `This cell has no column: the first line names ${count}.`,
    open_quote: "The quote that begins here is not closed.",
    text_after_quote: "Text follows the quote that is closed here.",
    empty_cell: ({ column }) => `Empty: ${column}`,
    too_long: ({ column, max }) => `Too long: ${column} (at most ${max} characters)`,
    control_character: ({ column }) => `A character that cannot be shown: ${column}`,
    bad_number: ({ column, min, max, text }) => `“${text}” is no whole number from ${min} to ${max}: ${column}`,
    bad_kind: ({ text }) => `“${text}” is no kind of seat: plain, restricted, wheelchair, companion, standing, withheld or gap.`,
    same_seat: ({ section, row, label, line }) => `Section ${section}, row ${row}, seat ${label} stands in line ${line} already.`,
    standing_place: ({ column }) => `A standing place has no row, no note and no coordinates: ${column} must be empty.`,
    mixed_section: ({ section, line }) => `Section ${section} is something else in line ${line}: all of a standing area are standing places of one category and price.`,
    not_a_companion: "Only a companion's place belongs to another one.",
    lone_companion: ({ label }) => `The companion's place ${label} belongs to no wheelchair place of its row.`,
    second_companion: ({ label, line }) => `The wheelchair place ${label} has a companion's place already, in line ${line}.`,
    no_position: ({ section, row, label }) => `Section ${section}, row ${row}, seat ${label} has no coordinates: it is drawn beside the hall.`,
    same_position: ({ section, row, label, line }) => `Section ${section}, row ${row}, seat ${label} stands where that of line ${line} does: it is drawn beside the hall.`,

    column_section: "section",
    column_row: "row",
    column_label: "seat",
    column_from: "from seat",
    column_to: "to seat",
    column_kind: "kind",
    column_category: "category",
    column_price: "price",
    column_note: "note",
    column_x: "x",
    column_y: "y",
    column_companionOf: "companion of",
};

const korean = {
    at_line: (line) => `${line}번째 줄`,
    at_cell: (line, column) => `${line}번째 줄 ${column}번째 칸`,

    spreadsheet: "엑셀 등의 파일입니다. 그 프로그램에서 열어 ‘다른 이름으로 저장’에서 CSV 형식(엑셀: CSV UTF-8)으로 저장한 뒤 올려 주세요.",
    not_text: "UTF-8, UTF-16, CP949 중 어느 것으로도 읽을 수 없는 파일입니다.",
    not_json: ({ reason }) => `JSON 형식이 아닙니다: ${reason}`,
    no_plan: "JSON에 seats도, pretix 좌석 배치도의 zones도 없습니다.",
    bad_member: ({ member, type }) => `${member}의 값은 다음이어야 합니다: ${type}`,
    unknown_category: ({ category }) => `배치도의 등급 목록에 없는 등급입니다: ${category}`,
    no_seats: "좌석이 하나도 없습니다.",
    too_many_seats: ({ max }) => `좌석은 최대 ${max}석까지 넣을 수 있습니다.`,
    too_many_columns: ({ max }) => `한 줄에는 최대 ${max}칸까지 넣을 수 있습니다.`,
    no_column: ({ column }) => `첫 줄에는 열 이름이 있어야 합니다. 없는 열: ${column}`,
    same_column: ({ header, other, column }) => `‘${header}’와(과) ‘${other}’가 둘 다 같은 열을 뜻합니다: ${column}`,
    extra_cell: ({ count }) => `열 이름이 없는 칸입니다. 첫 줄에는 열이 ${count}개입니다.`,
    open_quote: "여기서 시작한 따옴표가 닫히지 않았습니다.",
    text_after_quote: "닫힌 따옴표 뒤에 글자가 더 있습니다.",
    empty_cell: ({ column }) => `비어 있습니다: ${column}`,
    too_long: ({ column, max }) => `너무 깁니다: ${column} (최대 ${max}자)`,
    control_character: ({ column }) => `표시할 수 없는 문자가 있습니다: ${column}`,
    bad_number: ({ column, min, max, text }) => `‘${text}’은(는) ${min}부터 ${max}까지의 정수가 아닙니다: ${column}`,
    bad_kind: ({ text }) => `‘${text}’은(는) 좌석 종류가 아닙니다. 일반, 시야제한, 휠체어석, 동반석, 스탠딩, 유보석, 통로 중 하나여야 합니다.`,
    same_seat: ({ section, row, label, line }) => `${section} ${row} ${label} 좌석이 ${line}번째 줄에 이미 있습니다.`,
    standing_place: ({ column }) => `스탠딩에는 열, 비고, 좌표가 없습니다. ${column} 칸을 비워 주세요.`,
    mixed_section: ({ section, line }) => `${section} 구역은 ${line}번째 줄에서 다르게 적혀 있습니다. 스탠딩 구역은 모두 같은 등급과 가격의 스탠딩이어야 합니다.`,
    not_a_companion: "다른 좌석에 딸릴 수 있는 것은 동반석뿐입니다.",
    lone_companion: ({ label }) => `동반석 ${label}과(와) 짝이 되는 휠체어석이 같은 열에 없습니다.`,
    second_companion: ({ label, line }) => `휠체어석 ${label}에는 ${line}번째 줄의 동반석이 이미 있습니다.`,
    no_position: ({ section, row, label }) => `${section} ${row} ${label} 좌석에 좌표가 없어 배치도 옆에 그렸습니다.`,
    same_position: ({ section, row, label, line }) => `${section} ${row} ${label} 좌석의 좌표가 ${line}번째 줄과 같아 배치도 옆에 그렸습니다.`,

    column_section: "구역",
    column_row: "열",
    column_label: "좌석",
    column_from: "시작 번호",
    column_to: "끝 번호",
    column_kind: "종류",
    column_category: "등급",
    column_price: "가격",
    column_note: "비고",
    column_x: "x 좌표",
    column_y: "y 좌표",
    column_companionOf: "동반 대상",
};

const read = reader({ en: english, ko: korean });

/** A fault, {fault, line, column, words}, in the reader's language; `detail` where a newer server has another code. */
export function tell({ fault, line, column, words = {}, detail }) {
    const given = "column" in words ? { ...words, column: tell.column(words.column) } : words;
    const place = line ? (column ? read("at_cell", line, column) : read("at_line", line)) : "";
    return [place, read(fault, given) ?? detail ?? fault].filter(Boolean).join(": ");
}

/** What a column of a file is called. */
tell.column = (name) => read(`column_${name}`) ?? name;
