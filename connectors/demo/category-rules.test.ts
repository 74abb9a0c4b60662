import test from 'ava'
import { categoryOf, collectionOf } from './category-rules.ts'

const examples: [title: string, category: string, brand: string | null][] = [
  ['WHITE HANGING HEART T-LIGHT HOLDER', 'candles & scent > candle holders', null],
  ['JUMBO BAG RED RETROSPOT', 'bags > lunch & jumbo bags', 'Retrospot'],
  ['REGENCY CAKESTAND 3 TIER', 'kitchen > baking', 'Regency'],
  ['LUNCH BAG SPACEBOY DESIGN', 'bags > lunch & jumbo bags', 'Spaceboy'],
  ['PARTY BUNTING', 'party > bunting & decorations', null],
  ['ASSORTED COLOUR BIRD ORNAMENT', 'home > decorations', null],
  ["PAPER CHAIN KIT 50'S CHRISTMAS", 'seasonal > christmas', null],
  ['ALARM CLOCK BAKELIKE RED', 'home > clocks', null],
  ['GREEN REGENCY TEACUP AND SAUCER', 'kitchen > cups & mugs', 'Regency'],
  ['SET/6 COLLAGE PAPER PLATES', 'kitchen > cutlery & tableware', null],
  ['CHARLIE+LOLA PINK HOT WATER BOTTLE', 'home > cushions & textiles', 'Charlie + Lola'],
  ['YELLOW/BLUE RETRO RADIO', 'home > other', null]
]

for (const [title, category, brand] of examples) {
  test(`${title} is in ${category}${brand ? `, of ${brand}` : ''}`, t => {
    t.is(categoryOf(title), category)
    t.is(collectionOf(title), brand)
  })
}

test('a word is found only whole: no RING in a STRING, no TIN in SITTING', t => {
  t.is(categoryOf('STRING'), 'home > other')
  t.is(categoryOf('SITTING'), 'home > other')
})
