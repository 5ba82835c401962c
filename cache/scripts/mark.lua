-- A writer is about to commit: keep readers from filling, and make the indexes a superset of both outcomes.
-- KEYS: …, 12 the entry. ARGV: token, lifetime (ms), id, view, created_at, expires_at of the new row, whether the index
-- is being built (1).
local entry, token, lifetime, id = KEYS[12], ARGV[1], ARGV[2], ARGV[3]
local view, created_at, expires_at, building = tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[7]
if lost() then return 'LOST' end
local holder = string.match(redis.call('GET', entry) or '', '^M (%d+) ')
if holder and tonumber(holder) > tonumber(token) then return 'LATE' end

local deadline = string.format('%.0f', now_ms() + lifetime)
redis.call('SET', entry, 'M ' .. token .. ' ' .. deadline)
redis.call('ZADD', MARKS, deadline, id)
-- Until it is settled nobody can tell its place among the expiries; a batch of a rebuild may still bring any.
if building == '1' then redis.call('SADD', MOVING, id) end
if view > 0 then
  for of = 1, VIEWS do
    local known, ends = redis.call('ZSCORE', index(of), id), redis.call('ZSCORE', expiring(of), id)
    local there = of == 1 or of == view
    if ends and ends ~= expires_at then redis.call('SADD', MOVING, id) end
    -- GT: a mark of a create that was rolled back may come late; the row that stands is the newer one.
    if there then redis.call('ZADD', index(of), 'GT', created_at, id) end
    -- Of the two expiries the later one, so that nobody sweeps the id away before the publish; none is the latest. What
    -- a rebuild has not added yet may have had none.
    if (known or there) and (expires_at == '' or (building == '1' and not known)) then
      never(of, id, building)
    elseif ends or (there and not known) then
      redis.call('ZADD', expiring(of), 'GT', expires_at, id)
    end
  end
end
redis.call('INCR', REV)
return 'OK'
