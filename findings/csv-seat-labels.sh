#!/usr/bin/env bash
# A list of seats as CSV, read in JavaScript.
#
# Guess: CSV has texts. What is to be a number or a date is made one by who reads it; a seat "3-12" stays
#     as it is.
# What happens: SheetJS (xlsx) does what a spreadsheet does: seat 3-12 becomes a day of March 2001, which
#     sheet_to_json gives as 36962, row 2/3 is 36925, (5) is -5, 1E2 is 100 and 007 is 7. PapaParse with
#     dynamicTyping, which is meant for prices, does the last two as well, and row "true" is a boolean.
#     Two seats become one: 1E2 and 100, 007 and 7. {raw: true} and dynamicTyping for named columns keep
#     them.
# Versions: xlsx 0.18.5, papaparse 5.7.1.
# Source: SheetJS' documentation, "CSV and Text" and the option raw; PapaParse's, dynamicTyping.
# Frontrow: section and row are texts, and labels are numbers from firstLabel on; two seats of an item
#     with the same section, row and label are 400, which is what such a list ends as. Read seat lists as
#     texts.
. "$(dirname "$0")/lib/finding.sh"
node_packages xlsx@0.18.5 papaparse@5.7.1

printf '%s\n' row,seat 2/3,3-12 '(5),1E2' A,007 true,B-7 >seats.csv
cat >read.cjs <<'JS'
const { readFileSync } = require('node:fs');
const text = readFileSync('seats.csv', 'utf8').trim();
const sheet = (options) => {
    const book = require('xlsx').read(text, { type: 'string', ...options });
    return require('xlsx').utils.sheet_to_json(book.Sheets[book.SheetNames[0]], { header: 1 });
};
const papa = (dynamicTyping) => require('papaparse').parse(text, { dynamicTyping }).data;
const readers = { sheet: () => sheet({}), raw: () => sheet({ raw: true }), papa: () => papa(true) };
console.log(JSON.stringify(readers[process.argv[2]]().slice(1)));
JS
right='[["2/3","3-12"],["(5)","1E2"],["A","007"],["true","B-7"]]'
finding "SheetJS" "$right" '[[36925,36962],[-5,100],["A",7],["true","B-7"]]' "$(node read.cjs sheet)"
finding "SheetJS, raw" "$right" "$right" "$(node read.cjs raw)"
finding "PapaParse, dynamicTyping" "$right" '[["2/3","3-12"],["(5)",100],["A",7],[true,"B-7"]]' "$(node read.cjs papa)"
finding_ends
