-- Makes wrk end with one line for a program: requests, seconds, the median, the
-- 99th and the 99.9th percentile of the latency in milliseconds, and how many
-- requests failed. It defines no function that runs for each request.
function done(summary, latency)
	local e = summary.errors
	io.write(string.format("%d %.6f %.4f %.4f %.4f %d\n",
		summary.requests, summary.duration / 1e6,
		latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3,
		e.connect + e.read + e.write + e.status + e.timeout))
end
