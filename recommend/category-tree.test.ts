import test from 'ava'
import { CategoryTree } from './category-tree.ts'

test('a path brings its ancestors, and spaces around > do not matter', t => {
  const tree = new CategoryTree()
  const cups = tree.intern('Kitchen>Cups')
  t.is(tree.pathOf(cups), 'Kitchen > Cups')
  t.is(tree.find(' Kitchen  >  Cups '), cups)
  t.is(tree.parentOf(cups), tree.find('Kitchen'))
  t.true(tree.isWithin(cups, tree.find('Kitchen')))
  t.false(tree.isWithin(tree.find('Kitchen'), cups))
})

test('looking for a category does not make it', t => {
  const tree = new CategoryTree()
  t.is(tree.find('Garden > Pots'), -1)
  t.is(tree.count, 0)
})

test('a category that only begins with the same letters is another', t => {
  const tree = new CategoryTree()
  const kitchen = tree.intern('Kitchen')
  t.false(tree.isWithin(tree.intern('Kitchenware'), kitchen))
})

test('what is deeper than eight levels counts as the eighth', t => {
  const tree = new CategoryTree()
  t.is(tree.intern('a>b>c>d>e>f>g>h>i>j'), tree.intern('a>b>c>d>e>f>g>h'))
})
