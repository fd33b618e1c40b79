-- A gateway says that it is there, and learns how many are.
--
-- KEYS: the gateways, by when they are taken for gone. ARGV: the gateway, the milliseconds until then.

local gateway, lasts = argument(), number()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + lasts, gateway)
redis.call('PEXPIRE', KEYS[1], 2 * lasts)
return redis.call('ZCARD', KEYS[1])
