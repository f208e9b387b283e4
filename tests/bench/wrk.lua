-- Requests made before the run from a template and a file of values (one device a line, words between tabs; {1} is the
-- first word), each thread its own part of the lines. wrk … -- TEMPLATE VALUES LINES THREADS
local started = 0

function setup(thread)
  thread:set("number", started)
  started = started + 1
end

local requests, at = {}, 0

function init(args)
  local template = args[1]:gsub("\\r\\n", "\r\n") .. "\r\n\r\n"
  local lines, threads = tonumber(args[3]), tonumber(args[4])
  local place = 0
  for line in io.lines(args[2]) do
    if place >= lines then break end
    if place % threads == number then
      local words = {}
      for word in line:gmatch("[^\t]+") do words[#words + 1] = word end
      requests[#requests + 1] = template:gsub("{(%d)}", function(n) return words[tonumber(n)] end)
    end
    place = place + 1
  end
end

function request()
  at = at + 1
  if at > #requests then at = 1 end
  return requests[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "bytes": %d, "errors": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
