/** `element('p', { class: 'about', hidden: true }, 'text', otherElement)`; attributes that are false are left out. */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children)
}

export function drawing(name, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) node.setAttribute(name, value === true ? '' : value)
  }
  node.append(...children)
  return node
}

export const byId = id => document.getElementById(id)

/** Writes only what is different, so that assistive technology hears of changes alone. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}
