const table = $('#ix'), rows = table ? $$('tbody tr.r', table) : []
const home = new Map(rows.map((row, at) => [row, { at, body: row.parentNode }]))
page.what = 'report'
page.things = rows
page.fields = { is: row => row.dataset.is.split(' ') }
page.sorted = ''
page.after = () => {
  for (const body of table.tBodies) {
    const group = $('.grp', body)
    if (group) group.hidden = page.sorted || !$('.r:not([hidden])', body)
  }
}

const key = (row, column) => {
  const cell = row.cells[column], value = cell ? cell.dataset.k ?? (column ? cell.textContent.trim() : $('summary', cell).ariaLabel) : ''
  return cell?.dataset.k !== undefined || cell?.classList.contains('num') ? Number.parseFloat(value.replace(/,/g, '')) : value
}

// Sorted by a column, positive upwards; 0 is as the page came: worst first, by folder.
function sortRows(by) {
  const heads = $$('thead th', table), column = Math.abs(by) - 1
  if (by && !heads[column]) return
  if (by) {
    const order = (a, b) => {
      const x = key(a, column), y = key(b, column)
      const least = x === '' || x !== x, last = y === '' || y !== y // without a value: always at the end
      if (least || last) return least - last || home.get(a).at - home.get(b).at
      return (typeof x === 'number' ? x - y : compare(x, y)) * Math.sign(by) || home.get(a).at - home.get(b).at
    }
    page.things.sort(order)
    table.tBodies[0].append(...page.things)
  } else {
    page.things.sort((a, b) => home.get(a).at - home.get(b).at)
    for (const row of page.things) home.get(row).body.append(row)
  }
  heads.forEach((head, at) => at === column ? head.setAttribute('aria-sort', by < 0 ? 'descending' : 'ascending') : head.removeAttribute('aria-sort'))
  page.sorted = by ? `${by}` : ''
  table.classList.toggle('flat', !!by) // without the lines of their folders, the reports have longer names
}

function recall() {
  const query = new URLSearchParams(location.search), sort = query.get('sort') || ''
  choose(query)
  sortRows(/^-?\d+$/.test(sort) ? +sort : 0)
}

tellTimes()
useKeys({ j: () => step(1, shown(), '.r'), k: () => step(-1, shown(), '.r') })
if (table) {
  $$('thead th', table).forEach((head, at) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.append(...head.childNodes)
    head.append(button)
    button.onclick = () => {
      const first = head.classList.contains('num') ? -1 : 1 // of numbers, the large ones are wanted first
      const now = head.getAttribute('aria-sort'), by = { ascending: -1, descending: 1 }[now] ?? first
      sortRows(now && by === first ? 0 : by * (at + 1)) // one way, the other way, and as it came
      apply()
    }
  })
  // A report's page leads back to the list as it was left.
  const carry = event => {
    const link = event.target.closest?.('#ix a')
    if (link) link.search = location.search && `?ix=${encodeURIComponent(location.search.slice(1))}`
  }
  addEventListener('pointerdown', carry, true)
  addEventListener('focusin', carry, true)
  start(recall)
}
