-- E2. Removes ids that were swept from the base index from the declared views of their rows.
-- KEYS: prelude. ARGV: maintained shapes, then for each id its sweep, which was read before its row, and the views of the row.
-- Returns 'OTHER' if there are shapes that the caller does not maintain: it does not know their views. An id that was swept
-- again since is left to a later call, because its row may have changed.
if index_lost() then return 'LOST' end
read_shapes(ARGV[1])
if #dropped > 0 then return 'OTHER' end
local now = now_ms()
for at = 2, #ARGV, 3 do
  local id = ARGV[at]
  if tonumber(redis.call('ZSCORE', SWEPT, id) or 0) == tonumber(ARGV[at + 1]) then
    each_view(ARGV[at + 2], function(shape, key)
      local expiry = redis.call('ZSCORE', view_expiring(shape, key), id)
      if expiry and tonumber(expiry) <= now then
        leave_view(shape, key, id)
      else
        -- A page has swept the id already, or a write that began before the expiry has set another, or none.
        remove_empty_view(shape, key)
      end
    end)
    redis.call('ZREM', SWEPT, id)
  end
end
return 'OK'
