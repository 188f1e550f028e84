const table = $('#ix'), rows = $$('.r', table), home = [...table.tBodies]
const STALE = 26 * 3600 // seconds after which the alerts call a report stale
const fields = ['state', 'severity', 'with'].filter(name => $(`[name=${name}]`))
page.what = table.dataset.what
page.things = rows
page.sorted = ''
for (const name of fields) page.fields[name] = row => (row.dataset[name] || '').split(' ')

// The lines that stand for several rows: those below it, up to the next of its kind, or all rows.
const until = (line, ends) => {
  const found = []
  for (let next = line.nextElementSibling; next && !next.matches(ends); next = next.nextElementSibling) if (next.matches('.r')) found.push(next)
  return found
}
const lines = $$('.all, .grp, .ok', table).map(line => ({
  line, rows: line.matches('.all') ? rows : until(line, line.matches('.grp') ? '.grp' : '.grp, .ok, .r:not(.passed)'),
  cells: $$('.n', line), small: $('small', line), said: $('small', line).textContent, open: !line.matches('.ok'),
}))
const numbers = new Map(rows.map(row => [row, $$('tr:first-child > .n', row).map(cell => +cell.textContent.replace(/,/g, ''))]))

// What a line says follows the filter; what is folded is shown while one is in force.
page.after = on => {
  for (const row of rows) row.classList.remove('shut')
  for (const { line, rows: below, cells, small, said, open } of lines) {
    const left = below.filter(row => !row.hidden)
    line.hidden = !left.length
    cells.forEach((cell, at) => {
      const sum = left.reduce((all, row) => all + (numbers.get(row)[at] || 0), 0)
      cell.textContent = number(sum)
      cell.classList.toggle('zero', !sum)
    })
    const of = line.matches('.all') ? 'shown' : `of ${number(below.length)} ${page.what}s`
    small.textContent = on ? `${number(left.length)} ${of}` : said
    line.classList.toggle('still', on)
    if (!on && !open && !page.sorted) for (const row of below) row.classList.add('shut')
  }
  $('#these').hidden = !on
}
for (const one of lines) if (!one.line.matches('.all')) {
  const button = document.createElement('button'), name = $('b', one.line).textContent
  const tell = () => { button.setAttribute('aria-expanded', one.open); button.ariaLabel = name }
  button.type = 'button'
  button.className = 'chevron'
  tell()
  one.line.rows[0].cells[one.line.matches('.ok') ? 2 : 0].append(button)
  one.line.onclick = () => { one.open = !one.open; tell(); apply() }
}

// How old a run is only the browser knows.
const old = seconds => {
  const minutes = Math.max(0, Math.floor(seconds / 60))
  const [size, unit] = minutes < 100 ? [1, 'min'] : minutes < 1440 ? [60, 'h'] : minutes < 1440 * 1000 ? [1440, 'd'] : [525960, 'y']
  return `${Math.floor(minutes / size)} ${unit}`
}
function tellAges() {
  for (const time of $$('time.age')) {
    const when = new Date(time.dateTime), seconds = (Date.now() - when) / 1000, row = time.closest('.r')
    if (seconds !== seconds) continue
    const parts = ['full', 'ago'].map(name => Object.assign(document.createElement('span'), { className: name }))
    parts[0].textContent = time.textContent
    parts[1].textContent = seconds < -60 ? `in ${old(-seconds)}` : `${old(seconds)}${row ? '' : ' ago'}`
    if (row && seconds > STALE) {
      row.dataset.with = `${row.dataset.with} stale`.trim()
      parts[1].textContent += ' stale'
      parts[1].className = 'ago i stale'
    }
    time.title = `${when.toISOString().replace('T', ' ').replace('.000Z', ' UTC')}${when.getTimezoneOffset() ? `, ${local.format(when)}` : ''}`
    time.replaceChildren(...parts)
  }
  const stale = rows.filter(row => page.fields.with?.(row).includes('stale')).length, chip = $('.chip.stale')
  if (!stale || !chip) return
  chip.hidden = false
  $('b', chip).textContent = number(stale)
  $('#stale').textContent = `, ${number(stale)} stale`
}

// Sorted by a column, positive upwards; 0 is as the page came: worst first, by group.
const key = (row, column) => {
  const cell = row.rows[0].cells[column]
  if (!cell) return ''
  if (cell.dataset.k !== undefined || cell.matches('.n')) return Number.parseFloat((cell.dataset.k ?? cell.textContent).replace(/,/g, ''))
  return cell.textContent.trim()
}
function sortRows(by) {
  const heads = [...table.tHead.rows[0].cells], column = Math.abs(by) - 1
  if (by && !heads[column]?.matches('th')) return
  if (by) {
    const keys = new Map(rows.map(row => [row, key(row, column)])), at = new Map(home.map((body, index) => [body, index]))
    page.things.sort((a, b) => {
      const x = keys.get(a), y = keys.get(b), least = x === '' || x !== x, last = y === '' || y !== y // without a value: at the end
      if (least || last) return least - last || at.get(a) - at.get(b)
      return (typeof x === 'number' ? x - y : compare(x, y)) * Math.sign(by) || at.get(a) - at.get(b)
    })
    table.append(...page.things)
  } else {
    page.things = home.filter(body => body.matches('.r'))
    table.append(...home)
  }
  heads.forEach((head, at) => at === column ? head.setAttribute('aria-sort', by < 0 ? 'descending' : 'ascending') : head.removeAttribute('aria-sort'))
  page.sorted = $('#sort').value = by ? `${by}` : ''
  table.classList.toggle('flat', !!by)
}
const select = $('#sort') // where there are no heads
select.onchange = () => { sortRows(+select.value); apply(); remember() }
$$('thead th', table).forEach(head => {
  const button = document.createElement('button'), at = head.cellIndex
  const first = head.matches('.n, .c-age, .c-part, .c-of') ? -1 : 1 // of numbers, the large ones are wanted first
  select.add(new Option(head.textContent.toLowerCase(), first * (at + 1)))
  select.add(new Option(`${head.textContent.toLowerCase()}, ${first < 0 ? 'least first' : 'backwards'}`, -first * (at + 1)))
  button.type = 'button'
  button.append(...head.childNodes)
  head.append(button)
  button.onclick = () => {
    const now = head.getAttribute('aria-sort'), by = { ascending: -1, descending: 1 }[now] ?? first
    sortRows(now && by === first ? 0 : by * (at + 1)) // one way, the other way, and as it came
    apply()
    remember()
  }
})

// What the filter shows, for a spreadsheet: a line for each report, or for each report of each control. And its hosts.
const ofReports = page.what === 'report'
const who = part => line(part.firstChild.textContent)
const places = row => $$('.places li', row)
const hosts = list => copy([...new Set(list.flatMap(row => ofReports ? who($('th', row)) : places(row).map(who)))].join('\n'))
const cells = row => [...row.rows[0].cells].slice(0, -1).map(cell => cell.matches('th') ? who(cell) : $('time', cell)?.dateTime || cell.textContent)
$('#csv').onclick = () => {
  const heads = $$('thead th', table).map(head => head.textContent)
  download(`${page.what}s-filtered.csv`, ofReports
    ? [['State', ...heads, 'Profiles', 'Name'], ...shown().map(row => [...cells(row), $('th small', row).textContent, $('summary', row).ariaLabel.slice(11)])]
    : [[...heads, 'Host', 'Failing since', 'Page'], ...shown().flatMap(row => places(row).map(one => [...cells(row), who(one), one.lastChild.textContent, $('a', one)?.href ?? '']))])
}
$('#copy').onclick = event => told(event.target, hosts(shown()))

// A row is one target. What is below it is shown by a class: 1,000 rows that look for an open part in them take a second.
table.addEventListener('toggle', event => {
  const row = event.target.closest('.r'), list = $('.places', row)
  row.classList.toggle('open', event.target.open)
  if (list && !list.nextElementSibling?.matches('button')) list.after(button('Copy hosts', () => hosts([row])))
}, true)
table.addEventListener('click', event => {
  const row = event.target.closest('.r > tr:first-child')
  if (!row || event.target.closest('a, summary, button') || String(getSelection())) return
  const details = $('details', row)
  details.open = !details.open
})
// A report's page leads back to the list as it was left.
const carry = event => {
  const link = event.target.closest?.('.ix a')
  if (link && (!link.search || link.search.startsWith('?ix='))) link.search = location.search && `?ix=${encodeURIComponent(location.search.slice(1))}`
}
addEventListener('pointerdown', carry, true)
addEventListener('focusin', carry, true)

function step(by) {
  const list = shown().filter(row => row.checkVisibility()), at = list.indexOf(document.activeElement.closest('.r'))
  const next = list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.max(0, Math.min(at + by, list.length - 1))]
  if (next) $('th a, summary', next).focus()
}

tellAges()
useKeys({ j: () => step(1), k: () => step(-1) })
start(() => {
  const query = new URLSearchParams(location.search), sort = query.get('sort') || ''
  choose(query)
  sortRows(/^-?\d+$/.test(sort) ? +sort : 0)
})
apply()
