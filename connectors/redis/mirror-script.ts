/** Where a value comes from; a later one of the same source is newer. */
const positionFields = { source: '_source', partition: '_partition', offset: '_offset' } as const

/**
 * Replaces one hash, unless what it holds is as new: whoever repeats after a lost answer, lags behind, or runs beside
 * another mirror changes nothing. Returns 1 where it did.
 *
 * KEYS 1: the hash. ARGV: source, partition, offset, milliseconds to live (0: for ever), then fields and values; none
 * for a value that is gone, of which only the position stays for a while.
 */
export const mirrorScript = `
local at = redis.call('HMGET', KEYS[1], '${positionFields.source}', '${positionFields.partition}', '${positionFields.offset}')
if at[1] == ARGV[1] and at[2] == ARGV[2] and tonumber(at[3]) >= tonumber(ARGV[3]) then return 0 end
redis.call('DEL', KEYS[1])
local fields = { '${positionFields.source}', ARGV[1], '${positionFields.partition}', ARGV[2], '${positionFields.offset}', ARGV[3] }
for i = 5, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('HSET', KEYS[1], unpack(fields))
if ARGV[4] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1
`
