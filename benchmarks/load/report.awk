# Reads the runs of scripts/load, one a line:
#
#   answer server round requests seconds p50 p99 failures ticks
#
# and prints a Markdown table of medians; with -v json=FILE it writes that file
# as well. The last field is the CPU time that the server took, in units of 1/hz
# seconds. A ratio is the median over the rounds of what a server did against
# what the bare server did in the same round, a moment before or after.

{
	if (!(($1, $2) in runs)) order[++rows] = $1 SUBSEP $2
	n = ++runs[$1, $2]
	rate[$1, $2, n] = $4 / $5
	cpu[$1, $2, n] = $9 / hz / $4 * 1e6
	p50[$1, $2, n] = $6
	p99[$1, $2, n] = $7
	failures += $8
}

# median returns the middle of values[key, 1..n], divided by those of the bare
# server in the same round if relative is set.
function median(values, key, n, relative,    sorted, part, i, j, v) {
	split(key, part, SUBSEP)
	for (i = 1; i <= n; i++) {
		v = values[key, i]
		if (relative) v /= values[part[1], "bare", i]
		for (j = i; j > 1 && sorted[j-1] > v; j--) sorted[j] = sorted[j-1]
		sorted[j] = v
	}
	return n % 2 ? sorted[(n+1)/2] : (sorted[n/2] + sorted[n/2+1]) / 2
}

END {
	print "| answer | server | requests/s | of bare | CPU µs a request | of bare | p50 ms | p99 ms |"
	print "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
	if (json) printf "{\"connections\": %d, \"runs\": %d, \"seconds\": %s, \"failures\": %d, \"results\": [", connections, n, seconds, failures > json
	for (r = 1; r <= rows; r++) {
		key = order[r]; n = runs[key]; split(key, name, SUBSEP)
		a = median(rate, key, n); b = median(rate, key, n, 1)
		c = median(cpu, key, n); d = median(cpu, key, n, 1)
		e = median(p50, key, n); f = median(p99, key, n)
		printf "| %s | %s | %.0f | %.2f | %.1f | %.2f | %.2f | %.2f |\n", name[1], name[2], a, b, c, d, e, f
		if (json) printf "%s\n  {\"answer\": \"%s\", \"server\": \"%s\", \"requests_per_second\": %.0f, \"ratio\": %.3f, \"cpu_us\": %.2f, \"cpu_ratio\": %.3f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}", (r > 1 ? "," : ""), name[1], name[2], a, b, c, d, e, f > json
	}
	if (json) print "\n]}" > json
	if (failures) { print failures " requests failed" > "/dev/stderr"; exit 1 }
}
