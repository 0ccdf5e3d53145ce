# The commands of docs/deploy.md, or of another page, for who runs them: scripts/lib/test-deploy, the test of the Debian packages,
# and the images of container/.

DEPLOY_PAGE=${ROOT:-.}/docs/deploy.md

# page_blocks PART TAG...: where the page's blocks of shell begin, by line: of one part (deploy, or a tag that comes
# first: uninstall, first-ticket), without tags of what is done elsewhere.
page_blocks() {
    awk -v part="$1" -v tags=" $* " '/^```sh/ {
            wanted = part == "deploy" || $2 == part
            for (i = 2; i <= NF; i++) wanted = wanted && index(tags, " " $i " ")
            if (wanted) print NR
        }' "$DEPLOY_PAGE"
}

# page_block LINE: the commands of the block that begins there
page_block() {
    sed -n "$(($1 + 1)),/^\`\`\`/{/^\`\`\`/q; p}" "$DEPLOY_PAGE"
}
