-- Keeps the places and reservations of a request that goes on, and puts them back where they were forgotten.
--
-- ARGV: the permit, the milliseconds that they last from now on, and for each limit `c` or `b reserved`. KEYS as in
-- admit.lua.

local permit, lasts, key = argument(), number(), 0

local function next_key()
  key = key + 1
  return KEYS[key]
end

local function places()
  local name = next_key()
  redis.call('ZADD', name, now + lasts, permit)
  redis.call('PEXPIRE', name, 2 * lasts)
end

local function budget()
  local sums, held, reserved = next_key(), next_key(), argument()
  if redis.call('HEXISTS', sums, 'base') == 1 then
    if redis.call('ZADD', held, now + lasts, permit .. '|' .. reserved) == 1 then
      redis.call('HINCRBY', sums, 'r', reserved)
    end
    redis.call('PEXPIRE', held, 2 * lasts)
  end
end

local kinds = { c = places, b = budget }
while position < #ARGV do
  kinds[argument()]()
end
return 0
