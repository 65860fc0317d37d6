// Signs URLs with PixelBin's SDK: a list of {url, seconds, key, token} on the
// standard input, the list of signed URLs on the standard output.
const { security } = require("@pixelbin/admin");

const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map((a) => security.signURL(a.url, a.seconds, a.key, a.token))));
