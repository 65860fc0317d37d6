// Makes the pictures that make fidelity transforms: all formats that sharp
// writes, all kinds of pixels, and the sizes that arithmetic gets wrong.
//
//	node pictures.mjs FOLDER PHOTOGRAPH

import sharp from 'sharp'
import { readFile, writeFile } from 'node:fs/promises'

// A generator of the same numbers on every run (mulberry32).
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

// Pixels of a function of the place, which returns a number a channel.
const paint = (width, height, channels, at, depth = 8) => {
  const data = depth === 16 ? new Uint16Array(width * height * channels) : new Uint8Array(width * height * channels)
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const value of at(x, y, width, height)) data[i++] = Math.max(0, Math.min(2 ** depth - 1, Math.round(value)))
    }
  }
  const picture = sharp(data, { raw: { width, height, channels } })
  if (depth === 8) return channels < 3 ? picture.toColourspace('b-w') : picture
  return picture.toColourspace(channels < 3 ? 'grey16' : 'rgb16')
}

const slope = (x, y, w, h) => [(255 * x) / w, (255 * y) / h, 255 - (255 * (x + y)) / (w + h)]
const waves = (x, y) => [128 + 100 * Math.sin(x / 9), 128 + 100 * Math.cos(y / 7), 128 + 90 * Math.sin((x + y) / 5)]
const disc = (x, y, w, h) => 255 * Math.max(0, Math.min(1, (0.45 * Math.min(w, h) - Math.hypot(x - w / 2, y - h / 2)) / 12))
const inks = ['#ffffff', '#000000', '#ff8800', '#2040c0', '#10a050', '#808080']

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 160" width="240" height="160">
  <rect width="240" height="160" fill="#f4f0e8"/>
  <circle cx="80" cy="80" r="55" fill="#c03028"/>
  <path d="M140 20 L220 40 L180 140 Z" fill="#2858a8" stroke="#102030" stroke-width="4"/>
  <path d="M10 150 Q 60 90 120 140 T 230 120" fill="none" stroke="#208040" stroke-width="3"/>
</svg>`

// A display profile of three primaries and one gamma, by the ICC's specification
// of version 2. Adobe RGB (1998) is one, and sharp brings none.
const profile = (primaries, gamma) => {
  const fixed = (n) => { const b = Buffer.alloc(4); b.writeInt32BE(Math.round(n * 65536)); return b }
  const xyz = (v) => Buffer.concat([Buffer.from('XYZ \0\0\0\0'), ...v.map(fixed)])
  const curve = Buffer.concat([Buffer.from('curv\0\0\0\0\0\0\0\x01'), Buffer.from([gamma, (gamma % 1) * 256]), Buffer.alloc(2)])
  const name = Buffer.alloc(108)
  name.write('desc\0\0\0\0\0\0\0\x05wide\0', 'latin1')
  const tags = {
    desc: name, cprt: Buffer.from('text\0\0\0\0none\0\0\0\0'), wtpt: xyz([0.9642, 1, 0.8249]),
    rXYZ: xyz(primaries[0]), gXYZ: xyz(primaries[1]), bXYZ: xyz(primaries[2]), rTRC: curve, gTRC: curve, bTRC: curve,
  }
  const count = Object.keys(tags).length
  const table = Buffer.alloc(4 + 12 * count)
  table.writeUInt32BE(count)
  let at = 128 + table.length
  Object.entries(tags).forEach(([tag, data], i) => {
    table.write(tag, 4 + 12 * i, 'latin1')
    table.writeUInt32BE(at, 8 + 12 * i)
    table.writeUInt32BE(data.length, 12 + 12 * i)
    at += data.length
  })
  const head = Buffer.alloc(128)
  head.writeUInt32BE(at)
  head.writeUInt32BE(0x02100000, 8)
  head.write('mntrRGB XYZ ', 12, 'latin1')
  head.write('acsp', 36, 'latin1')
  Buffer.concat([0.9642, 1, 0.8249].map(fixed)).copy(head, 68)
  return Buffer.concat([head, table, ...Object.values(tags)])
}

// Adobe RGB's primaries as its specification has them, adapted to D50.
const adobeRGB = profile([[0.60974, 0.31111, 0.01947], [0.20528, 0.62567, 0.06087], [0.14919, 0.06322, 0.74457]], 2.2)

// A BMP of 24 bits, its rows from the bottom to the top as most programs write
// them. sharp knows no BMP.
const bmp = async (picture) => {
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true })
  const stride = Math.ceil((info.width * 3) / 4) * 4
  const file = Buffer.alloc(54 + stride * info.height)
  file.write('BM')
  file.writeUInt32LE(file.length, 2)
  file.writeUInt32LE(54, 10)
  file.writeUInt32LE(40, 14)
  file.writeInt32LE(info.width, 18)
  file.writeInt32LE(info.height, 22)
  file.writeUInt16LE(1, 26)
  file.writeUInt16LE(24, 28)
  for (let y = 0; y < info.height; y++) {
    for (let x = 0; x < info.width; x++) {
      const from = (y * info.width + x) * 3
      const to = 54 + (info.height - 1 - y) * stride + x * 3
      for (let c = 0; c < 3; c++) file[to + c] = data[from + 2 - c]
    }
  }
  return file
}

// Three frames that differ, one below the other, as sharp has animations.
const frames = async (channels) => {
  const pages = [0, 1, 2].map((n) => paint(90, 60, channels, (x, y, w, h) => {
    const ink = [[230, 40, 40], [40, 200, 60], [50, 70, 220]][n]
    const inside = Math.hypot(x - 20 - 25 * n, y - 30) < 15
    const color = inside ? ink : slope(Math.floor(x / 15) * 15, Math.floor(y / 15) * 15, w, h)
    return channels === 4 ? [...color, inside || y > 30 ? 255 : 0] : color
  }).png().toBuffer())
  return sharp(await Promise.all(pages), { join: { animated: true } })
}

// make writes all pictures into a folder. photo is a photograph to begin with.
const make = async (folder, photo) => {
  const write = async (name, picture) => writeFile(`${folder}/${name}`, Buffer.isBuffer(picture) ? picture : await picture.toBuffer())
  const base = await sharp(photo).resize(480).png().toBuffer()
  const from = () => sharp(base)
  const { height } = await from().metadata()

  await write('camera.jpg', await readFile(photo))
  await write('photo.png', base)
  await write('square.png', from().resize(200, 200).png())
  await write('gradient.png', paint(301, 199, 3, slope).png())
  await write('waves.png', paint(240, 161, 3, waves).png())
  const dice = random(1)
  await write('noise.png', paint(199, 151, 3, () => [255 * dice(), 255 * dice(), 255 * dice()]).png())
  await write('noise_alpha.png', paint(120, 90, 4, () => [255 * dice(), 255 * dice(), 255 * dice(), 255 * dice()]).png())
  await write('lines.png', paint(201, 133, 3, (x, y) => Array(3).fill((x % 7 === 0 || y % 5 === 0 || x === y) ? 0 : 255)).png())
  await write('drawing.svg', Buffer.from(drawing))
  await write('art.png', sharp(Buffer.from(drawing)).png())
  await write('framed.png', from().resize(200).extend({ top: 11, left: 23, bottom: 7, right: 3, background: '#102030' }).png())

  const mask = await paint(480, height, 1, (x, y, w, h) => [disc(x, y, w, h)]).png().toBuffer()
  const cutout = await from().joinChannel(mask).png().toBuffer()
  await write('cutout.png', cutout)
  await write('fade.png', paint(101, 77, 4, (x, y, w, h) => [...slope(x, y, w, h), (255 * x) / (w - 1)]).png())
  await write('stamp.png', paint(61, 41, 4, (x, y, w, h) => [...waves(x, y), disc(x, y, w, h)]).png())
  await write('tile.png', paint(24, 17, 3, (x, y) => [10 * x, 15 * y, 128]).png())

  await write('deep.png', paint(240, 161, 3, (x, y) => waves(x, y).map((v) => v * 257 + 91), 16).png())
  await write('deep_alpha.png', paint(101, 77, 4, (x, y, w, h) => [...slope(x, y, w, h), disc(x, y, w, h)].map((v) => v * 257), 16).png())
  await write('deep_grey.png', paint(101, 77, 1, (x, y, w) => [(65535 * x) / w], 16).png())
  await write('grey.png', from().greyscale().toColourspace('b-w').png())
  await write('grey_alpha.png', paint(101, 77, 2, (x, y, w, h) => [(255 * y) / h, (255 * x) / w]).png())
  await write('palette.png', from().png({ palette: true, colours: 32, dither: 0 }))
  await write('palette_alpha.png', sharp(cutout).png({ palette: true, colours: 64 }))
  await write('two_colors.png', paint(65, 33, 3, (x, y) => Array(3).fill((x + y) % 9 ? 255 : 0)).png({ palette: true, colours: 2 }))

  await write('photo.jpg', from().jpeg({ quality: 90 }))
  await write('progressive.jpg', from().jpeg({ progressive: true }))
  await write('full_chroma.jpg', from().jpeg({ chromaSubsampling: '4:4:4' }))
  await write('grey.jpg', from().greyscale().toColourspace('b-w').jpeg())
  await write('cmyk.jpg', from().toColourspace('cmyk').withIccProfile('cmyk').jpeg())
  await write('p3.jpg', from().withIccProfile('p3').jpeg())
  await writeFile(`${folder}/adobe.icc`, adobeRGB)
  await write('adobe.jpg', from().withIccProfile(`${folder}/adobe.icc`).jpeg())
  await write('p3.png', from().withIccProfile('p3').png())
  for (let n = 1; n <= 8; n++) await write(`turned_${n}.jpg`, from().resize(201, 133).withMetadata({ orientation: n }).jpeg())
  await write('turned_6.png', from().resize(201, 133).withMetadata({ orientation: 6 }).png())
  await write('turned_6.webp', from().resize(201, 133).withMetadata({ orientation: 6 }).webp({ lossless: true }))
  await write('turned_6.tiff', from().resize(201, 133).withMetadata({ orientation: 6 }).tiff({ compression: 'lzw' }))

  await write('photo.webp', from().webp())
  await write('lossless.webp', from().webp({ lossless: true }))
  await write('cutout.webp', sharp(cutout).webp({ quality: 85 }))
  await write('photo.avif', from().avif({ effort: 2 }))
  await write('cutout.avif', sharp(cutout).avif({ effort: 2 }))
  await write('full_chroma.avif', from().avif({ effort: 2, chromaSubsampling: '4:4:4' }))
  await write('photo.tiff', from().tiff({ compression: 'jpeg', quality: 90 }))
  await write('lzw.tiff', from().tiff({ compression: 'lzw', predictor: 'horizontal' }))
  await write('cutout.tiff', sharp(cutout).tiff({ compression: 'deflate' }))
  await write('deep.tiff', paint(101, 77, 3, (x, y, w, h) => slope(x, y, w, h).map((v) => v * 257), 16).tiff({ compression: 'deflate' }))
  await write('grey.tiff', from().greyscale().toColourspace('b-w').tiff({ compression: 'none' }))
  await write('photo.gif', from().gif())
  await write('cutout.gif', sharp(cutout).gif())
  await write('moving.gif', (await frames(3)).gif({ delay: [100, 200, 300], loop: 2 }))
  await write('moving_clear.gif', (await frames(4)).gif({ delay: [50, 50, 50], loop: 0 }))
  await write('moving.webp', (await frames(3)).webp({ lossless: true, delay: [100, 200, 300], loop: 3 }))
  await write('moving_clear.webp', (await frames(4)).webp({ lossless: true, delay: [40, 80, 120] }))
  await write('photo.bmp', await bmp(from()))
  for (const [i, ink] of inks.entries()) await write(`dot_${i}.png`, paint(1, 1, 3, () => hex(ink)).png())
  await write('dot_clear.png', paint(1, 1, 4, () => [200, 100, 50, 128]).png())
  await write('dot_grey.png', paint(1, 1, 1, () => [77]).png())
  await write('dot.jpg', paint(1, 1, 3, () => [200, 100, 50]).jpeg())
  await write('dot.webp', paint(1, 1, 3, () => [200, 100, 50]).webp())
  await write('dot.gif', paint(1, 1, 3, () => [200, 100, 50]).gif())
  for (const [w, h] of [[2, 3], [1, 7], [37, 1], [3, 3], [17, 16]]) await write(`${w}x${h}.png`, paint(w, h, 3, slope).png())
  await write('5x4_alpha.png', paint(5, 4, 4, (x, y, w, h) => [...slope(x, y, w, h), 50 * x]).png())
}

const hex = (ink) => [1, 3, 5].map((i) => parseInt(ink.slice(i, i + 2), 16))

const [folder, photo] = process.argv.slice(2)
await make(folder, photo)
