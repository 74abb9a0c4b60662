import test from 'ava'
import { hashOf } from './hash.ts'
import { stepOf } from './settled-basket.ts'
import { basket } from './testing/builders.ts'

test('two customers whom 32 bits do not tell apart keep histories of their own', t => {
  const [ann, bob] = ['u543133', 'u766000']
  t.is(hashOf(ann), hashOf(bob))
  const customerOf = (person: string, is_user = true) => stepOf(basket({ tea: 1 }, { person, is_user }))?.customer
  t.not(customerOf(ann), customerOf(bob))
  t.is(customerOf(ann), customerOf(ann))
  t.is(customerOf('s1', false), null)
})
