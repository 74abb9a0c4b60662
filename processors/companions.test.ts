import test from 'ava'
import { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { Companions } from './companions.ts'

let seed = 3
const random = (below: number) => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
  return (seed >> 8) % below
}

/** Something that happens to a list: some people have it together with others, or not after all, days pass, it is cut. */
function change(list: Companions): void {
  const kind = random(12)
  if (kind === 0) list.scale(0.9)
  else if (kind === 1) list.cut(20, 0.01)
  else
    list.add(
      Array.from({ length: 1 + random(8) }, () => `item ${random(60)}`),
      { self: 'item 0', weight: 1, isGone: kind < 4, person: random(6) }
    )
}

function whole(list: Companions): Companions {
  const out = new ByteWriter()
  list.write(out)
  return Companions.read(new ByteReader(out.copy()))
}

test('a list read whole and brought up to date by deltas is the list that was never stored', t => {
  for (let round = 0; round < 200; round++) {
    const list = new Companions()
    for (let i = random(40); i >= 0; i--) change(list)
    let stored = whole(list)
    list.stored()
    let deltas = 0
    for (let unit = 0; unit < 12; unit++) {
      for (let i = random(4); i >= 0; i--) change(list)
      const out = new ByteWriter()
      if (list.writeDelta(out)) {
        stored.applyDelta(new ByteReader(out.copy()))
        deltas++
      } else {
        stored = whole(list)
      }
      list.stored()
      t.deepEqual(stored.toJSON(), list.toJSON())
    }
    t.true(deltas > 0)
  }
})

test('who had a pair 255 times or more stays one of those who had it', t => {
  const list = new Companions()
  const people = [1, 2, 3, 4]
  const had = (isGone: boolean) => {
    for (const person of people) list.add(['cup'], { self: 'tea', weight: 1, person, isGone })
  }
  for (let i = 0; i < 300; i++) had(false)
  const stored = whole(list)
  t.deepEqual(stored.toJSON(), list.toJSON())
  for (let i = 0; i < 299; i++) had(true)
  t.like(list.toJSON(), [{ product_id: 'cup', weight: 4, people: 3 }])
  had(true)
  t.like(list.toJSON(), [{ product_id: 'cup', weight: 0, people: 3 }])
  t.deepEqual(
    list.best({ count: 10, weightMin: 0 }, id => id),
    []
  )
})

test('a list that gets the columns of one that has left memory finds nothing in them', t => {
  for (let round = 0; round < 50; round++) {
    const begin = seed
    const grown = () => {
      seed = begin
      const list = new Companions()
      for (let i = 0; i < 60; i++) change(list)
      return list
    }
    const first = grown()
    const wanted = first.toJSON()
    first.release()
    t.deepEqual(grown().toJSON(), wanted)
    seed = begin + round + 1
  }
})
