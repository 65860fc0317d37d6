// Puts every case through a running edge and through sharp, and compares.
//
//	node run.mjs ADDRESS FOLDER [PATTERN]
//
// FOLDER is where pictures.mjs made the pictures, and what the edge serves as
// the cloud demo. With PATTERN only the cases whose name it matches are run.

import sharp from 'sharp'
import { cases, others } from './cases.mjs'

const [address, folder, pattern = ''] = process.argv.slice(2)

// Nothing is exact about originals that lose detail, which are decoded by two
// versions of a library, nor about those whose colors are converted.
const lossless = (picture) => /\.(png|svg|bmp)$/.test(picture) && !picture.startsWith('p3')

const name = (c) => `${c.picture} ${[...c.steps, ...(c.output ? [c.output] : [])].map((s) => s.text).join('~')}`

// The limit of a case is that of its most lenient step.
const limit = (c) => {
  const most = Math.max(...c.steps.map((s) => s.limit), c.output?.limit ?? 0)
  return most === 0 && !lossless(c.picture) ? 1.5 : most
}

const edge = async (c) => {
  const chain = [...c.steps, c.output ?? { text: 't.toFormat(f:png)' }].map((s) => s.text).join('~')
  const answer = await fetch(`${address}/v2/demo/${chain}/${c.picture}`)
  const body = Buffer.from(await answer.arrayBuffer())
  if (!answer.ok) throw new Error(`the edge answers ${answer.status} ${body.toString().slice(0, 200)}`)
  return body
}

// sharp has an order of its own within a pipeline, so each step gets one, and
// the picture goes from one to the next without loss. The first shares the one
// that opens the picture: there sharp decodes at a smaller scale.
const reference = async (c) => {
  const { animated = false } = c
  let picture = sharp(`${folder}/${c.twin ?? c.picture}`, { animated }).autoOrient()
  for (const [i, step] of c.steps.entries()) {
    if (i > 0) picture = sharp(await between(picture, animated).toBuffer(), { animated })
    picture = await step.apply(picture, folder)
  }
  const whole = await between(picture, animated).toBuffer()
  if (!c.output) return { written: whole }
  return { whole, written: await c.output.apply(sharp(whole, { animated })).toBuffer() }
}

// between writes a picture for the next step.
const between = (picture, animated) => animated ? picture.webp({ lossless: true, exact: true }) : picture.png()

const pixels = async (data, animated) => sharp(data, { animated }).autoOrient().toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })

// error returns the mean over pixels and channels of how far two RGBA pictures
// are from each other, in steps of 255. Colors are weighed by their opacity, as
// what nobody sees is no difference.
const error = (a, b) => {
  let sum = 0
  for (let i = 0; i < a.length; i += 4) {
    for (let c = 0; c < 3; c++) sum += Math.abs(a[i + c] * a[i + 3] - b[i + c] * b[i + 3]) / 255
    sum += Math.abs(a[i + 3] - b[i + 3])
  }
  return sum / a.length
}

const judge = async (c) => {
  const [ours, { whole, written }] = await Promise.all([edge(c), reference(c)])
  const [a, b] = [await pixels(ours, c.animated), await pixels(written, c.animated)]
  const size = `${a.info.width}x${a.info.height}`
  if (a.info.width !== b.info.width || a.info.height !== b.info.height) return { size, fault: `sharp makes ${b.info.width}x${b.info.height}` }
  const [of, ofSharp] = [await sharp(ours).metadata(), await sharp(written).metadata()]
  for (const field of ['format', ...(c.output?.same ?? [])]) {
    const [x, y] = [of, ofSharp].map((m) => JSON.stringify(m[field]))
    if (x !== y) return { size, fault: `${field} is ${x}, sharp's is ${y}` }
  }
  if (!c.output?.loses || c.animated) return { size, error: error(a.data, b.data) }
  const { data } = await pixels(whole)
  return { size, error: Math.max(0, error(a.data, data) - error(b.data, data)) }
}

let [passed, failed] = [0, 0]
for (const c of cases.filter((c) => name(c).includes(pattern))) {
  const most = limit(c)
  const { size = '-', error, fault } = await judge(c).catch((e) => ({ fault: e.message }))
  const ok = !fault && error <= most
  if (ok) passed++
  else failed++
  console.log(`${name(c)}\t${size}\t${error?.toFixed(3) ?? fault}\t<= ${most}\t${ok ? 'ok' : 'FAIL'}`)
}
for (const [what, why] of others) console.log(`${what}\tnot compared: ${why}`)
console.log(`${passed} passed, ${failed} failed, ${others.length} not compared`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
