-- Corrects what a request has taken, or ends it.
--
-- ARGV: the permit, and for each limit
--   r more less whole speed per seen
--                                 a rate takes so many units more, even if there are not enough, and gives others back
--   c                             a place is free
--   b reserved spent width        money is spent in place of what was set apart
-- KEYS as in admit.lua. Answers: for each budget what was spent before and is now, or -1 twice where it is not known.

-- What can be owed at most, in whole amounts; as in rate.rs.
local MOST_DEBT = 100

local permit = argument()
local answer, key = {}, 0

local function next_key()
  key = key + 1
  return KEYS[key]
end

local function rate()
  local name, more, less, whole, speed, per, seen =
    next_key(), number(), number(), number(), number(), number(), number()
  if more == 0 and redis.call('EXISTS', name) == 0 then
    return
  end
  local used, at = rate_used(name, speed, per, seen)
  if more > 0 then
    used = math.min(used + more, math.max(used, whole * (MOST_DEBT + 1)))
  end
  rate_keep(name, math.max(0, used - less), at, whole, speed, per)
end

local function places()
  redis.call('ZREM', next_key(), permit)
end

local function spent_of(sums, width)
  if width == 0 then
    local fields = redis.call('HMGET', sums, 'base', 's')
    return tonumber(fields[1] or 0) + tonumber(fields[2] or 0)
  end
  local spent, newest, all = 0, math.floor(now / width), redis.call('HGETALL', sums)
  for index = 1, #all, 2 do
    local bucket = tonumber(all[index])
    if bucket and newest - bucket < COUNTING then
      spent = spent + tonumber(all[index + 1])
    end
  end
  return spent
end

-- What was forgotten is not begun anew here: the gateway knows what it spent, and tells when it asks again.
local function budget()
  local sums, held = next_key(), next_key()
  local reserved, spent, width = number(), number(), number()
  if redis.call('HEXISTS', sums, 'base') == 0 then
    answer[#answer + 1] = -1
    answer[#answer + 1] = -1
    return
  end
  if redis.call('ZREM', held, permit .. '|' .. whole_number(reserved)) == 1 then
    redis.call('HINCRBY', sums, 'r', whole_number(0 - reserved))
  end
  local before = spent_of(sums, width)
  if spent > 0 then
    redis.call('HINCRBY', sums, budget_field(width), whole_number(spent))
  end
  answer[#answer + 1] = before
  answer[#answer + 1] = before + spent
end

local kinds = { r = rate, c = places, b = budget }
while position < #ARGV do
  kinds[argument()]()
end
return answer
