// copies and CSV

async function copy(value) {
  try { return await navigator.clipboard.writeText(value) } catch { /* not on file: in some browsers */ }
  const box = document.createElement('textarea')
  box.value = value
  document.body.append(box)
  box.select()
  const done = document.execCommand('copy')
  box.remove()
  if (!done) throw new Error('refused')
}

function told(button, copied, otherwise = () => {}) {
  const was = button.dataset.was ??= button.textContent
  copied.then(() => { button.textContent = was === 'Copy link' ? 'Link copied' : 'Copied' }, otherwise)
    .finally(() => { button.focus({ preventScroll: true }); setTimeout(() => { button.textContent = was }, 2500) })
}

document.addEventListener('click', event => {
  const link = event.target.closest('.ln')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  const href = link.getAttribute('href')
  told(link, copy(location.href.replace(/[?#].*/, '') + href), () => { location.hash = href })
})

const said = (control, selector) => $$(selector, control).map(plain).join('\n').trim()
const tag = (control, name) => $$('.tags > div', control).filter(div => $('dt', div).textContent.toLowerCase() === name)
  .flatMap(div => $$('b', div).map(mark => mark.textContent)).filter(id => !/^rev/i.test(id)).join(', ')
const fact = name => plain($$('header .facts div').find(div => $('dt', div).textContent === name)?.lastChild || document.createTextNode(''))

// What a line of a plan of action and milestones (POA&M) needs.
const columns = {
  Report: () => fact('Report'), Host: () => fact('Host'), Run: () => $('header .facts time')?.dateTime || '',
  Profile: c => decodeURIComponent($('.b', c).id.slice(2).split('/')[0].replace(/\+/g, ' ')),
  Id: c => $('h3 code', c).textContent, Title: c => $('h3 span', c).textContent,
  Status: c => $('.st', c).textContent, Severity: c => c.dataset.v, 'NIST SP 800-53': c => tag(c, 'nist'), CCI: c => tag(c, 'cci'),
  'Tests failed': c => (c.dataset.n || '0/1').split('/')[0], Tests: c => (c.dataset.n || '0/1').split('/')[1],
  'Failing since': c => c.dataset.s ? new Date(c.dataset.s * 1000).toISOString().replace('.000', '') : '',
  'Since the run before': c => c.dataset.w || '', Reason: c => said(c, '.why'), Fix: c => said(c, '.fix > .md'),
  Decision: c => said(c, '.wv h4'), 'Decision reason': c => said(c, '.wv .md'), 'Decision ends': c => $('.wv .exp', c)?.dateTime || ''
}

// No text may be a formula to a spreadsheet.
const cell = value => `"${(/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(value) ? `'${value}` : value).replace(/"/g, '""')}"`

$('#csv')?.addEventListener('click', () => {
  const rows = [Object.keys(columns), ...shown().map(control => Object.values(columns).map(read => read(control)))]
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob(['\ufeff', ...rows.map(row => `${row.map(cell).join(',')}\r\n`)], { type: 'text/csv' }))
  link.download = `${fact('Report').replace(/[^\w.-]+/g, '-')}${filtered && '-filtered'}.csv`
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
})

$('#copy')?.addEventListener('click', event => {
  const lines = shown().map(c => [columns.Status, columns.Severity, columns.Id, columns.Title, columns.Reason].map(read => read(c)).filter(Boolean).join(' | '))
  told(event.target, copy([`${document.title}, ${columns.Run()}`, filtered, ...lines].filter(Boolean).join('\n')))
})
