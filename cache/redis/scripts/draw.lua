-- Takes points from token buckets: from all of them, or from none if one of them has fewer points than needed.
-- KEYS: the buckets. A bucket is a text: its points and the time (µs) at which it had them. One without a key is full.
-- ARGV, for each bucket: its points per minute, the most points that it holds, the points needed, the points wanted.
-- Returns for each bucket the points granted and the points left. The key expires when the bucket is full again.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local points, enough = {}, true
for at, key in ipairs(KEYS) do
  local rate, burst, needed = tonumber(ARGV[at * 4 - 3]), tonumber(ARGV[at * 4 - 2]), tonumber(ARGV[at * 4 - 1])
  local had, since = string.match(redis.call('GET', key) or '', '^(%S+) (%S+)$')
  -- Redis's clock may have been set back.
  points[at] = had and math.min(burst, had + math.max(0, now - since) * rate / 60000000) or burst
  enough = enough and points[at] >= needed
end

local replies = {}
for at, key in ipairs(KEYS) do
  local rate, burst, wanted = tonumber(ARGV[at * 4 - 3]), tonumber(ARGV[at * 4 - 2]), tonumber(ARGV[at * 4])
  local granted = enough and math.min(points[at], wanted) or 0
  local left = points[at] - granted
  local full_ms = math.ceil((burst - left) * 60000 / rate) + 1000
  redis.call('SET', key, string.format('%.17g %.0f', left, now), 'PX', string.format('%.0f', full_ms))
  table.insert(replies, string.format('%.17g', granted))
  table.insert(replies, string.format('%.17g', left))
end
return replies
