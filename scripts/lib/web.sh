# Publishes the pages: the HTML, the service worker and docs/openapi.yaml under their names, revalidated each time;
# everything else under a path that changes with the content, so that browsers keep it for a year; without comments
# and indentation, and each file with its .gz.

# web_publish TO: fills the folder from nginx/www.
web_publish() {
    local from=$ROOT/nginx/www to=$1 version before file text
    version=$(cd "$from" && find . -type f ! -name '*.html' -print0 | sort -z | xargs -0 sha256sum | sha256sum)
    version=${version:0:12}
    mkdir -p "$to/v"
    if [[ ! -d $to/v/$version ]]; then
        rm -rf "$to/v/.new"
        mkdir "$to/v/.new"
        cp -R "$from/app" "$from/vendor" "$to/v/.new/"
        web_strip "$to/v/.new/app"
        find "$to/v/.new" -type f \( -name '*.js' -o -name '*.css' -o -name '*.svg' \) -exec gzip -9nk {} +
        chmod -R u=rwX,go=rX "$to/v/.new"
        mv "$to/v/.new" "$to/v/$version"
    fi
    before=$(web_version "$to") || before=
    [[ -z $before || $before == "$version" || ! -d $to/v/$before ]] || touch "$to/v/$before"
    (cd "$from" && find . -name '*.html' -o -name service-worker.js) | while read -r file; do
        text=$(template_fill "$from/$file" "VERSION=$version")
        web_put "$to/$file" <<<"$text"
    done
    web_put "$to/docs/openapi.yaml" <"$ROOT/docs/openapi.yaml"
    # an open page may load files of its version for a week after a new one was published
    find "$to/v" -mindepth 1 -maxdepth 1 -mtime +7 ! -name "$version" -exec rm -rf {} +
}

# web_strip FOLDER: takes lines of comments and the indentation out of scripts and styles. They are for who reads the
# sources, and an eighth of what a phone would load.
web_strip() {
    find "$1" -type f \( -name '*.js' -o -name '*.css' \) -exec sed -i -E \
        -e '\#^ *// #d' -e '\#^ */\*.*\*/$#d' -e '\#^ */\*[^/]*$#,\#\*/$#d' -e 's/^ +//' {} +
}

# web_version FOLDER: the version that its pages name; nothing if there are none
web_version() {
    [[ ! -f $1/index.html ]] || grep -om1 '[^/]*/app/main\.js' "$1/index.html" | cut -d/ -f1
}

# web_put FILE: standard input, the .gz first, so that no reader gets an old .gz with a new page
web_put() {
    local text
    text=$(cat)
    [[ ! -f $1 || $(<"$1") != "$text" ]] || return 0
    mkdir -p "${1%/*}"
    printf '%s\n' "$text" >"$1.new"
    gzip -9nc "$1.new" >"$1.gz.new"
    chmod 644 "$1.new" "$1.gz.new"
    mv "$1.gz.new" "$1.gz"
    mv "$1.new" "$1"
}
