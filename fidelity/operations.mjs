// Each operation in both languages: text is how PixelBin spells it, and apply
// how sharp does it. apply gets a pipeline that nothing was asked of yet, and the
// folder of the pictures; it returns a pipeline that is ready to be written.

import sharp from 'sharp'

// The most, of 255, that results may differ on average. Where a color is a
// straight copy nothing may differ.
const usual = 1.5
const rough = 2.5 // median, sharpen, turns by any angle
const exact = 0

// spell writes an operation as PixelBin does. Keys without a value are left out.
const spell = (name, keys = {}) => {
  const given = Object.entries(keys).filter(([, v]) => v !== undefined)
  return `${name}(${given.map(([k, v]) => `${k}:${v}`).join(',')})`
}

const step = (text, apply, limit = usual, more = {}) => ({ text, apply, limit, ...more })
const base64 = (text) => Buffer.from(text).toString('base64url')
const css = (color) => color && `#${color}`

export const settle = async (picture) => sharp(await picture.png().toBuffer())

export const resize = ({ w, h, f, p, k, b, e, dpr } = {}) => step(
  spell('t.resize', { w, h, f, p, k, b, e, dpr }),
  (s) => s.resize({
    width: w && Math.round(w * (dpr ?? 1)), height: h && Math.round(h * (dpr ?? 1)),
    fit: f, position: sharp.strategy[p] ?? p?.replace('_', ' '),
    kernel: k, background: css(b) ?? '#000000', withoutEnlargement: e === false,
  }))
export const extract = (t, l, h, w) => step(spell('t.extract', { t, l, h, w }), (s) => s.extract({ top: t, left: l, height: h, width: w }), exact)
export const crop = (x, y, w, h) => step(spell('t.crop', { x, y, w, h }), (s) => s.extract({ left: x, top: y, width: w, height: h }), exact)
export const extend = ({ t = 10, l = 10, b = 10, r = 10, bc, bt } = {}) => step(
  spell('t.extend', { t, l, b, r, bc, bt }),
  (s) => s.extend({
    top: t, left: l, bottom: b, right: r, background: css(bc) ?? '#000000',
    extendWith: { replicate: 'copy', reflect: 'mirror', wrap: 'repeat' }[bt] ?? 'background',
  }), exact)
// sharp trims before it turns a picture upright, and compares numbers of 16 bits
// with t as it is, so this needs an upright picture of 8.
export const trim = (t) => step(spell('t.trim', { t }), async (s) => (await settle(s)).trim({ threshold: t ?? 10 }), exact)
export const rotate = (a, b) => step(spell('t.rotate', { a, b }), (s) => s.rotate(a, { background: css(b) ?? '#000000' }), a % 90 === 0 ? exact : rough)
export const flip = () => step('t.flip()', (s) => s.flip(), exact)
export const flop = () => step('t.flop()', (s) => s.flop(), exact)

export const sharpen = (s) => step(spell('t.sharpen', { s }), (p) => p.sharpen({ sigma: s ?? 1.5 }), rough)
export const median = (s) => step(spell('t.median', { s }), (p) => p.median(s ?? 3), rough)
export const blur = (s) => step(spell('t.blur', { s }), (p) => p.blur(s ?? 0.3))

export const flatten = (b) => step(spell('t.flatten', { b }), (s) => s.flatten({ background: css(b) ?? '#000000' }))
export const negate = () => step('t.negate()', (s) => s.negate({ alpha: false }))
export const normalise = () => step('t.normalise()', (s) => s.normalise())
// sharp adds b to numbers of 16 bits as it is, so this needs a picture of 8.
export const linear = (a, b) => step(spell('t.linear', { a, b }), async (s) => (await settle(s)).linear(a ?? 1, b ?? 0))
export const modulate = ({ b, s, h } = {}) => step(spell('t.modulate', { b, s, h }), (p) => p.modulate({ brightness: b ?? 1, saturation: s ?? 1, hue: h ?? 90 }))
export const grey = () => step('t.grey()', (s) => s.greyscale())
// sharp leaves a grey picture grey whatever the tint, so this needs one of three
// channels.
export const tint = (c, key = 'c') => step(spell('t.tint', { [key]: c }), async (s) => (await settle(s)).tint(css(c) ?? '#000000'))
export const gamma = (g) => step(spell('t.gamma', { g }), (s) => s.gamma(1, g))

// second readies the second picture of a merge: after its own operations, and
// scaled.
const second = async (folder, { i, tr = [], w, h }) => {
  let picture = sharp(`${folder}/${i}`).autoOrient()
  for (const t of tr) picture = await settle(await t.apply(picture, folder))
  if (w || h) picture = picture.resize(w, h, { fit: w && h ? 'fill' : 'inside' })
  return picture.png().toBuffer()
}

export const merge = ({ i, m, tr, w, h, t, l, g, b, r, bg }) => step(
  spell('t.merge', { m, i: base64(i), tr: tr && base64(tr.map((s) => s.text).join('~')), w, h, t, l, g, b, r, bg }),
  async (s, folder) => {
    const below = await s.ensureAlpha().png().toBuffer()
    const place = g === 'custom' ? { top: t ?? 0, left: l ?? 0 } : { gravity: g ?? 'center' }
    const upper = { input: await second(folder, { i, tr, w, h }), tile: r === true, ...place }
    if (m !== 'underlay') return lay(sharp(below).composite([{ ...upper, blend: b }]), bg)
    const { width, height } = await sharp(below).metadata()
    const field = sharp({ create: { width, height, channels: 4, background: '#00000000' } })
    return lay(field.composite([upper, { input: below, blend: b }]), bg)
  })

const lay = async (picture, background) => {
  if (!background) return picture
  const { data, info } = await picture.png().toBuffer({ resolveWithObject: true })
  return sharp({ create: { width: info.width, height: info.height, channels: 4, background: css(background) } }).composite([{ input: data }])
}

// The shapes that sharp's manual cuts with an SVG.
const stencil = (text, shape) => step(text, async (s) => {
  const { data, info } = await s.ensureAlpha().png().toBuffer({ resolveWithObject: true })
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${info.width}" height="${info.height}">${shape(info.width, info.height)}</svg>`
  return sharp(data).composite([{ input: Buffer.from(svg), blend: 'dest-in' }])
})
export const round = (r) => stencil(`t.round(r:${r})`, (w, h) => `<rect fill="#fff" width="${w}" height="${h}" rx="${r}"/>`)
export const circle = () => stencil('t.circle()', (w, h) => `<ellipse fill="#fff" cx="${w / 2}" cy="${h / 2}" rx="${w / 2}" ry="${h / 2}"/>`)

// The last operations, which say how a picture is written. apply gets the
// pipeline of what went before. Two JPEGs of one quality are alike to the pixel,
// nearly; other lossy encoders change from version to version, and are judged by
// how much farther than sharp's they are from the picture without loss.
export const toFormat = (f, { q, ...more } = {}, options = {}) => step(
  spell('t.toFormat', { f, q, ...more }), (s) => s[f]({ ...quality(f, q), ...options }), usual, { loses: loses(f, more) })
export const compress = (q, f) => step(spell('t.compress', { q }), (s) => s[f]({ quality: q ?? 80 }), usual, { loses: loses(f) })
export const density = (d, f) => step(`${spell('t.density', { d })}~t.toFormat(f:${f},q:90)`, (s) => s.withMetadata({ density: d })[f](quality(f, 90)), usual, { same: ['density'] })

const words = { best: 95, good: 80, eco: 60, low: 40 }
const quality = (f, q) => f === 'png' || f === 'gif' ? {} : { quality: words[q] ?? q ?? 75 }
const loses = (f, { palette, lossless } = {}) => palette || ['webp', 'avif', 'gif'].includes(f) && !lossless
