// The cases that make fidelity judges: a picture, the operations on it, and how
// the result is written if it is about that.

import {
  blur, circle, compress, crop, density, extend, extract, flatten, flip, flop, gamma, grey, linear, median, merge,
  modulate, negate, normalise, resize, rotate, round, sharpen, tint, toFormat, trim,
} from './operations.mjs'

const list = []
const add = (picture, ...steps) => list.push({ picture, steps })
const write = (picture, output, ...steps) => list.push({ picture, steps, output })
const animate = (picture, output, ...steps) => list.push({ picture, steps, output, animated: true })

// Pictures without loss, where sharp and the edge begin with the same pixels.
const plain = ['photo.png', 'cutout.png', 'waves.png', 'grey.png', 'deep.png']

// Scaling: every fit, place, kernel and awkward size.
for (const f of ['cover', 'contain', 'fill', 'inside', 'outside']) {
  for (const [w, h] of [[200, 200], [123, 217], [301, 57], [700, 401]]) add('photo.png', resize({ w, h, f }))
  add('cutout.png', resize({ w: 151, h: 150, f, b: f === 'contain' ? 'ff880080' : undefined }))
  add('camera.jpg', resize({ w: 333, h: 217, f }))
  add('turned_6.jpg', resize({ w: 90, h: 71, f }))
  add('drawing.svg', resize({ w: 333, h: 217, f }))
}
for (const p of ['center', 'top', 'bottom', 'left', 'right', 'left_top', 'left_bottom', 'right_top', 'right_bottom']) {
  add('photo.png', resize({ w: 151, h: 152, p }))
  add('photo.png', resize({ w: 152, h: 151, f: 'contain', p, b: '2040c0' }))
}
for (const p of ['attention', 'entropy']) for (const f of ['photo.png', 'camera.jpg', 'cutout.png']) add(f, resize({ w: 120, h: 150, p }))
for (const k of ['nearest', 'cubic', 'mitchell', 'lanczos2', 'lanczos3']) {
  add('photo.png', resize({ w: 200, k }))
  add('cutout.png', resize({ w: 700, k }))
  add('lines.png', resize({ w: 133, h: 133, f: 'fill', k }))
}
add('photo.png', resize({ w: 201 }))
add('photo.png', resize({ h: 201 }))
add('photo.png', resize({ w: 300, f: 'fill' }))
add('photo.png', resize({ h: 100, f: 'fill' }))
add('photo.png', resize())
add('photo.png', resize({ w: 100, dpr: 1.5 }))
add('photo.png', resize({ w: 100, h: 77, dpr: 0.5 }))
add('photo.png', resize({ w: 900, h: 200, e: false }))
add('photo.png', resize({ w: 900, e: false }))
for (const w of [1, 2, 240, 479, 480, 481, 960]) add('photo.png', resize({ w }))
for (const w of [1700, 960, 959, 600, 480, 479, 240, 200, 120, 33]) add('camera.jpg', resize({ w }))
for (const w of [300, 240, 61]) for (const f of ['photo.webp', 'progressive.jpg']) add(f, resize({ w }))

// Geometry.
for (const f of [...plain, 'palette.png', 'grey_alpha.png', 'noise_alpha.png']) {
  add(f, flip())
  add(f, flop())
  add(f, extract(11, 13, 51, 67))
  for (const a of [90, 180, 270]) add(f, rotate(a))
}
add('photo.png', extract(0, 0, 1, 1))
add('photo.png', extract(0, 0, 270, 480))
add('photo.png', crop(40, 20, 160, 120))
add('photo.png', rotate(-90))
add('photo.png', rotate(450))
add('photo.png', rotate(0))
for (const a of [1, 30, 45, 89, 133, 181, -17, 300]) add('photo.png', rotate(a, 'ff8800'))
for (const f of ['cutout.png', 'grey.png', 'lines.png', 'deep.png', 'photo.jpg', '37x1.png']) add(f, rotate(30, '2040c0'))
add('photo.png', rotate(45, '00000000'))
add('cutout.png', rotate(20, 'ff880080'))
for (const bt of ['constant', 'replicate', 'reflect', 'wrap']) {
  add('photo.png', extend({ t: 20, l: 30, b: 5, r: 0, bt }))
  add('cutout.png', extend({ t: 7, l: 0, b: 50, r: 99, bt, bc: bt === 'constant' ? 'ff8800' : undefined }))
  add('grey.png', extend({ bt }))
  add('2x3.png', extend({ t: 9, l: 8, b: 7, r: 6, bt }))
}
add('photo.png', extend({ bc: 'ff880080' }))
add('grey.png', extend({ bc: 'ff8800' }))
add('deep.png', extend({ bc: 'ffffff' }))
add('photo.png', extend({ t: 500, l: 0, b: 0, r: 500 }))
for (const t of [undefined, 1, 40]) add('framed.png', trim(t))
for (const f of ['cutout.png', 'photo.png', 'fade.png', 'lines.png', 'stamp.png', 'noise.png', 'deep_alpha.png', 'two_colors.png', '3x3.png']) add(f, trim())
add('photo.png', trim(100))
add('cutout.png', trim(200))

// Filters and colors.
for (const f of plain) {
  for (const s of [undefined, 0.5, 4, 10]) add(f, sharpen(s))
  for (const s of [undefined, 2, 5, 10]) add(f, median(s))
  for (const s of [undefined, 1, 5.5, 20]) add(f, blur(s))
  add(f, flatten('ff8800'))
  add(f, negate())
  add(f, normalise())
  add(f, linear(2, -30))
  add(f, linear(0.5, 100))
  add(f, modulate())
  add(f, modulate({ b: 1.5, s: 0.5, h: -40 }))
  add(f, modulate({ b: 2, s: 3, h: 0 }))
  add(f, grey())
  add(f, tint('ff8800'))
  add(f, tint('2040c0', 'b'))
}
add('photo.png', tint())
add('photo.png', linear())
add('photo.png', linear(-1, 255))
add('photo.png', linear(1, -100))
add('photo.png', gamma(2.2))
add('cutout.png', gamma(1.4))
for (const f of ['noise.png', 'lines.png', 'fade.png', 'noise_alpha.png', 'palette_alpha.png', 'deep_alpha.png', 'photo.jpg']) {
  for (const s of [sharpen(), median(), median(4), blur(2), flatten('ffffff'), normalise(), linear(1.5, 10), modulate({ b: 1.2, s: 1.4, h: 200 }), grey(), tint('10a050'), resize({ w: 77 })]) add(f, s)
}

// Single pixels and single rows, where exact arithmetic can be seen.
for (const f of ['dot_0.png', 'dot_1.png', 'dot_2.png', 'dot_3.png', 'dot_4.png', 'dot_5.png', 'dot_clear.png', 'dot_grey.png']) {
  for (const s of [negate(), linear(1.3, -20), modulate({ h: 120 }), modulate({ b: 0.5, s: 2, h: 0 }), tint('ff8800'), grey()]) add(f, s)
}
for (const f of ['dot_2.png', 'dot_clear.png', 'dot.jpg', 'dot.webp', 'dot.gif']) {
  for (const s of [resize({ w: 50, h: 20 }), resize({ w: 20, f: 'inside' }), flip(), rotate(90), rotate(45), extend({ bc: 'ffffff' }), extend({ bt: 'reflect' }), blur(3), sharpen(), normalise()]) add(f, s)
}
for (const f of ['2x3.png', '1x7.png', '37x1.png', '5x4_alpha.png', '17x16.png']) {
  for (const s of [resize({ w: 1, h: 1 }), resize({ w: 64, h: 64 }), resize({ w: 9 }), resize({ h: 5, k: 'cubic' }), rotate(90), flop(), blur(2), sharpen(3), extend({ bt: 'wrap' }), grey()]) add(f, s)
}

// Every format in, as it is and after a chain.
const inputs = [
  'photo.jpg', 'progressive.jpg', 'full_chroma.jpg', 'grey.jpg', 'cmyk.jpg', 'p3.jpg', 'adobe.jpg', 'p3.png', 'palette.png', 'palette_alpha.png',
  'two_colors.png', 'deep.png', 'deep_alpha.png', 'deep_grey.png', 'grey_alpha.png', 'photo.webp', 'lossless.webp', 'cutout.webp', 'photo.avif',
  'cutout.avif', 'full_chroma.avif', 'photo.tiff', 'lzw.tiff', 'cutout.tiff', 'deep.tiff', 'grey.tiff', 'photo.gif', 'cutout.gif', 'moving.gif',
  'moving_clear.webp', 'drawing.svg', 'dot.jpg', 'dot.webp', 'dot.gif',
]
for (const f of inputs) {
  add(f, rotate(0))
  add(f, resize({ w: 50, h: 40 }), blur(1), tint('ff8800'))
}
list.push({ picture: 'photo.bmp', twin: 'photo.png', steps: [resize({ w: 200 })] }, { picture: 'photo.bmp', twin: 'photo.png', steps: [flop()] })
for (let n = 1; n <= 8; n++) {
  add(`turned_${n}.jpg`, rotate(0))
  add(`turned_${n}.jpg`, resize({ w: 60, h: 41, p: 'left_top' }))
  add(`turned_${n}.jpg`, extract(5, 7, 31, 29), rotate(90))
  add(`turned_${n}.jpg`, resize({ w: 50 }), flip(), extend({ l: 3, r: 0 }), rotate(30))
}
for (const f of ['turned_6.png', 'turned_6.webp', 'turned_6.tiff']) {
  add(f, rotate(0))
  add(f, resize({ w: 60, h: 41, p: 'left_top' }))
}

// A second picture.
const modes = [
  'over', 'in', 'out', 'atop', 'dest', 'dest-over', 'dest-in', 'dest-out', 'dest-atop', 'xor', 'add', 'saturate', 'multiply', 'screen', 'overlay',
  'darken', 'lighten', 'colour-dodge', 'color-dodge', 'colour-burn', 'color-burn', 'hard-light', 'soft-light', 'difference', 'exclusion',
]
for (const b of modes) {
  add('cutout.png', merge({ i: 'stamp.png', b, w: 200 }))
  add('square.png', merge({ i: 'waves.png', b, w: 151, h: 150 }))
  if (b !== 'dest-atop') add('fade.png', merge({ i: 'stamp.png', b, m: 'underlay' }))
}
for (const g of ['northwest', 'north', 'northeast', 'east', 'center', 'west', 'southwest', 'south', 'southeast']) {
  add('photo.png', merge({ i: 'stamp.png', g }))
  add('cutout.png', merge({ i: 'photo.png', m: 'underlay', g, w: 300 }))
  add('photo.png', merge({ i: 'tile.png', g, r: true }))
}
add('photo.png', merge({ i: 'stamp.png', g: 'custom', t: 30, l: 100 }))
add('photo.png', merge({ i: 'stamp.png', g: 'custom', t: -20, l: -30 }))
add('photo.png', merge({ i: 'stamp.png', g: 'custom', t: 250, l: 460 }))
add('photo.png', merge({ i: 'tile.png', g: 'custom', t: 5, l: 9, r: true }))
add('photo.png', merge({ i: 'stamp.png', w: 120, h: 40 }))
add('photo.png', merge({ i: 'stamp.png', h: 100, g: 'east' }))
add('photo.png', merge({ i: 'stamp.png', tr: [resize({ w: 150 }), rotate(30, '00000000'), grey()], g: 'southwest' }))
add('photo.png', merge({ i: 'turned_6.jpg', w: 90, g: 'northeast' }))
add('photo.jpg', merge({ i: 'cutout.webp', w: 200, b: 'multiply' }))
add('cutout.png', merge({ i: 'stamp.png', bg: 'ff8800' }))
add('cutout.png', merge({ i: 'square.png', m: 'underlay', w: 100, bg: '10a05080' }))
add('grey.png', merge({ i: 'stamp.png' }))
add('photo.png', merge({ i: 'grey.png', w: 100 }))
add('deep.png', merge({ i: 'stamp.png' }))
add('photo.png', merge({ i: 'deep_alpha.png', g: 'north' }))
add('photo.png', round(30))
add('cutout.png', round(90))
add('photo.png', circle())

// Chains.
for (const f of ['photo.png', 'cutout.png', 'camera.jpg', 'photo.webp', 'turned_8.jpg', 'deep.png', 'grey.png']) {
  add(f, resize({ w: 160, h: 120 }), sharpen(), modulate({ b: 1.1, s: 1.3, h: 20 }), extend({ bc: 'ffffff' }), flop())
  add(f, extract(10, 10, 100, 90), resize({ w: 200 }), blur(2), negate(), rotate(90), flip())
  add(f, resize({ w: 150 }), rotate(30), trim(), grey(), linear(1.2, -10))
  add(f, resize({ h: 99, f: 'contain', w: 150, b: 'ff8800' }), median(), tint('2040c0'), merge({ i: 'stamp.png', g: 'southeast' }), flatten('10a050'), resize({ w: 111 }))
  add(f, grey(), resize({ w: 90, h: 90, f: 'fill' }), normalise(), extend({ bt: 'reflect', t: 20 }), rotate(-90), resize({ h: 300, k: 'cubic' }))
  add(f, flop(), flip(), rotate(180))
  add(f, resize({ w: 120 }), resize({ w: 60 }), resize({ w: 180 }))
}

// Writing.
for (const q of [30, 60, 75, 90]) {
  write('photo.png', toFormat('jpeg', { q }))
  write('photo.png', toFormat('webp', { q }))
  write('photo.png', toFormat('avif', { q }))
}
for (const q of ['best', 'good', 'eco', 'low']) {
  for (const f of ['jpeg', 'webp', 'avif']) write('photo.png', toFormat(f, { q }), resize({ w: 200 }))
  write('camera.jpg', toFormat('jpeg', { q }), resize({ w: 320 }))
}
for (const f of ['jpeg', 'webp', 'avif', 'tiff']) {
  for (const p of ['photo.png', 'grey.png', 'dot_2.png']) write(p, toFormat(f))
  // sharp's TIFF of JPEG would lose the opacity and the other 8 bits.
  for (const p of ['cutout.png', 'deep.png']) write(p, toFormat(f, {}, f === 'tiff' ? { compression: 'deflate' } : {}))
}
write('photo.png', toFormat('png', { palette: true }, { palette: true }))
write('photo.png', toFormat('jpeg', { q: 80, progressive: true }, { progressive: true }))
for (const f of ['webp', 'avif']) write('photo.png', toFormat(f, { lossless: true }, { lossless: true }))
write('photo.png', toFormat('gif'))
write('cutout.png', toFormat('gif'))
write('art.png', toFormat('gif'))
for (const q of [undefined, 20, 95]) write('photo.jpg', compress(q, 'jpeg'))
write('photo.webp', compress(50, 'webp'))
write('photo.avif', compress(50, 'avif'))
// Half the chroma here, and all of it with sharp.
for (const q of [30, 60, 85]) for (const p of ['photo.jpg', 'photo.webp']) write(p, toFormat('avif', { q }), resize({ w: 300 }))
for (const d of [undefined, 72, 150]) for (const f of ['jpeg', 'png', 'tiff']) write('photo.png', density(d ?? 300, f))

// Animations.
const keep = { same: ['pages', 'delay', 'loop'] }
const gif = { ...toFormat('gif'), ...keep }
const webp = { ...toFormat('webp', { lossless: true }, { lossless: true }), ...keep }
for (const f of ['moving.gif', 'moving_clear.gif', 'moving.webp', 'moving_clear.webp']) {
  for (const output of [gif, webp]) animate(f, output, resize({ w: 45, h: 40 }))
  for (const w of [47, 64, 111]) animate(f, webp, resize({ w }))
  for (const s of [[extract(5, 10, 30, 50)], [flop()], [negate()], [grey()], [extend({ bc: 'ff8800' })], [blur(1)], [resize({ w: 80, h: 80, f: 'contain', b: '2040c0' })]]) animate(f, webp, ...s)
}

export const cases = list

// What is not compared, and why.
export const others = [
  ['an original in HEIC or JPEG XL', 'sharp from npm reads neither'],
  ['t.toFormat with f:bmp, f:heif, f:jxl', 'sharp from npm reads none of them'],
  ['t.compress of a PNG', 'sharp takes a quality of PNG for a wish for a palette; here it means nothing'],
  ['t.merge with a second picture larger than the first', 'sharp refuses it'],
  ['t.merge(b:dest-atop) with an upper picture that is half clear', 'sharp does not weigh it, and its colors overflow'],
  ['t.merge(m:wrap)', 'sharp has none'],
  ['t.resize(p:face), t.resize(p:fp_x_y), t.crop(p:…)', 'sharp has none'],
  ['t.trim of less than 3x3 pixels', 'sharp refuses it'],
  ['t.trim and t.linear of 16 bits at once', 'sharp takes t and b for steps of 65535; here they are of 255, and are compared after PNG of 8 bits'],
  ['t.tint of a grey picture at once', 'sharp leaves it grey; here it is tinted, and compared after PNG of three channels'],
  ['t.flip of an animation', 'sharp turns all frames as one picture, which plays it backwards'],
  ['t.rotate and t.trim of an animation', 'sharp refuses it'],
  ['t.text, t.watermark, t.pixelate, t.metadata, t.srgb', 'sharp has none, or it changes no pixel'],
]
