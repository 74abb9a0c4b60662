import test from 'ava'
import { TitleWords } from './title-words.ts'

function titled(...titles: string[]): TitleWords {
  const words = new TitleWords()
  titles.forEach((title, item) => {
    words.put(item, title)
  })
  return words
}

test('finds titles that have a word beginning with each word asked for', t => {
  const words = titled('White hanging heart', 'Heart of glass', 'Glass star')
  t.deepEqual(words.search('hea'), [0, 1])
  t.deepEqual(words.search('gla hea'), [1])
  t.deepEqual(words.search('zinc'), [])
  t.deepEqual(words.search(''), [])
})

test('letter case and accents do not matter', t => {
  t.deepEqual(titled('CRÈME brûlée').search('creme BRU'), [0])
})

test('a changed title is found by its new words only, and a removed one not at all', t => {
  const words = titled('Red cup', 'Red plate')
  words.put(0, 'Blue cup')
  t.deepEqual(words.search('red'), [1])
  t.deepEqual(words.search('blue'), [0])
  words.put(0, null)
  t.deepEqual(words.search('cup'), [])
})

test('a word of every title says nothing, a rare one much', t => {
  const words = titled('red cup', 'red plate', 'red fork', 'red cup')
  const [red, cup] = words.wordsOfItem(0)
  t.is(words.weightOf(red), 0)
  t.is(words.weightOf(cup), 1)
})

test('a search looks at no more places than it may', t => {
  const words = titled(...Array.from({ length: 50 }, () => 'same words'))
  t.is(words.search('same', 10).length, 10)
})
