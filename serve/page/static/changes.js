/** Moved up = overtook another that is still there; what slides because something left has not moved. */
export function changesBetween(before, after) {
  const stayed = before.filter(id => after.includes(id))
  const added = new Set(after.filter(id => !before.includes(id)))
  const up = new Map()
  for (const [now, id] of after.filter(one => stayed.includes(one)).entries()) {
    const places = stayed.indexOf(id) - now
    if (places > 0) up.set(id, places)
  }
  return { added, up, removed: before.length - stayed.length }
}
