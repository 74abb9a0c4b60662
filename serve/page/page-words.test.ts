import test from 'ava'

// Scripts of the page have no types of their own.
const { readable, reasonText, changeText, duration } = await import(new URL('./static/words.js', import.meta.url).href)
const { changesBetween } = await import(new URL('./static/changes.js', import.meta.url).href)

const titleOf = (id: string) => (id === 'p1' ? 'Red mug' : undefined)

test('titles in capitals are read in a calm voice, others are left alone', t => {
  t.is(readable('SET OF 3 CAKE TINS'), 'Set of 3 cake tins')
  t.is(readable('iPhone case'), 'iPhone case')
})

test('a reason names what led here, in plain words', t => {
  t.is(reasonText({ code: 'similar_to_viewed', product_id: 'p1' }, titleOf), 'Because you looked at Red mug')
  t.is(reasonText({ code: 'bought_together', product_id: 'p1' }, titleOf), 'Often bought together with Red mug')
  t.is(
    reasonText({ code: 'because_of_affinity', category: 'home > clocks' }, titleOf),
    'Because you like Home › Clocks'
  )
})

test('a reason that names an unknown product, or the one on screen, does without the name', t => {
  t.is(reasonText({ code: 'bought_together', product_id: 'p2' }, titleOf), 'Often bought together')
  t.is(reasonText({ code: 'bought_together', product_id: 'p1' }, titleOf, 'p1'), 'Often bought together')
})

test('a reason of a later server still says something', t => {
  t.is(reasonText({ code: 'told_by_the_stars' }, titleOf), 'Also in the shop')
  t.is(reasonText(undefined, titleOf), '')
})

test('every reason of the API has words of its own', async t => {
  const { reasonCodes } = await import('../../schemas/http.ts')
  const texts = reasonCodes.map(code => reasonText({ code }, titleOf))
  t.is(new Set(texts).size, reasonCodes.length)
})

test('what overtook others has moved up; what slides into a gap has not', t => {
  const { added, up, removed } = changesBetween(['a', 'b', 'c', 'd'], ['b', 'd', 'c', 'e'])
  t.deepEqual([...added], ['e'])
  t.deepEqual([...up], [['d', 1]])
  t.is(removed, 1)
})

test('changes are told shortly', t => {
  t.is(changeText({ added: 2, up: 1, removed: 2 }), '2 new, 1 moved up')
  t.is(changeText({ added: 0, up: 0, removed: 0 }), '')
})

test('durations have a unit that fits', t => {
  t.deepEqual([0.42, 12, 2_500, 600_000].map(duration), ['0.4 ms', '12 ms', '2.5 s', '10 min'])
})
