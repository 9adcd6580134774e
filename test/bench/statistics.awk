# SPDX-License-Identifier: MIT
# Pairs "ours theirs", one a line, to: the median of their ratios, where 95 of
# 100 such medians would lie (2000 samples of the pairs, drawn with
# replacement), the medians of both, and how many pairs there were.
function sort(v, n,    gap, i, j, t) {
    for (gap = int(n / 2); gap > 0; gap = int(gap / 2))
        for (i = gap + 1; i <= n; i++) {
            t = v[i]
            for (j = i; j > gap && v[j - gap] > t; j -= gap) v[j] = v[j - gap]
            v[j] = t
        }
}

function median(v, n) { sort(v, n); return v[int((n + 1) / 2)] }

{ a[NR] = $1; b[NR] = $2; r[NR] = $1 / $2 }

END {
    if (!NR) exit
    srand(1)
    for (k = 1; k <= 2000; k++) {
        for (i = 1; i <= NR; i++) s[i] = r[1 + int(rand() * NR)]
        m[k] = median(s, NR)
    }
    sort(m, 2000)
    printf "%.3f %.3f %.3f %.1f %.1f %d\n", median(r, NR), m[50], m[1950],
        median(a, NR), median(b, NR), NR
}
