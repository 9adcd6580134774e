# SPDX-License-Identifier: MIT
# Rows "name against ratio low high target missed", with tabs, to an SVG: a bar a
# row on a logarithmic scale, its interval a whisker, its target a red mark.
BEGIN {
    FS = "\t"
    least = 1; most = 1; left = 330; width = 560; step = 30; top = 46
}

function log10(v) { return log(v) / log(10) }

function x(v) { return left + width * (log10(v) - from) / (to - from) }

function text(s) {
    gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s)
    return s
}

function line(x1, y1, x2, y2, style) {
    printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n",
        x1, y1, x2, y2, style
}

function label(at, y, anchor, size, s) {
    printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\">%s</text>\n",
        at, y, anchor, size, text(s)
}

function grid(    d) {
    for (d = from; d <= to; d++) {
        line(x(10 ^ d), top - 8, x(10 ^ d), top + n * step,
             d ? "stroke=\"#ddd\"" : "stroke=\"#888\"")
        label(x(10 ^ d), top - 14, "middle", 11, 10 ^ d)
    }
}

function bar(i,    y, begin, end, colour) {
    y = top + (i - 1) * step
    begin = x(ratio[i] < 1 ? ratio[i] : 1)
    end = x(ratio[i] < 1 ? 1 : ratio[i])
    colour = target[i] == "" ? "#9ab" : missed[i] == "true" ? "#d9903d" : "#5b9b5b"
    printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>\n",
        begin, y + 4, end - begin, colour
    line(x(low[i]), y + 11, x(high[i]), y + 11,
         "stroke=\"#000\" stroke-width=\"1.5\"")
    if (target[i] != "")
        line(x(target[i]), y, x(target[i]), y + 22,
             "stroke=\"#c00\" stroke-width=\"2.5\"")
    label(left - 10, y + 12, "end", 12, name[i])
    label(left - 10, y + 23, "end", 9, "against " against[i])
    label(left + width + 10, y + 16, "start", 12, ratio[i])
}

$3 > 0 {
    n++
    name[n] = $1; against[n] = $2; ratio[n] = $3; target[n] = $6; missed[n] = $7
    low[n] = $4 > 0 ? $4 : $3; high[n] = $5 > 0 ? $5 : $3
    for (k = 3; k <= 6; k++) {
        if ($k > 0 && $k < least) least = $k
        if ($k > most) most = $k
    }
}

END {
    from = int(log10(least)) - 1
    if (10 ^ (from + 1) <= least) from++
    to = int(log10(most)) + 1
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\">\n",
        left + width + 80, top + n * step + 26
    print "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    label(left, 16, "start", 12, "ours to theirs; line: 95 % of medians; red: target; green: met, orange: missed, grey: none")
    grid()
    for (i = 1; i <= n; i++) bar(i)
    print "</svg>"
}
