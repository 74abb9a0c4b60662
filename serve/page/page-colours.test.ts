import { readFileSync } from 'node:fs'
import test from 'ava'

const css = readFileSync(new URL('./static/base.css', import.meta.url), 'utf8')
const [light, dark] = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) => coloursOf(body))

/** Text on ground, as the style sheets use them. */
const pairs = [
  ['ink', 'paper'],
  ['ink', 'card'],
  ['ink', 'sunk'],
  ['ink', 'wash'],
  ['ink', 'warn-wash'],
  ['soft', 'paper'],
  ['soft', 'card'],
  ['soft', 'sunk'],
  ['soft', 'wash'],
  ['accent', 'card'],
  ['accent', 'paper'],
  ['accent', 'wash'],
  ['on-accent', 'accent'],
  ['up', 'up-wash'],
  ['warn', 'card'],
  ['bad', 'card']
]

for (const [scheme, colours] of Object.entries({ light, dark })) {
  test(`text on its ground has a contrast of 4.5 : 1 in the ${scheme} scheme (WCAG 2.2, 1.4.3)`, t => {
    for (const [text, ground] of pairs) {
      const ratio = contrast(colours[text], colours[ground])
      t.true(ratio >= 4.5, `--${text} on --${ground}: ${ratio.toFixed(2)}`)
    }
  })
}

function coloursOf(body: string): Record<string, string> {
  return Object.fromEntries([...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]))
}

function contrast(one: string, other: string): number {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (lighter + 0.05) / (darker + 0.05)
}

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map(at => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
