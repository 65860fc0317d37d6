// PixLab's calls as programs for browsers and Node make them:
// client.mjs BASE KEY CALL [ARGUMENT...]
//
// Prints "STATUS VALUE". Links go into URLs as they are, without escapes, because
// that is what people write.
import { readFile } from 'node:fs/promises';

const [base, key, call, ...args] = process.argv.slice(2);

async function show(response, field = 'link') {
  const answer = await (await response).json();
  console.log(answer.status, answer.status === 200 ? answer[field] : answer.error);
}

switch (call) {
  case 'copy':
    await show(fetch(`${base}/copy?img=${args[0]}&key=${key}`));
    break;
  case 'store': {
    const form = new FormData();
    form.append('file', new Blob([await readFile(args[0])]), 'picture');
    form.append('comment', 'a picture');
    form.append('key', key);
    await show(fetch(`${base}/store`, { method: 'POST', body: form }));
    break;
  }
  case 'delete':
    await show(fetch(`${base}/delete?link=${args[0]}&key=${key}`), 'deleted');
    break;
  case 'crop': {
    const [img, x, y, width, height] = args;
    const query = new URLSearchParams({ img, x, y, width, height, key });
    await show(fetch(`${base}/crop?${query}`));
    break;
  }
  case 'oilpaint':
    await show(fetch(`${base}/oilpaint?img=${args[0]}&radius=3&key=${key}`));
    break;
  default:
    throw new Error('no such call');
}
