#!/usr/bin/env bash
# The time zone that a browser tells, given to a server on Debian 13.
#
# Guess: a name that Intl gives (resolvedOptions().timeZone, supportedValuesOf) is a name of tzdata, as
#     both are IANA's.
# What happens: Intl keeps the names that CLDR began with: Asia/Calcutta, Asia/Saigon, Asia/Katmandu,
#     Asia/Rangoon, Europe/Kiev, America/Buenos_Aires and some more. It never gives the present ones
#     (Asia/Kolkata, Europe/Kyiv). Debian 12's tzdata has both. Debian 13's has the present ones only; the
#     old ones, and US/Eastern, ROK and Japan too, moved into the package tzdata-legacy, which is not
#     installed by itself.
# Versions: Node.js 24.19.0, tzdata of Debian 13.
# Source: tzdata's NEWS.Debian (2023d-1: tzdata-legacy); CLDR's bcp47/timezone.xml (the first alias is for
#     ever).
# Frontrow: `timeZone` and the setting time_zone are names of the system's tzdata: where an operator's
#     page sends what the browser says, or Frontrow moves from Debian 12 to 13, install tzdata-legacy.
#     Without it such a name is 400 invalid_field, and a time_zone in frontrow.conf keeps the server from
#     starting; concerts that have one go on.
. "$(dirname "$0")/lib/finding.sh"
node_packages
debian_suite trixie tzdata
printf 'version  ICU %s\n' "$(node -p process.versions.icu)"
printf 'version  tzdata %s\n' \
    "$(zcat trixie/usr/share/doc/tzdata/changelog.Debian.gz | sed -n '1s/.*(\(.*\)).*/\1/p')"

missing() {
    local name
    while read -r name; do
        [[ -e trixie/usr/share/zoneinfo/$name ]] || echo "$name"
    done
}
node -p 'Intl.supportedValuesOf("timeZone").join("\n")' | missing >missing
echo "$(wc -l <missing) names of Intl's are not in Debian 13's tzdata: $(paste -sd ' ' missing)"
finding "Intl's names of India, Vietnam, Nepal, Ukraine that tzdata has not" "none" \
    "Asia/Calcutta Asia/Katmandu Asia/Saigon Europe/Kiev" \
    "$(grep -xE 'Asia/(Calcutta|Saigon|Katmandu)|Europe/Kiev' missing | paste -sd ' ')"
finding "what Intl makes of the present name Asia/Kolkata" "Asia/Kolkata" "Asia/Calcutta" \
    "$(node -p 'new Intl.DateTimeFormat("en", { timeZone: "Asia/Kolkata" }).resolvedOptions().timeZone')"
finding "ROK, Japan, US/Eastern: missing" "none" "ROK Japan US/Eastern" \
    "$(printf '%s\n' ROK Japan US/Eastern | missing | paste -sd ' ')"
finding_ends
